import { performance } from "node:perf_hooks";
import type { LoadClient } from "./client.ts";

const closing = "</message>";
const opening = "<body>";
const paceTickMs = 1;

/** Messages between clients in pairs: the first with the second, the third with the fourth. */
export interface Traffic {
  /** How many messages have arrived so far. */
  readonly delivered: () => number;
  /** Nothing more is sent; what is under way still arrives. */
  readonly stop: () => void;
}

export interface PacedTraffic extends Traffic {
  /** Forgets the latencies so far. */
  readonly forget: () => void;
  /** Milliseconds from the moment when a message was due until it arrived, in order of arrival. */
  readonly latencies: () => readonly number[];
}

/** Every message that arrives is answered by another: the number in flight stays the same. */
export function keepInFlight(clients: readonly LoadClient[], perClient: number, bodyLength: number): Traffic {
  let delivered = 0;
  let running = true;
  for (const [client, partner] of pairs(clients)) {
    const message = template(partner.jid, "x".repeat(bodyLength));
    let rest = "";
    let checked = false;
    client.listen((text) => {
      const input = rest + text;
      if (!checked && input.includes(closing)) {
        checkDelivered(input, partner);
        checked = true;
      }
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
    client.write(message.repeat(perClient));
  }
  return { delivered: () => delivered, stop: () => (running = false) };
}

/** Sends at a fixed rate whatever comes back, so that a slow server shows as latency and not as fewer messages. */
export function keepPace(clients: readonly LoadClient[], perSecond: number, bodyLength: number): PacedTraffic {
  const everybody = pairs(clients);
  let latencies: number[] = [];
  let delivered = 0;
  for (const [client, partner] of everybody) {
    let rest = "";
    let checked = false;
    client.listen((text) => {
      const input = rest + text;
      if (!checked && input.includes(closing)) {
        checkDelivered(input, partner);
        checked = true;
      }
      const now = performance.now();
      let from = 0;
      for (let at = input.indexOf(closing); at >= 0; at = input.indexOf(closing, from)) {
        const body = input.indexOf(opening, from) + opening.length;
        latencies.push(now - Number(input.slice(body, input.indexOf(" ", body))));
        delivered++;
        from = at + closing.length;
      }
      rest = input.slice(from);
    });
  }
  const started = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - started) * perSecond) / 1000;
    for (; sent < due; sent++) {
      const [client, partner] = everybody[sent % everybody.length] ?? fail();
      const dueAt = (started + (sent * 1000) / perSecond).toFixed(3);
      client.write(template(partner.jid, `${dueAt} `.padEnd(bodyLength, "x")));
    }
  }, paceTickMs);
  return {
    delivered: () => delivered,
    stop: () => clearInterval(timer),
    forget: () => (latencies = []),
    latencies: () => latencies,
  };
}

/**
 * Asks a server how many messages it has in a client's archive (XEP-0313): a server that keeps nothing is fast too. To be called
 * when the traffic has stopped.
 */
export async function countArchived(client: LoadClient): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let answer = "";
  client.listen((text) => {
    answer += text;
    if (!answer.includes("</iq>")) return;
    const count = /<count>(\d+)<\/count>/.exec(answer)?.[1];
    if (count === undefined) reject(new Error(`the archive cannot be counted: ${answer.slice(-1_000)}`));
    else resolve(Number(count));
  });
  const page = "<set xmlns='http://jabber.org/protocol/rsm'><max>0</max></set>";
  client.write(`<iq type='set' id='count'><query xmlns='urn:xmpp:mam:2'>${page}</query></iq>`);
  return await promise;
}

/** Errors are messages too, and a server that returns everything is fast: the first message of each client is looked at. */
function checkDelivered(text: string, sender: LoadClient): void {
  const message = /<message[^>]*>/.exec(text)?.[0] ?? "";
  if (/type=['"]error['"]/.test(message) || !message.includes(sender.jid))
    throw new Error(`not a message of ${sender.jid}: ${text.slice(0, 500)}`);
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
