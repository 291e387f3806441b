import { setTimeout as sleep } from "node:timers/promises";
import { type Goal, LoadClient } from "../load/client.ts";
import { inParallel, makeAccounts, openSessions } from "../load/sessions.ts";
import { collectGarbage } from "../collect-garbage.ts";
import { anonymousBytes, cpuMicroseconds, residentBytes } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

const idleFigures: Scenario["figures"] = [
  { key: "kilobytesPerSession", title: "RSS KB/session", compared: true },
  { key: "megabytes", title: "RSS in all, MB" },
];
const warmCount = 500;
const settleMsMax = 15_000;
const settleStepMs = 500;
const settledSteps = 6;

/** A server that nobody uses has by then put away what its start left behind. */
const restMs = 65_000;

export const idle: Scenario = {
  ...scenario("idle", false, 2_000),
  summary:
    "what a start and a minute of rest cost; memory of 2000 sessions more, logged in and available, of 2000 accounts",
  msMax: 300_000,
  figures: [
    { key: "startCpuMilliseconds", title: "start, CPU ms" },
    { key: "restCpuMilliseconds", title: "a minute of rest, CPU ms" },
    { key: "restMegabytes", title: "RSS at rest, MB", compared: true },
    { key: "restAnonymousMegabytes", title: "of it in no file, MB" },
    ...idleFigures,
  ],
  run: async (goal, pid) => ({ ...(await rest(pid)), ...(await weigh(goal, pid, 2_000)) }),
};
export const idleTls: Scenario = scenario("idle-tls", true, 1_000);

/** When a server should have put away what nobody uses: Balcony does so within a minute. */
const untilAsleepMs = 70_000;

/** Sessions whose connection is gone and that may still be resumed. Nobody wrote to them, so that they owe nothing. */
export const hibernated: Scenario = {
  name: "hibernated",
  summary: `memory of 2000 sessions more whose connections were cut 70 s ago, of 2000 accounts, while they can be resumed`,
  tls: false,
  resumption: true,
  inspected: true,
  msMax: 400_000,
  figures: [
    { key: "kilobytesPerSession", title: "RSS KB/session", compared: true },
    { key: "heapKilobytesPerSession", title: "heap KB/session" },
    { key: "megabytes", title: "RSS in all, MB" },
  ],
  run: async (goal, pid) => await weigh(goal, pid, 2_000, hibernate),
};

function scenario(name: string, tls: boolean, count: number): Scenario {
  return {
    name,
    summary: `memory of ${count} sessions more, logged in and available, of ${count} accounts, over ${tls ? "TLS" : "plain TCP"}`,
    tls,
    figures: idleFigures,
    run: async (goal, pid) => await weigh(goal, pid, count),
  };
}

/** To be called when the server has just been started, before anybody comes. */
async function rest(pid: number): Promise<Record<string, number>> {
  const started = cpuMicroseconds(pid);
  await sleep(restMs);
  return {
    startCpuMilliseconds: started / 1_000,
    restCpuMilliseconds: (cpuMicroseconds(pid) - started) / 1_000,
    restMegabytes: residentBytes(pid) / 1024 ** 2,
    restAnonymousMegabytes: anonymousBytes(pid) / 1024 ** 2,
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
  begin: (goal: Goal, from: number, howMany: number) => Promise<void> = stayIdle,
): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, warmCount + count);
  const open = async (from: number, howMany: number): Promise<Weight> => {
    await begin(goal, from, howMany);
    const heap = goal.inspectorPort === undefined ? undefined : await collectGarbage(goal.inspectorPort);
    return { resident: await settledBytes(pid), heap };
  };
  const before = await open(0, warmCount);
  const after = await open(warmCount, count);
  const each = (bytes: number): number => bytes / count / 1024;
  return {
    kilobytesPerSession: each(after.resident - before.resident),
    megabytes: after.resident / 1024 ** 2,
    ...(after.heap === undefined || before.heap === undefined
      ? {}
      : { heapKilobytesPerSession: each(after.heap - before.heap) }),
  };
}

/** What a server holds, in bytes. */
interface Weight {
  readonly resident: number;
  /** Of what is no garbage, where it says so. */
  readonly heap: number | undefined;
}

async function stayIdle(goal: Goal, from: number, count: number): Promise<void> {
  for (const client of await openSessions(goal, from, count)) {
    client.write("<presence/>");
    client.listen(() => {});
  }
}

/** A few at a time, as connections are cut in life: what they took while they were there is used again. */
async function hibernate(goal: Goal, from: number, count: number): Promise<void> {
  await inParallel(count, async (index) => {
    const client = await LoadClient.online(goal, `user${from + index}`);
    await client.enableResumption();
    client.write("<presence/>");
    await client.answered();
    client.destroy();
  });
  await sleep(untilAsleepMs);
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
