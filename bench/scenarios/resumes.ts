import { performance } from "node:perf_hooks";
import type { Goal, LoadClient } from "../load/client.ts";
import { inParallel, makeAccounts, openSessions } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

/** Four times as many as resume at a time, so that none waits for its own turn. */
const clientCount = 200;
const warmUpCount = 400;
const measureMs = 5_000;
const batchCount = 200;

export const resumes: Scenario = scenario("resumes", false);
export const resumesTls: Scenario = scenario("resumes-tls", true);

function scenario(name: string, tls: boolean): Scenario {
  return {
    name,
    summary: `connections cut and sessions resumed, over ${tls ? "TLS with tickets" : "plain TCP"}, 50 at a time, from connect to resumed`,
    tls,
    mechanism: "SCRAM-SHA-1",
    figures: [
      { key: "cpuMicroseconds", title: "CPU µs/resumption", compared: true },
      { key: "perSecond", title: "resumptions/s" },
      ...(tls ? [{ key: "ticketPercent", title: "by ticket, %" }] : []),
    ],
    run: async (goal, pid) => await cutAndResume(goal, pid),
  };
}

async function cutAndResume(goal: Goal, pid: number): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, clientCount);
  const waiting: { readonly user: string; readonly client: LoadClient }[] = [];
  for (const [index, client] of (await openSessions(goal, 0, clientCount)).entries()) {
    await client.enableResumption();
    waiting.push({ user: `user${index}`, client });
  }
  let byTicket = 0;
  const batch = async (count: number) =>
    await inParallel(count, async () => {
      const next = waiting.shift();
      if (next === undefined) throw new Error("more sessions are resumed at once than there are");
      const client = await next.client.resume(next.user);
      if (client.ticketTaken) byTicket += 1;
      waiting.push({ user: next.user, client });
    });
  await batch(warmUpCount);
  byTicket = 0;
  const [cpuBefore, started] = [cpuMicroseconds(pid), performance.now()];
  let count = 0;
  for (; performance.now() - started < measureMs; count += batchCount) await batch(batchCount);
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMicroseconds(pid) - cpuBefore;
  return { cpuMicroseconds: cpu / count, perSecond: count / seconds, ticketPercent: (100 * byTicket) / count };
}
