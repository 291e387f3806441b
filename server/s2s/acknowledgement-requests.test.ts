import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { AcknowledgementRequests, askAfterMs, askAfterStanzas } from "./acknowledgement-requests.ts";

interface Asking {
  readonly env: VirtualEnv;
  readonly requests: AcknowledgementRequests;
  readonly asked: () => number;
}

function asking(): Asking {
  const env = new VirtualEnv("asking");
  let count = 0;
  const requests = new AcknowledgementRequests(env, () => {
    count += 1;
    return true;
  });
  return { env, requests, asked: () => count };
}

describe("acknowledgements are asked for", () => {
  test("with the first stanza after a pause, and once for those that follow it", async () => {
    const { env, requests, asked } = asking();
    for (let message = 0; message < 20; message += 1) {
      requests.sent();
      if (message === 0) requests.answered(0, true);
    }
    assert.equal(asked(), 1);
    await env.advance(askAfterMs);
    assert.equal(asked(), 2);
    requests.answered(0, true);
    await env.advance(askAfterMs);
    requests.sent();
    assert.equal(asked(), 3);
  });

  test("after so many, however fast they come", () => {
    const { requests, asked } = asking();
    for (let message = 0; message <= 3 * askAfterStanzas; message += 1) {
      requests.sent();
      requests.answered(message % askAfterStanzas, true);
    }
    assert.equal(asked(), 4);
  });

  test("by one question at a time, and again soon where the answer leaves some open", async () => {
    const { env, requests, asked } = asking();
    for (let message = 0; message < 1_000; message += 1) requests.sent();
    assert.equal(asked(), 1);
    await env.advance(1_000);
    assert.equal(asked(), 1);
    requests.answered(askAfterStanzas - 1, true);
    assert.equal(asked(), 2);
    requests.answered(1, true);
    assert.equal(asked(), 2);
    await env.advance(askAfterMs);
    assert.equal(asked(), 3);
  });

  test("of a peer that has nothing new to say every five seconds, or with what is sent", async () => {
    const { env, requests, asked } = asking();
    requests.sent();
    await env.advance(1_000);
    requests.answered(1, false);
    await env.advance(4_999);
    assert.equal(asked(), 1);
    await env.advance(1);
    assert.equal(asked(), 2);
    requests.answered(1, false);
    requests.sent();
    await env.advance(askAfterMs);
    assert.equal(asked(), 3);
  });

  test("no more on a connection that is gone", async () => {
    const { env, requests, asked } = asking();
    requests.sent();
    requests.answered(0, true);
    requests.sent();
    requests.cut();
    await env.advance(10_000);
    assert.equal(asked(), 1);
  });
});

const romeo = "romeo@montague.example";
const management = "<sm xmlns='urn:xmpp:sm:3'/>";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

function counted(peer: ScriptedPeer): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name } of peer.pending) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Another server, and a stream of ours with it that is managed. */
async function venice({ montague, network, env }: Neighbours, write: string): Promise<ScriptedPeer> {
  const server = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText(`<presence/>${chat("iago@venice.example", write)}`);
  await server.last.acceptExternal("venice.example", "montague.example", { after: management });
  assert.equal(server.last.next().name, "enable");
  await server.last.sendText("<enabled xmlns='urn:xmpp:sm:3' resume='true' id='one'/>");
  return server.last;
}

test("a hundred messages, each of which comes by itself and is acknowledged at once, take two questions", async () => {
  await using neighbours = await startNeighbours();
  const peer = await venice(neighbours, "0");
  const balcony = await neighbours.montague.login(`${romeo}/balcony`);
  let answered = 0;
  for (let message = 1; message <= 100; message += 1) {
    await balcony.sendText(chat("iago@venice.example", `${message}`));
    const { r = 0, message: came = 0 } = counted(peer);
    if (r > answered) await peer.sendText(`<a xmlns='urn:xmpp:sm:3' h='${came}'/>`);
    answered = r;
  }
  assert.deepEqual(counted(peer), { message: 101, r: 2 });
  await neighbours.env.advance(askAfterMs);
  assert.deepEqual(counted(peer), { message: 101, r: 3 });
});

test("a server that asks with every stanza gets one answer for each, when it is safe [xep0198-4-03] [xep0198-4-04]", async () => {
  await using neighbours = await startNeighbours();
  const { montague, network, env } = neighbours;
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText("<enable xmlns='urn:xmpp:sm:3'/><presence/>");
  orchard.ignoreAll();
  const server = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const peer = server.connect("montague.example");
  await peer.authenticate("venice.example", "montague.example");
  await peer.sendText("<enable xmlns='urn:xmpp:sm:3'/>");
  assert.equal(peer.next().name, "enabled");
  const message = `<message from='iago@venice.example' to='${romeo}/orchard' type='chat'><body>one</body><no-store xmlns='urn:xmpp:hints'/></message>`;
  let came = orchard.pending.length;
  const read = async (): Promise<void> => {
    came += orchard.pending.filter(({ name, ns }) => name === "message" && ns === NS_CLIENT).length;
    orchard.ignoreAll();
    await orchard.sendText(`<a xmlns='urn:xmpp:sm:3' h='${came}'/>`);
  };
  await orchard.sendText("<r xmlns='urn:xmpp:sm:3'/>");
  orchard.ignoreAll();
  came = 1;
  for (let number = 0; number < 10; number += 1) {
    await peer.sendText(`${message}<r xmlns='urn:xmpp:sm:3'/>`);
    await read();
  }
  assert.deepEqual(
    peer.pending.map((element) => element.attr("h")),
    Array.from({ length: 10 }, (_, number) => `${number + 1}`),
  );
  // Of whom it is for nothing is heard: whoever asks does not wait for that.
  await peer.sendText(`${message}<r xmlns='urn:xmpp:sm:3'/>`);
  assert.equal(peer.pending.length, 10);
  await env.advance(50);
  assert.equal(peer.pending.at(-1)?.attr("h"), "10");
  await read();
  assert.equal(peer.pending.at(-1)?.attr("h"), "11");
  assert.equal(peer.pending.length, 12);
});
