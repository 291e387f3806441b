import { setTimeout as sleep } from "node:timers/promises";
import type { Goal, LoadClient } from "../load/client.ts";
import { makeAccounts, openSessions } from "../load/sessions.ts";
import { residentBytes } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

const warmCount = 500;
const settleMsMax = 15_000;
const settleStepMs = 500;
const settledSteps = 6;

export const idle: Scenario = scenario("idle", false, 2_000);
export const idleTls: Scenario = scenario("idle-tls", true, 1_000);

/** When a server should have put away what nobody uses: Balcony does so within a minute. */
const untilAsleepMs = 70_000;

/** Sessions whose connection is gone and that may still be resumed. Nobody wrote to them, so that they owe nothing. */
export const hibernated: Scenario = {
  name: "hibernated",
  summary: `memory of 2000 sessions more whose connections were cut 70 s ago, of 2000 accounts, while they can be resumed`,
  tls: false,
  resumption: true,
  msMax: 400_000,
  figures: [
    { key: "kilobytesPerSession", title: "RSS KB/session", compared: true },
    { key: "megabytes", title: "RSS in all, MB" },
  ],
  run: async (goal, pid) => await weigh(goal, pid, 2_000, { settle: hibernate, pauseMs: untilAsleepMs }),
};

function scenario(name: string, tls: boolean, count: number): Scenario {
  return {
    name,
    summary: `memory of ${count} sessions more, logged in and available, of ${count} accounts, over ${tls ? "TLS" : "plain TCP"}`,
    tls,
    figures: [
      { key: "kilobytesPerSession", title: "RSS KB/session", compared: true },
      { key: "megabytes", title: "RSS in all, MB" },
    ],
    run: async (goal, pid) => await weigh(goal, pid, count),
  };
}

/**
 * The first sessions are not counted: they fill heaps and caches that a server keeps anyway. What is counted is the
 * difference that further ones make, each time when the garbage of logging in has been collected.
 */
async function weigh(
  goal: Goal,
  pid: number,
  count: number,
  { settle, pauseMs }: Settling = { settle: stayIdle, pauseMs: 0 },
): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, warmCount + count);
  const open = async (from: number, howMany: number): Promise<number> => {
    for (const client of await openSessions(goal, from, howMany)) await settle(client);
    await sleep(pauseMs);
    return await settledBytes(pid);
  };
  const before = await open(0, warmCount);
  const after = await open(warmCount, count);
  return { kilobytesPerSession: (after - before) / count / 1024, megabytes: after / 1024 ** 2 };
}

interface Settling {
  readonly settle: (client: LoadClient) => Promise<void>;
  /** Until the server is looked at, in milliseconds. */
  readonly pauseMs: number;
}

async function stayIdle(client: LoadClient): Promise<void> {
  client.write("<presence/>");
  client.listen(() => {});
}

async function hibernate(client: LoadClient): Promise<void> {
  await client.enableResumption();
  client.write("<presence/>");
  await client.answered();
  client.destroy();
}

/** Waits until the server's memory has stopped shrinking, and returns the least that was seen. */
async function settledBytes(pid: number): Promise<number> {
  let least = Infinity;
  let unchanged = 0;
  for (let waited = 0; waited < settleMsMax && unchanged < settledSteps; waited += settleStepMs) {
    await sleep(settleStepMs);
    const now = residentBytes(pid);
    unchanged = now < least ? 0 : unchanged + 1;
    least = Math.min(least, now);
  }
  return least;
}
