import { performance } from "node:perf_hooks";
import { type Goal, LoadClient } from "../load/client.ts";
import { inParallel, makeAccounts } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Mechanism } from "../target.ts";
import type { Scenario } from "./scenario.ts";

/** One for each that logs in at a time, so that none is logged in twice at once. */
const accountCount = 50;
const warmUpCount = 200;
const measureMs = 5_000;
const batchCount = 100;

export const loginsPlain: Scenario = scenario("logins", "PLAIN", false);
export const loginsTls: Scenario = scenario("logins-tls", "PLAIN", true);
export const loginsScram: Scenario = scenario("logins-scram", "SCRAM-SHA-1", false);

/** As a device does that was here before: it shows the ticket that it got then. */
export const returnsScramTls: Scenario = returning(
  "returns-scram-tls",
  "SCRAM-SHA-1",
  "SASL and bind",
  async (goal, user, before) => await LoadClient.online(goal, user, before),
);
export const returnsFastTls: Scenario = returning(
  "returns-fast-tls",
  "FAST",
  "SASL2 with a token and Bind 2 (XEP-0388, 0484, 0386)",
  async (goal, user, before) => await LoadClient.inOneStep(goal, user, before),
);

function returning(name: string, mechanism: Mechanism, how: string, logInAgain: LogIn): Scenario {
  return {
    name,
    summary: `${mechanism} over TLS by ticket, 50 at a time, connect to bound to close: ${how}`,
    tls: true,
    mechanism,
    figures: [
      { key: "cpuMicroseconds", title: "CPU µs/log-in", compared: true },
      { key: "perSecond", title: "log-ins/s" },
      { key: "roundTrips", title: "round trips behind TLS" },
      { key: "ticketPercent", title: "by ticket, %" },
    ],
    run: async (goal, pid) => await logIn(goal, pid, logInAgain),
  };
}

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
    run: async (goal, pid) => await logIn(goal, pid, async (to, user) => await LoadClient.online(to, user)),
  };
}

type LogIn = (goal: Goal, user: string, before: LoadClient | undefined) => Promise<LoadClient>;

async function logIn(goal: Goal, pid: number, logInAs: LogIn): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, accountCount);
  const users: { readonly name: string; readonly before: LoadClient | undefined }[] = [];
  for (let index = 0; index < accountCount; index++) users.push({ name: `user${index}`, before: undefined });
  let [roundTrips, byTicket] = [0, 0];
  const batch = async (count: number) =>
    await inParallel(count, async () => {
      const { name, before } = users.shift() ?? { name: "nobody", before: undefined };
      const client = await logInAs(goal, name, before);
      roundTrips += client.roundTrips;
      if (client.ticketTaken) byTicket += 1;
      await client.end();
      users.push({ name, before: client });
    });
  await batch(warmUpCount);
  [roundTrips, byTicket] = [0, 0];
  const [cpuBefore, started] = [cpuMicroseconds(pid), performance.now()];
  let count = 0;
  for (; performance.now() - started < measureMs; count += batchCount) await batch(batchCount);
  const seconds = (performance.now() - started) / 1000;
  return {
    cpuMicroseconds: (cpuMicroseconds(pid) - cpuBefore) / count,
    perSecond: count / seconds,
    roundTrips: roundTrips / count,
    ticketPercent: (100 * byTicket) / count,
  };
}
