import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Goal, LoadClient } from "../load/client.ts";
import { makeAccounts, openSessions } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

const clientCount = 200;
const inFlightPerClient = 4;
const bodyLength = 80;
const warmUpMs = 3_000;
const measureMs = 5_000;
const pacedPerSecond = 5_000;
const paceTickMs = 1;
const closing = "</message>";

const cpuFigure = { key: "cpuMicroseconds", title: "CPU µs/message", compared: true };
const rateFigure = { key: "perSecond", title: "messages/s" };

export const chat: Scenario = {
  name: "chat",
  summary: `${clientCount} clients in pairs, ${inFlightPerClient} messages in flight each, ${bodyLength} bytes`,
  tls: false,
  figures: [cpuFigure, rateFigure],
  run: async (goal, pid) => await saturate(goal, pid),
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
  run: async (goal, pid) => await pace(goal, pid),
};

/** Every message that arrives is answered by another: the number in flight stays the same. */
async function saturate(goal: Goal, pid: number): Promise<Record<string, number>> {
  const clients = await online(goal);
  let delivered = 0;
  let running = true;
  for (const [client, partner] of pairs(clients)) {
    const message = template(partner.jid, "x".repeat(bodyLength));
    let rest = "";
    client.listen((text) => {
      const input = rest + text;
      let count = 0;
      let from = 0;
      for (let at = input.indexOf(closing); at >= 0; at = input.indexOf(closing, from)) {
        from = at + closing.length;
        count++;
      }
      rest = input.slice(Math.max(from, input.length - closing.length + 1));
      delivered += count;
      if (running && count > 0) client.write(message.repeat(count));
    });
    client.write(message.repeat(inFlightPerClient));
  }
  const { cpu, seconds, count } = await measured(pid, () => delivered);
  running = false;
  return { cpuMicroseconds: cpu / count, perSecond: count / seconds };
}

/** Sends at a fixed rate whatever comes back, so that a slow server shows as latency and not as fewer messages. */
async function pace(goal: Goal, pid: number): Promise<Record<string, number>> {
  const clients = await online(goal);
  const everybody = pairs(clients);
  let latencies: number[] = [];
  for (const client of clients) {
    let rest = "";
    client.listen((text) => {
      const input = rest + text;
      const now = performance.now();
      let from = 0;
      for (let at = input.indexOf(closing); at >= 0; at = input.indexOf(closing, from)) {
        const body = input.indexOf("<body>", from) + 6;
        latencies.push(now - Number(input.slice(body, input.indexOf(" ", body))));
        from = at + closing.length;
      }
      rest = input.slice(from);
    });
  }
  const started = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - started) * pacedPerSecond) / 1000;
    for (; sent < due; sent++) {
      const [client, partner] = everybody[sent % everybody.length] ?? fail();
      const dueAt = (started + (sent * 1000) / pacedPerSecond).toFixed(3);
      client.write(template(partner.jid, `${dueAt} `.padEnd(bodyLength, "x")));
    }
  }, paceTickMs);
  const { cpu, seconds, count } = await measured(
    pid,
    () => latencies.length,
    () => (latencies = []),
  );
  clearInterval(timer);
  const sorted = latencies.slice(0, count).toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    cpuMicroseconds: cpu / count,
    perSecond: count / seconds,
    p50Milliseconds: quantile(0.5),
    p99Milliseconds: quantile(0.99),
  };
}

async function online(goal: Goal): Promise<readonly LoadClient[]> {
  await makeAccounts(goal, 0, clientCount);
  const clients = await openSessions(goal, 0, clientCount);
  for (const client of clients) client.write("<presence/>");
  return clients;
}

async function measured(
  pid: number,
  counted: () => number,
  begin: () => void = () => {},
): Promise<{ readonly cpu: number; readonly seconds: number; readonly count: number }> {
  await sleep(warmUpMs);
  begin();
  const [cpuBefore, before, started] = [cpuMicroseconds(pid), counted(), performance.now()];
  await sleep(measureMs);
  const count = counted() - before;
  return { cpu: cpuMicroseconds(pid) - cpuBefore, seconds: (performance.now() - started) / 1000, count };
}

function pairs(clients: readonly LoadClient[]): readonly (readonly [LoadClient, LoadClient])[] {
  return clients.map((client, index) => [client, clients[index ^ 1] ?? fail()]);
}

function template(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='m'><body>${body}</body></message>`;
}

function fail(): never {
  throw new Error("clients come in pairs");
}
