import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Goal, LoadClient } from "../load/client.ts";
import { makeAccounts, openSessions } from "../load/sessions.ts";
import { cpuMicroseconds } from "../process-figures.ts";
import type { Scenario } from "./scenario.ts";

const contactCount = 100;
const inFlight = 4;
const warmUpMs = 3_000;
const measureMs = 5_000;
const quietMs = 1_000;
const quietMsMax = 30_000;
const closing = "</presence>";
const update = "<presence><status>in and out of the balcony</status></presence>";

export const presence: Scenario = {
  name: "presence",
  summary: `a user with ${contactCount} contacts online changes presence, ${inFlight} changes in flight`,
  tls: false,
  mechanism: "PLAIN",
  figures: [
    { key: "cpuMicroseconds", title: "CPU µs/delivery", compared: true },
    { key: "perSecond", title: "deliveries/s" },
  ],
  run: async (goal, pid) => await storm(goal, pid),
};

async function storm(goal: Goal, pid: number): Promise<Record<string, number>> {
  await makeAccounts(goal, 0, contactCount + 1);
  const [star, ...contacts] = await openSessions(goal, 0, contactCount + 1);
  if (star === undefined) throw new Error("nobody is online");
  let delivered = 0;
  let answered = 0;
  let running = false;
  let received = 0;
  star.listen((text) => {
    received += text.length;
  });
  for (const contact of contacts) {
    let rest = "";
    contact.listen((text) => {
      received += text.length;
      const input = rest + text;
      let from = 0;
      for (let at = input.indexOf(closing); at >= 0; at = input.indexOf(closing, from)) {
        from = at + closing.length;
        delivered++;
      }
      rest = input.slice(Math.max(from, input.length - closing.length + 1));
      // When all contacts have one change, the next goes out.
      if (!running) return;
      for (; delivered - answered >= contactCount; answered += contactCount) star.write(update);
    });
  }
  await befriend(star, contacts, () => received);
  answered = delivered;
  star.write(update);
  await quiet(() => received);
  if (delivered - answered !== contactCount)
    throw new Error(`a change of presence reached ${delivered - answered} of ${contactCount} contacts`);
  answered = delivered;
  running = true;
  star.write(update.repeat(inFlight));
  await sleep(warmUpMs);
  const [cpuBefore, before, started] = [cpuMicroseconds(pid), delivered, performance.now()];
  await sleep(measureMs);
  const count = delivered - before;
  const cpu = cpuMicroseconds(pid) - cpuBefore;
  const seconds = (performance.now() - started) / 1000;
  running = false;
  return { cpuMicroseconds: cpu / count, perSecond: count / seconds };
}

/** Brings all of them online and subscribes the star and the contacts to one another. RFC 6121 §3.1. */
async function befriend(star: LoadClient, contacts: readonly LoadClient[], received: () => number): Promise<void> {
  const bare = (client: LoadClient) => client.jid.split("/")[0] ?? "";
  const send = (from: LoadClient, to: LoadClient, type: string) =>
    from.write(`<presence to='${bare(to)}' type='${type}'/>`);
  for (const client of [star, ...contacts]) client.write("<presence/>");
  await quiet(received);
  for (const contact of contacts) send(contact, star, "subscribe");
  await quiet(received);
  for (const contact of contacts) {
    send(star, contact, "subscribed");
    send(star, contact, "subscribe");
  }
  await quiet(received);
  for (const contact of contacts) send(contact, star, "subscribed");
  await quiet(received);
}

/** Waits until nothing has come for a while. */
async function quiet(received: () => number): Promise<void> {
  let last = -1;
  for (let waited = 0; waited < quietMsMax && received() !== last; waited += quietMs) {
    last = received();
    await sleep(quietMs);
  }
}
