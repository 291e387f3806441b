import { performance } from "node:perf_hooks";
import { type Goal, LoadClient } from "../load/client.ts";
import { inParallel, makeAccounts } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Mechanism } from "../target.ts";
import type { Scenario } from "./scenario.ts";

const accountCount = 50;
const warmUpCount = 200;
const measureMs = 5_000;
const batchCount = 100;

export const loginsPlain: Scenario = scenario("logins", "PLAIN", false);
export const loginsTls: Scenario = scenario("logins-tls", "PLAIN", true);
export const loginsScram: Scenario = scenario("logins-scram", "SCRAM-SHA-1", false);

function scenario(name: string, mechanism: Mechanism, tls: boolean): Scenario {
  return {
    name,
    summary: `${mechanism} over ${tls ? "TLS, full handshakes" : "plain TCP"}, 50 at a time, connect to bind to close, stored keys`,
    tls,
    mechanism,
    figures: [
      { key: "cpuMicroseconds", title: "CPU µs/log-in", compared: true },
      { key: "perSecond", title: "log-ins/s" },
    ],
    run: async (goal, pid) => await logIn(goal, pid),
  };
}

async function logIn(goal: Goal, pid: number): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, accountCount);
  let user = 0;
  const batch = async (count: number) =>
    await inParallel(count, async () => {
      const client = await LoadClient.online(goal, `user${user++ % accountCount}`);
      await client.end();
    });
  await batch(warmUpCount);
  const [cpuBefore, started] = [cpuMicroseconds(pid), performance.now()];
  let count = 0;
  for (; performance.now() - started < measureMs; count += batchCount) await batch(batchCount);
  const seconds = (performance.now() - started) / 1000;
  return { cpuMicroseconds: (cpuMicroseconds(pid) - cpuBefore) / count, perSecond: count / seconds };
}
