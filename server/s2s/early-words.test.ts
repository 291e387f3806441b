import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const header = "from='venice.example' to='montague.example' id='s1'";
const answer = `<?xml version='1.0'?><stream:stream ${header} version='1.0' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>`;
const external = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
const dialback = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
const bidi = "<bidi xmlns='urn:xmpp:features:bidi'/>";
const message = `<message from='iago@venice.example' to='${romeo}'><body>early</body></message>`;
const foreign = `<message from='${juliet}' to='${romeo}'><body>early</body></message>`;

/** Up to the features of the stream that TLS protects. */
async function secured(peer: ScriptedPeer, features: string): Promise<void> {
  await peer.answerHeader(header, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
  await peer.sendText("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await peer.startTls();
  await peer.answerHeader(header, features);
}

/** What a server to which we have connected says before it has let us in, on a stream that is to go both ways. */
const tooEarly: readonly (readonly [when: string, say: (peer: ScriptedPeer) => Promise<void>])[] = [
  ["in place of features", (peer) => peer.sendText(answer + message)],
  ["in place of proceed", (peer) => peer.answerHeader(header, bidi + dialback).then(() => peer.sendText(message))],
  ["while EXTERNAL is under way", (peer) => secured(peer, bidi + external).then(() => peer.sendText(message))],
  ["while its answer to a key is due", (peer) => secured(peer, bidi + dialback).then(() => peer.sendText(message))],
  [
    "after a key was refused",
    (peer) =>
      secured(peer, bidi + dialback).then(() =>
        peer.sendText(
          `<db:result from='venice.example' to='montague.example' type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>${message}`,
        ),
      ),
  ],
  [
    "for a pair that was authorized for nobody",
    (peer) =>
      secured(peer, bidi + dialback).then(() =>
        peer.sendText(`<db:result from='venice.example' to='montague.example' type='valid'/>${foreign}`),
      ),
  ],
];

describe("A35 on a stream of both directions", () => {
  for (const [when, say] of tooEarly)
    test(`A35 nothing comes in ${when}`, async () => {
      await using neighbours = await startNeighbours({ federation: { bidirectional: true } });
      const { network, env, montague } = neighbours;
      network.unproven.add("venice.example");
      const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
      const orchard = await montague.login(`${romeo}/orchard`);
      await orchard.sendText("<presence/>");
      orchard.ignoreAll();
      await orchard.sendText("<message to='iago@venice.example' id='1'><body>x</body></message>");
      await say(venice.last);
      assert.ok(!orchard.pending.some((stanza) => stanza.attr("type") !== "error"));
      assert.ok(venice.last.streamClosed || venice.last.connectionClosed);
    });
});

/** What a server to which we have connected says that never comes to an end. */
const endless: readonly (readonly [what: string, say: (peer: ScriptedPeer) => Promise<void>, drip: string])[] = [
  ["nothing", () => Promise.resolve(), ""],
  ["a header", () => Promise.resolve(), " "],
  ["features", (peer) => peer.sendText(`${answer}<stream:features><x xmlns='y'>`), "z"],
  ["an answer to a key", (peer) => secured(peer, dialback).then(() => peer.sendText("<db:result type='")), "z"],
];

describe("A7 a server to which we have connected", () => {
  for (const [what, say, drip] of endless)
    test(`A7 and that says ${drip === "" || what === "nothing" ? "" : "without end "}${what} is left after the time for connecting`, async () => {
      await using neighbours = await startNeighbours();
      const { network, env, montague } = neighbours;
      network.unproven.add("venice.example");
      const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
      const orchard = await montague.login(`${romeo}/orchard`);
      await orchard.sendText("<message to='iago@venice.example' id='1'><body>x</body></message>");
      const peer = venice.last;
      await say(peer);
      for (let second = 0; second < 45; second += 1) {
        await env.advance(1_000);
        if (drip !== "" && !peer.connectionClosed) await peer.sendText(drip);
      }
      assert.ok(peer.connectionClosed);
      await env.advance(120_000);
      assert.equal(montague.core.federation?.links.size, 0);
      assert.equal(orchard.pending.filter((stanza) => stanza.attr("id") === "1").length, 1);
    });

  test("A3 has the small bounds of strangers until it has proven something", async () => {
    await using neighbours = await startNeighbours();
    const { network, env, montague } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText("<message to='iago@venice.example' id='1'><body>x</body></message>");
    await venice.last.sendText(`${answer}<stream:features><x xmlns='y'>${"z".repeat(20_000)}`);
    assert.ok(venice.last.streamClosed || venice.last.connectionClosed);
  });

  for (const [what, said] of [
    ["answers a key twice", "<db:verify from='venice.example' to='montague.example' id='ID' type='valid'/>".repeat(2)],
    ["answers for somebody else", "<db:verify from='capulet.example' to='montague.example' id='ID' type='valid'/>"],
    [
      "answers about another stream",
      "<db:verify from='venice.example' to='montague.example' id='other' type='valid'/>",
    ],
    ["answers what was not asked", "<db:result from='venice.example' to='montague.example' type='valid'/>"],
  ] as const)
    test(`A32 and that is asked about a key and ${what} is left`, async () => {
      await using neighbours = await startNeighbours();
      const { network, env, montague } = neighbours;
      network.unproven.add("venice.example");
      const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
      const asker = venice.connect("montague.example");
      await asker.openSecured("venice.example", "montague.example");
      await asker.sendText("<db:result from='venice.example' to='montague.example'>key</db:result>");
      const asked = venice.last;
      await secured(asked, dialback);
      const id = asked.pending.find(({ name }) => name === "verify")?.attr("id");
      assert.ok(id !== undefined);
      await asked.sendText(said.replaceAll("'ID'", `'${id}'`));
      assert.ok(asked.streamClosed);
      const pairs = [...(montague.core.federation?.streams ?? [])].flatMap((stream) => [...stream.pairs.values()]);
      // Only what it was asked, and answered for itself, counts.
      assert.deepEqual(
        pairs.map(({ remote }) => remote),
        what === "answers a key twice" ? ["venice.example"] : [],
      );
    });
});

test("A52 no log has keys of dialback, ids of streams that can be resumed, or what they are made of", async () => {
  await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
  const { network, montague, capulet, env } = neighbours;
  for (const domain of ["montague.example", "capulet.example"]) network.unproven.add(domain);
  const said: string[] = [];
  network.prepare = (wire) => {
    for (const end of [wire.dialler, wire.acceptor]) {
      const write = end.write.bind(end);
      const value = (bytes: string): void => {
        said.push(bytes);
        write(bytes);
      };
      Object.defineProperty(end, "write", { value });
    }
  };
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  for (const client of [orchard, balcony]) await client.sendText("<presence/>");
  await orchard.sendText(`<message to='${juliet}'><body>x</body></message>`);
  await balcony.sendText(`<message to='${romeo}'><body>x</body></message>`);
  network.wires.at(-1)?.cut();
  await env.advance(10_000);
  const text = said.join("");
  const secrets = [
    ...[...text.matchAll(/>([0-9a-f]{64})</gu)].map(([, key]) => key),
    ...[...text.matchAll(/<enabled [^>]*id='([^']+)'/gu)].map(([, id]) => id),
  ];
  assert.ok(secrets.length >= 4, `${secrets.length} secrets on the wire`);
  for (const world of [montague, capulet]) {
    const told = JSON.stringify(world.log);
    assert.match(told, /authorized/u);
    for (const secret of secrets) assert.ok(secret !== undefined && !told.includes(secret), `${secret} is in the log`);
  }
});
