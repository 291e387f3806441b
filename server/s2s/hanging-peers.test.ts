import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

function bodies(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) => {
    if (stanza.attr("type") === "error") return `error for ${stanza.attr("id")}`;
    return stanza.child(NS_CLIENT, "body")?.text ?? stanza.name;
  });
}

/** Both are there, have written to one another, and romeo's client has stream management. */
async function acquainted(neighbours: Neighbours): Promise<readonly [ScriptedClient, ScriptedClient]> {
  const orchard = await neighbours.montague.login(`${romeo}/orchard`);
  const balcony = await neighbours.capulet.login(`${juliet}/balcony`);
  await orchard.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>");
  await balcony.sendText("<presence/>");
  await orchard.sendText(chat(juliet, "hello"));
  await balcony.sendText(chat(`${romeo}/orchard`, "hello"));
  await neighbours.env.advance(1_000);
  await orchard.sendText("<a xmlns='urn:xmpp:sm:3' h='2'/>");
  orchard.ignoreAll();
  balcony.ignoreAll();
  return [orchard, balcony];
}

/** How many of its stanzas the server says that it has safe. */
async function settledOf(client: ScriptedClient): Promise<number> {
  await client.sendText("<r xmlns='urn:xmpp:sm:3'/>");
  const answers = client.pending.filter(({ name }) => name === "a");
  return Number(answers.at(-1)?.attr("h"));
}

describe("a server that hangs", () => {
  for (const how of ["takes", "takes-nothing"] as const)
    test(`and ${how === "takes" ? "answers" : "reads"} nothing: whoever wrote is told that it is safe after two seconds, and it arrives once when the connection is found dead`, async () => {
      await using neighbours = await startNeighbours();
      const { env, network } = neighbours;
      const [orchard, balcony] = await acquainted(neighbours);
      for (const wire of network.wires) wire.hang(how);
      const before = await settledOf(orchard);
      await orchard.sendText(chat(juliet, "one"));
      await orchard.sendText(chat(juliet, "two"));
      assert.equal(await settledOf(orchard), before);
      await env.advance(2_100);
      assert.equal(await settledOf(orchard), before + 2);
      assert.equal(neighbours.montague.core.outgoing.rows, 2);
      await env.advance(120_000);
      assert.deepEqual(bodies(balcony), ["one", "two"]);
      assert.equal(neighbours.montague.core.outgoing.rows, 0);
      assert.ok(!bodies(orchard).some((body) => body.startsWith("error")));
    });

  test("keeps nobody else waiting", async () => {
    await using neighbours = await startNeighbours();
    const { verona, network } = neighbours;
    const [orchard] = await acquainted(neighbours);
    for (const wire of network.wires) wire.hang();
    const palace = await verona.login("escalus@verona.example/palace");
    await palace.sendText("<presence/>");
    palace.ignoreAll();
    await orchard.sendText(chat(juliet, "stuck"));
    await orchard.sendText(chat("escalus@verona.example", "quick"));
    assert.deepEqual(bodies(palace), ["quick"]);
  });

  test("and never comes back gives the messages back, once each", async () => {
    await using neighbours = await startNeighbours();
    const { env, network } = neighbours;
    const [orchard, balcony] = await acquainted(neighbours);
    for (const wire of network.wires) wire.hang();
    network.set("capulet.example", "hangs");
    await orchard.sendText(chat(juliet, "one"));
    await orchard.sendText(chat(juliet, "two"));
    await env.advance(300_000);
    const errors = bodies(orchard).filter((body) => body.startsWith("error"));
    assert.deepEqual(errors, ["error for one", "error for two"]);
    assert.deepEqual(bodies(balcony), []);
    await orchard.sendText("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    await env.advance(10_000);
    assert.equal(neighbours.montague.core.outgoing.rows, 0);
  });
});

describe("a server that is started anew", () => {
  for (const killed of [false, true])
    test(`after it was ${killed ? "killed" : "stopped"}, sends what it had still to send, in order`, async () => {
      await using neighbours = await startNeighbours();
      const { env, network, montague } = neighbours;
      const [orchard, balcony] = await acquainted(neighbours);
      for (const wire of network.wires) wire.hang();
      network.set("capulet.example", "hangs");
      for (const body of ["one", "two", "three"]) await orchard.sendText(chat(juliet, body));
      await env.advance(3_000);
      await montague.restart({ killed });
      network.set("capulet.example", "reachable");
      await env.advance(60_000);
      assert.deepEqual(bodies(balcony), ["one", "two", "three"]);
      assert.equal(montague.core.outgoing.rows, 0);
    });

  test("in peace, in the middle of a conversation, has lost nothing, and got nothing twice", async () => {
    await using neighbours = await startNeighbours();
    const { env, capulet } = neighbours;
    const [orchard] = await acquainted(neighbours);
    await orchard.sendText(chat(juliet, "one"));
    await capulet.restart({ downMs: 10_000 });
    await orchard.sendText(chat(juliet, "two"));
    await env.advance(60_000);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    await balcony.sendText("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>");
    const kept = balcony.pending
      .filter(({ name }) => name === "message")
      .map((stanza) => /<body>(.*?)<\/body>/u.exec(stanza.text)?.[1] ?? stanza.text);
    assert.ok(kept.length >= 2);
    assert.ok(!bodies(orchard).some((body) => body.startsWith("error")));
  });

  test("after it was killed while messages were on their way loses none of them", async () => {
    await using neighbours = await startNeighbours({ options: { archive: false } });
    const { env, capulet, network } = neighbours;
    const [orchard] = await acquainted(neighbours);
    await orchard.sendText(chat(juliet, "before"));
    for (const wire of network.wires) wire.hang();
    for (const body of ["one", "two"]) await orchard.sendText(chat(juliet, body));
    await capulet.restart({ killed: true });
    await orchard.sendText(chat(juliet, "three"));
    await env.advance(100_000);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    const arrived = bodies(balcony).filter((body) => ["one", "two", "three"].includes(body));
    assert.deepEqual(arrived, ["one", "two", "three"]);
  });
});

test("a connection that is dead is found so in seconds when the peer opens another one", async () => {
  await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
  const { env, network, montague, capulet } = neighbours;
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  await orchard.sendText(chat(juliet, "hello"));
  await env.advance(1_000);
  balcony.ignoreAll();
  for (const wire of network.wires) wire.hang("takes");
  await orchard.sendText(chat(juliet, "one"));
  await balcony.sendText(chat(`${romeo}/orchard`, "what man?"));
  await env.advance(20_000);
  assert.deepEqual(bodies(balcony), ["one"]);
  assert.deepEqual(bodies(orchard), ["what man?"]);
});
