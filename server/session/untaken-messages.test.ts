import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import { Stanza } from "#kit/stanza.ts";
import { connectionServices } from "#testing/scenario/connection-services.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { unheardConnection } from "#testing/scenario/unheard-connection.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { UntakenMessages } from "./untaken-messages.ts";

const ignore = (): void => {};
const romeo = parseJid("romeo@montague.example/garden") ?? assert.fail();
const element = parseElement(`<message from='${romeo}'><body>Hi</body></message>`, NS_CLIENT);

/** A client whose messages are watched, and the stream that waits for them. */
function begin() {
  const env = new VirtualEnv("untaken messages");
  const transport = new MemoryTransport({ env, received: ignore });
  const connection = unheardConnection(transport, connectionServices(env));
  const told: string[] = [];
  const untaken = new UntakenMessages({
    discharge: (stored) => void told.push(`discharge ${stored.join(" ")}`),
    lost: () => void told.push("lost"),
    giveUp: ({ id }) => void told.push(`give up ${id} at ${tracker.settled} settled`),
  });
  const tracker = new SettlementTracker(ignore);
  const send = (id: string, stored?: string): void => {
    const settlement = tracker.next();
    const message = new Stanza("message", element, romeo, undefined, "normal", id, settlement, stored);
    untaken.write(message, `<message id='${id}'/>`, connection);
    // Its sender has nothing more to do with it.
    settlement.release();
  };
  return { env, transport, connection, told, tracker, send };
}

test("messages that went out as one write are settled and discharged together, when they are taken", async () => {
  const { env, transport, tracker, told, send } = begin();
  send("1");
  send("2", "row-2");
  send("3", "row-3");
  assert.equal(tracker.settled, 0);
  await env.settle();
  assert.equal(tracker.settled, 3);
  assert.deepEqual(told, ["discharge row-2 row-3"]);
  transport.stalled = true;
  send("4");
  await env.settle();
  assert.equal(tracker.settled, 3);
});

test("messages that a lost connection has not taken are given up in order, behind the word that it is lost, each before it is settled", async () => {
  const { env, transport, tracker, told, send } = begin();
  send("1");
  await env.settle();
  transport.stalled = true;
  send("2", "row-2");
  await env.settle();
  send("3");
  transport.cut();
  await env.settle();
  assert.deepEqual(told, ["lost", "give up 2 at 1 settled", "give up 3 at 2 settled"]);
  assert.equal(tracker.settled, 3);
  send("4");
  assert.deepEqual(told.slice(3), ["lost", "give up 4 at 3 settled"]);
});
