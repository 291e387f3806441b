import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const iago = "iago@venice.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

/** What came, by its id and type. */
function came(client: ScriptedClient): readonly string[] {
  return client.pending
    .filter(({ name }) => name === "message" || name === "iq")
    .map((stanza) => `${stanza.attr("id")} ${stanza.attr("type")}`);
}

const sm = "<sm xmlns='urn:xmpp:sm:3'/>";

/** Romeo has written to iago, over a stream that the test plays the other end of. */
async function atSea(features: string) {
  const neighbours = await startNeighbours({ federation: { bidirectional: false } });
  const { montague, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText("<presence/>" + chat(iago, "hello"));
  orchard.ignoreAll();
  const peer = venice.last;
  await peer.acceptExternal("venice.example", "montague.example", { after: features });
  return { neighbours, venice, orchard, peer };
}

/** Stanzas that a peer got, by their ids. */
function got(peer: ScriptedPeer): readonly (string | undefined)[] {
  return peer.pending.filter(({ ns }) => ns === NS_CLIENT).map((stanza) => stanza.attr("id"));
}

const everything =
  chat(iago, "one") +
  `<iq type='get' id='ask' to='${iago}/ship'><query xmlns='jabber:iq:version'/></iq>` +
  `<iq type='result' id='answer' to='${iago}/ship'/>` +
  chat(iago, "two");

describe("what a stream owed that is lost for good", () => {
  test("goes again by the next, once and in order; a request goes back, once, as it may have been done", async () => {
    const { neighbours, venice, orchard, peer } = await atSea(sm);
    await using _ = neighbours;
    const { env, montague } = neighbours;
    assert.deepEqual(peer.pending.at(-1)?.name, "enable");
    await peer.sendText("<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>");
    await peer.sendText("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    await orchard.sendText(everything);
    assert.deepEqual(got(peer), ["hello", "one", "ask", "answer", "two"]);
    peer.close();
    await env.advance(5_000);
    const next = venice.last;
    assert.notEqual(next, peer);
    // It knows nothing of the stream that was.
    await next.acceptExternal("venice.example", "montague.example", { after: sm });
    assert.equal(next.next().name, "resume");
    await next.sendText(
      "<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
    );
    await next.sendText("<enabled xmlns='urn:xmpp:sm:3' id='t' resume='true'/>");
    assert.deepEqual(got(next), ["one", "answer", "two"]);
    assert.deepEqual(came(orchard), ["ask error"]);
    await next.sendText("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    await env.advance(200_000);
    assert.deepEqual(came(orchard), ["ask error"]);
    assert.deepEqual(montague.brokenStreams, [{ again: 3, returned: 1, unproven: 0 }]);
    assert.equal(montague.core.outgoing.rows, 0);
  });

  test("does not go again where the peer says how far it got when it cannot resume (S8)", async () => {
    const { neighbours, venice, orchard, peer } = await atSea(sm);
    await using _ = neighbours;
    await peer.sendText("<enabled xmlns='urn:xmpp:sm:3' id='s' resume='true'/>");
    await orchard.sendText(everything);
    peer.close();
    await neighbours.env.advance(5_000);
    const next = venice.last;
    await next.acceptExternal("venice.example", "montague.example", { after: sm });
    await next.sendText(
      "<failed xmlns='urn:xmpp:sm:3' h='4'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>",
    );
    await next.sendText("<enabled xmlns='urn:xmpp:sm:3' id='t' resume='true'/>");
    assert.deepEqual(got(next), ["two"]);
    assert.deepEqual(came(orchard), []);
    assert.deepEqual(neighbours.montague.brokenStreams, [{ again: 1, returned: 0, unproven: 0 }]);
  });

  test("without stream management is counted: what was taken is in doubt, and what was not goes again", async () => {
    const { neighbours, venice, orchard, peer } = await atSea("");
    await using _ = neighbours;
    const { env, montague, network } = neighbours;
    await orchard.sendText(everything);
    assert.deepEqual(got(peer), ["hello", "one", "ask", "answer", "two"]);
    const wire = network.wires.at(-1);
    wire?.hang("takes-nothing");
    await orchard.sendText(
      chat(iago, "three") + `<iq type='get' id='again' to='${iago}/ship'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    wire?.cut();
    await env.advance(2_000);
    await venice.last.acceptExternal("venice.example", "montague.example");
    assert.deepEqual(got(venice.last), ["three", "again"]);
    assert.deepEqual(came(orchard), []);
    assert.deepEqual(montague.brokenStreams, [{ again: 2, returned: 0, unproven: 5 }]);
  });

  test("before its peer turned stream management on goes again by the next, ahead of what was counted", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: true } });
    const { montague, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/>");
    const peer = venice.connect("montague.example");
    await peer.authenticate("venice.example", "montague.example", "bidirectional");
    await peer.sendText(`<message from='${iago}' to='${romeo}' id='first'><body>x</body></message>`);
    peer.wire.acceptor.hanging = "takes-nothing";
    await orchard.sendText(chat(iago, "one"));
    await peer.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    await orchard.sendText(chat(iago, "two"));
    peer.close();
    await env.advance(2_000);
    await venice.last.acceptExternal("venice.example", "montague.example");
    assert.deepEqual(got(venice.last), ["one", "two"]);
  });

  test("that ended in peace is not counted", async () => {
    const { neighbours, peer } = await atSea("");
    await using _ = neighbours;
    await peer.sendText("</stream:stream>");
    await neighbours.env.advance(1_000);
    assert.deepEqual(neighbours.montague.brokenStreams, []);
  });
});

for (const killed of [true, false])
  test(`a conversation with a server that is ${killed ? "killed" : "stopped"} in the middle of it: each message arrives, once where it was stopped, and each question has one answer`, async () => {
    await using neighbours = await startNeighbours();
    const { montague, capulet, env } = neighbours;
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/>");
    orchard.ignoreAll();
    const ids = Array.from({ length: 60 }, (_unused, number) => `m${number}`);
    for (const [number, id] of ids.entries()) {
      await orchard.sendText(
        `${chat(juliet, id)}<iq type='get' id='q${number}' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>`,
      );
      // What was answered is acknowledged by then.
      await env.advance(150);
      if (number === 30) await capulet.restart({ killed, downMs: 3_000 });
    }
    await env.advance(120_000);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText(
      "<presence/><iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>200</max></set></query></iq>",
    );
    const kept = balcony.pending.flatMap(
      (stanza) => /<result .*<body>(m\d+)<\/body>/u.exec(serialize(stanza))?.[1] ?? [],
    );
    assert.deepEqual([...new Set(kept)], ids);
    if (!killed) assert.equal(kept.length, ids.length);
    const answers = came(orchard).map((line) => line.split(" ")[0] ?? "");
    assert.deepEqual(answers.toSorted(), ids.map((_unused, number) => `q${number}`).toSorted());
  });
