import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Goal, LoadClient } from "../load/client.ts";
import { makeAccounts, openSessions } from "../load/sessions.ts";
import { countArchived, keepInFlight, keepPace, type Traffic } from "../load/traffic.ts";
import { takeLoopDelay, watchLoopDelay } from "../loop-delay.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

const clientCount = 200;
const inFlightPerClient = 4;
const bodyLength = 80;
const pacedPerSecond = 5_000;
const warmUpMs = 3_000;
const measureMs = 5_000;
const settleMs = 2_000;

const cpuFigure = { key: "cpuMicroseconds", title: "CPU µs/message", compared: true };
const rateFigure = { key: "perSecond", title: "messages/s" };

export const chat: Scenario = {
  name: "chat",
  summary: `${clientCount} clients in pairs, ${inFlightPerClient} messages in flight each, ${bodyLength} bytes`,
  tls: false,
  figures: [cpuFigure, rateFigure],
  run: async (goal, pid) => {
    const traffic = keepInFlight(await online(goal), inFlightPerClient, bodyLength);
    await sleep(warmUpMs);
    return await measured(traffic, pid, goal);
  },
};

/** Both sides' archives are on, so that what is measured goes to the disc twice. Accounts are registered on all servers. */
export const chatArchive: Scenario = {
  ...chat,
  name: "chat-archive",
  summary: `${chat.summary}, archives on, durable`,
  mechanism: "PLAIN",
  archive: true,
  figures: [cpuFigure, rateFigure, { key: "loopDelayMilliseconds", title: "loop delay p99, ms" }],
  run: async (goal, pid) => {
    const clients = await online(goal);
    const traffic = keepInFlight(clients, inFlightPerClient, bodyLength);
    await sleep(warmUpMs);
    const figures = await measured(traffic, pid, goal);
    traffic.stop();
    await sleep(settleMs);
    await checkArchives(clients, traffic.delivered());
    return figures;
  },
};

export const chatArchiveTls: Scenario = {
  ...chatArchive,
  name: "chat-archive-tls",
  summary: `${chatArchive.summary}, TLS`,
  tls: true,
};

export const chatTls: Scenario = { ...chat, name: "chat-tls", summary: `${chat.summary}, TLS`, tls: true };

export const chatPaced: Scenario = {
  name: "chat-5k",
  summary: `the same clients at ${pacedPerSecond.toLocaleString("en")} messages/s in all; latency from the moment a message was due`,
  tls: false,
  figures: [
    cpuFigure,
    rateFigure,
    { key: "p50Milliseconds", title: "latency p50, ms" },
    { key: "p99Milliseconds", title: "latency p99, ms" },
  ],
  run: async (goal, pid) => {
    const clients = await online(goal);
    // Warm as after hours of work, not as after seconds of it: at this rate alone a compiler would not be done for minutes.
    const warming = keepInFlight(clients, inFlightPerClient, bodyLength);
    await sleep(warmUpMs);
    warming.stop();
    await sleep(settleMs);
    const traffic = keepPace(clients, pacedPerSecond, bodyLength);
    await sleep(warmUpMs);
    traffic.forget();
    const figures = await measured(traffic, pid, goal);
    const sorted = traffic.latencies().toSorted((a, b) => a - b);
    traffic.stop();
    const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return { ...figures, p50Milliseconds: quantile(0.5), p99Milliseconds: quantile(0.99) };
  },
};

/** Each message is kept by both sides, and all clients send about as many. */
async function checkArchives(clients: readonly LoadClient[], delivered: number): Promise<void> {
  const [client] = clients;
  const expected = (2 * delivered) / clients.length;
  const archived = client === undefined ? 0 : await countArchived(client);
  if (archived < expected / 2)
    throw new Error(`about ${Math.round(expected)} messages should be archived, not ${archived}`);
}

async function online(goal: Goal): Promise<readonly LoadClient[]> {
  await makeAccounts(goal, 0, clientCount);
  const clients = await openSessions(goal, 0, clientCount);
  for (const client of clients) client.write("<presence/>");
  return clients;
}

async function measured(traffic: Traffic, pid: number, goal: Goal): Promise<Record<string, number>> {
  await watchLoopDelay(goal.metricsPort);
  const [cpuBefore, before, started] = [cpuMicroseconds(pid), traffic.delivered(), performance.now()];
  await sleep(measureMs);
  const count = traffic.delivered() - before;
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuMicroseconds(pid) - cpuBefore;
  const delay = await takeLoopDelay(goal.metricsPort);
  const loopDelay = delay === undefined ? undefined : { loopDelayMilliseconds: delay };
  return { cpuMicroseconds: cpu / count, perSecond: count / seconds, ...loopDelay };
}
