import { performance } from "node:perf_hooks";
import { type Goal, LoadClient } from "../load/client.ts";
import { inParallel, makeAccounts } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Mechanism } from "../target.ts";
import type { Scenario } from "./scenario.ts";

/** Four times as many as resume at a time, so that none waits for its own turn. */
const clientCount = 200;
const warmUpCount = 400;
const measureMs = 5_000;
const batchCount = 200;

const bySteps: Way = {
  begin: async (goal, user) => {
    const client = await LoadClient.online(goal, user);
    await client.enableResumption();
    return client;
  },
  resume: async (client, user) => await client.resume(user),
};
const inOneStep: Way = {
  begin: async (goal, user) => {
    // The first one gets the token.
    const first = await LoadClient.inOneStep(goal, user);
    await first.end();
    return await LoadClient.inOneStep(goal, user, first, true);
  },
  resume: async (client, user) => await client.resumeInOneStep(user),
};

export const resumes: Scenario = scenario("resumes", "SCRAM-SHA-1", false, bySteps);
export const resumesTls: Scenario = scenario("resumes-tls", "SCRAM-SHA-1", true, bySteps);
export const resumesFastTls: Scenario = scenario("resumes-fast-tls", "FAST", true, inOneStep);

interface Way {
  readonly begin: (goal: Goal, user: string) => Promise<LoadClient>;
  readonly resume: (client: LoadClient, user: string) => Promise<LoadClient>;
}

function scenario(name: string, mechanism: Mechanism, tls: boolean, way: Way): Scenario {
  return {
    name,
    summary: `connections cut and sessions resumed by ${mechanism}, over ${tls ? "TLS with tickets" : "plain TCP"}, 50 at a time, from connect to resumed`,
    tls,
    mechanism,
    figures: [
      { key: "cpuMicroseconds", title: "CPU µs/resumption", compared: true },
      { key: "perSecond", title: "resumptions/s" },
      { key: "roundTrips", title: "round trips" },
      ...(tls ? [{ key: "ticketPercent", title: "by ticket, %" }] : []),
    ],
    run: async (goal, pid) => await cutAndResume(goal, pid, way),
  };
}

async function cutAndResume(goal: Goal, pid: number, way: Way): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, clientCount);
  const waiting: { readonly user: string; readonly client: LoadClient }[] = [];
  await inParallel(clientCount, async (index) => {
    const user = `user${index}`;
    waiting.push({ user, client: await way.begin(goal, user) });
  });
  let [roundTrips, byTicket] = [0, 0];
  const batch = async (count: number) =>
    await inParallel(count, async () => {
      const next = waiting.shift();
      if (next === undefined) throw new Error("more sessions are resumed at once than there are");
      const client = await way.resume(next.client, next.user);
      roundTrips += client.roundTrips;
      if (client.ticketTaken) byTicket += 1;
      waiting.push({ user: next.user, client });
    });
  await batch(warmUpCount);
  [roundTrips, byTicket] = [0, 0];
  const [cpuBefore, started] = [cpuMicroseconds(pid), performance.now()];
  let count = 0;
  for (; performance.now() - started < measureMs; count += batchCount) await batch(batchCount);
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMicroseconds(pid) - cpuBefore;
  return {
    cpuMicroseconds: cpu / count,
    perSecond: count / seconds,
    roundTrips: roundTrips / count,
    ticketPercent: (100 * byTicket) / count,
  };
}
