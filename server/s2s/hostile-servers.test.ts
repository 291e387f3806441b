import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";

/** A server of venice.example, and romeo who is there. */
async function besieged(
  bidirectional = false,
): Promise<{ readonly neighbours: Neighbours; readonly venice: ScriptedServer }> {
  const neighbours = await startNeighbours({ federation: { bidirectional } });
  const domains = ["venice.example", "ghetto.venice.example"];
  const venice = new ScriptedServer(neighbours.network, () => neighbours.env.settle(), { domains });
  return { neighbours, venice };
}

function conditionOf(peer: ScriptedPeer): string | undefined {
  const error = peer.pending.find(({ name }) => name === "error");
  return error?.elements().find(({ ns }) => ns === NS_STREAMS)?.name;
}

describe("A35 a stream that was authorized for one pair of domains", () => {
  const attempts: readonly (readonly [what: string, stanza: string, condition: string, ids: string])[] = [
    [
      "a friend's domain",
      `<message from='juliet@capulet.example' to='${romeo}'><body>x</body></message>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    [
      "the domain of the recipient",
      `<message from='nurse@montague.example' to='${romeo}'><body>x</body></message>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    [
      "another domain of the same server",
      `<message from='jew@ghetto.venice.example' to='${romeo}'><body>x</body></message>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    ["nobody", `<message to='${romeo}'><body>x</body></message>`, "improper-addressing", "[rfc6120-8.1.2.2-01]"],
    [
      "itself, for nobody",
      "<iq type='get' id='1' from='iago@venice.example'><query xmlns='jabber:iq:roster'/></iq>",
      "improper-addressing",
      "[rfc6120-10.3-02] [rfc6120-8.1.1.2-01]",
    ],
    [
      "itself, for somebody else's domain",
      "<message from='iago@venice.example' to='juliet@capulet.example'/>",
      "host-unknown",
      "[rfc6120-8.1.1.2-02] [rfc6120-10.4-02]",
    ],
  ];
  for (const [what, stanza, condition, ids] of attempts)
    test(`does not bring what comes from ${what} ${ids}`, async () => {
      const { neighbours, venice } = await besieged();
      await using _ = neighbours;
      const orchard = await neighbours.montague.login(`${romeo}/orchard`);
      await orchard.sendText("<presence/>");
      orchard.ignoreAll();
      const peer = venice.connect("montague.example");
      await peer.authenticate("venice.example", "montague.example");
      await peer.sendText(`<message from='iago@venice.example' to='${romeo}'><body>first</body></message>`);
      orchard.receives(
        `<message from='iago@venice.example' to='${romeo}'><body>first</body><stanza-id xmlns='urn:xmpp:sid:0' by='${romeo}' id='{any}'/></message>`,
      );
      await peer.sendText(stanza + `<message from='iago@venice.example' to='${romeo}'><body>last</body></message>`);
      orchard.receivesNothing();
      assert.equal(conditionOf(peer), condition);
      assert.ok(peer.streamClosed);
    });

  test("brings nothing against its direction where nobody agreed on two", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/><message to='iago@venice.example'><body>x</body></message>");
    const peer = venice.last;
    orchard.ignoreAll();
    await peer.acceptExternal("venice.example", "montague.example");
    peer.receives(`<message to='iago@venice.example' from='${romeo}/orchard'><body>x</body></message>`);
    await peer.sendText(`<message from='iago@venice.example' to='${romeo}'><body>psst</body></message>`);
    orchard.receivesNothing();
    assert.ok(peer.streamClosed);
  });

  test("brings only what belongs to the pair where it goes both ways", async () => {
    const { neighbours, venice } = await besieged(true);
    await using _ = neighbours;
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/><message to='iago@venice.example'><body>x</body></message>");
    const peer = venice.last;
    orchard.ignoreAll();
    await peer.acceptExternal("venice.example", "montague.example", {
      more: "<bidi xmlns='urn:xmpp:features:bidi'/>",
    });
    peer.receives(`<message to='iago@venice.example' from='${romeo}/orchard'><body>x</body></message>`);
    await peer.sendText(`<message from='iago@venice.example' to='${romeo}'><body>aye</body></message>`);
    assert.match(serialize(orchard.next()), /aye/u);
    await peer.sendText(`<message from='juliet@capulet.example' to='${romeo}'><body>psst</body></message>`);
    orchard.receivesNothing();
    assert.equal(conditionOf(peer), "invalid-from");
  });
});

describe("A32 dialback results that nobody asked for", () => {
  const unasked: readonly (readonly [what: string, sent: string])[] = [
    ["a result of one who has connected", "<db:result from='venice.example' to='montague.example' type='valid'/>"],
    ["a result for another domain", "<db:result from='capulet.example' to='montague.example' type='valid'/>"],
    [
      "an answer to a question about a key",
      "<db:verify from='venice.example' to='montague.example' id='1' type='valid'/>",
    ],
  ];
  for (const [what, sent] of unasked)
    test(`${what} authorizes nothing`, async () => {
      const { neighbours, venice } = await besieged();
      await using _ = neighbours;
      const orchard = await neighbours.montague.login(`${romeo}/orchard`);
      await orchard.sendText("<presence/>");
      orchard.ignoreAll();
      neighbours.network.unproven.add("venice.example");
      const peer = venice.connect("montague.example");
      await peer.openSecured("venice.example", "montague.example");
      await peer.sendText(sent);
      await peer.sendText(`<message from='iago@venice.example' to='${romeo}'><body>x</body></message>`);
      await peer.sendText(`<message from='juliet@capulet.example' to='${romeo}'><body>x</body></message>`);
      orchard.receivesNothing();
      assert.equal([...(neighbours.montague.core.federation?.streams ?? [])].length, 0);
    });
});

describe("A36 keys that others are to be asked about", () => {
  test("are verified a few at a time for one stream, and the others refused", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const { network } = neighbours;
    network.unproven.add("venice.example");
    const domains = Array.from({ length: 60 }, (_unused, number) => `d${number}.venice.example`);
    for (const domain of domains) network.set(domain, "hangs");
    network.add({ domains, address: "203.0.113.67", core: () => undefined });
    const peer = venice.connect("montague.example");
    await peer.openSecured("venice.example", "montague.example");
    for (const domain of domains)
      await peer.sendText(`<db:result from='${domain}' to='montague.example'>key</db:result>`);
    assert.ok(network.dialled.length <= 20, `${network.dialled.length} connections`);
    assert.ok(peer.pending.length >= 40);
    for (const refused of peer.pending) assert.match(serialize(refused), /type='error'/u);
  });
});

test("nothing is sent to who has connected and not shown who it is, and it has a deadline", async () => {
  const { neighbours, venice } = await besieged(true);
  await using _ = neighbours;
  const peer = venice.connect("montague.example");
  await peer.sendHeader("from='venice.example' to='montague.example'");
  await neighbours.env.advance(61_000);
  assert.equal(conditionOf(peer), "policy-violation");
  assert.ok(peer.streamClosed);
  await neighbours.env.advance(10_000);
  assert.equal(neighbours.montague.core.federation?.links.size, 0);
});
