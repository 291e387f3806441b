import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import { defaultFederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const escalus = "escalus@verona.example";
const guard = "guard@conference.verona.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

const dialback = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";

function bodies(client: ScriptedClient): readonly (string | undefined)[] {
  return client.pending.map((stanza) => stanza.child(NS_CLIENT, "body")?.text);
}

/** Both are there, and nothing is unread. */
async function present({
  montague,
  capulet,
}: Neighbours): Promise<{ readonly orchard: ScriptedClient; readonly balcony: ScriptedClient }> {
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  for (const client of [orchard, balcony]) {
    await client.sendText("<presence/>");
    client.ignoreAll();
  }
  return { orchard, balcony };
}

describe("streams are used again", () => {
  for (const proven of [true, false])
    test(`two of our hosts share one with the same server ${proven ? "that authenticated by certificate" : "by dialback"} [xep0220-2.6.1-01] [rfc7712-4.4.1-01] ${proven ? "[rfc7712-4.4.1-02]" : "[rfc7712-4.4.1-03]"} [rfc6120-10.4.1-01]`, async () => {
      await using neighbours = await startNeighbours({ accounts: [romeo, escalus, guard] });
      const { montague, verona, network } = neighbours;
      if (!proven)
        for (const domain of ["montague.example", "verona.example", "conference.verona.example"])
          network.unproven.add(domain);
      const orchard = await montague.login(`${romeo}/orchard`);
      await orchard.sendText("<presence/>");
      orchard.ignoreAll();
      const palace = await verona.login(`${escalus}/palace`);
      const gate = await verona.login(`${guard}/gate`);
      await palace.sendText(chat(romeo, "one"));
      const streams = (): number => [...(verona.core.federation?.streams ?? [])].filter((s) => s.initiated).length;
      assert.equal(streams(), 1);
      await gate.sendText(chat(romeo, "two"));
      await palace.sendText(chat(romeo, "three"));
      assert.deepEqual(bodies(orchard), ["one", "two", "three"]);
      assert.equal(streams(), 1);
    });

  test("where both agree, one stream carries both ways, also for hosts that did not open it [xep0288-2.2-04] [xep0288-2.2-05]", async () => {
    await using neighbours = await startNeighbours({
      accounts: [romeo, escalus, guard],
      federation: { bidirectional: true },
    });
    const { montague, verona, network } = neighbours;
    const orchard = await montague.login(`${romeo}/orchard`);
    const palace = await verona.login(`${escalus}/palace`);
    const gate = await verona.login(`${guard}/gate`);
    for (const client of [orchard, palace, gate]) {
      await client.sendText("<presence/>");
      client.ignoreAll();
    }
    await orchard.sendText(chat(escalus, "there"));
    await palace.sendText(chat(romeo, "and back"));
    await gate.sendText(chat(romeo, "halt"));
    assert.deepEqual(bodies(palace), ["there"]);
    assert.deepEqual(bodies(orchard), ["and back", "halt"]);
    assert.equal(network.wires.length, 1);
  });

  for (const answered of [true, false])
    test(`one that was made to verify a key ${answered ? "serves what is written back" : "is closed soon, and in peace, when nothing is"} [xep0220-2.1.2-03] ${answered ? "[rfc3920-8.3-10]" : "[rfc7712-4.4.1-04]"}`, async () => {
      await using neighbours = await startNeighbours();
      const { montague, capulet, network, env } = neighbours;
      for (const domain of ["montague.example", "capulet.example"]) network.unproven.add(domain);
      const { orchard, balcony } = await present(neighbours);
      await orchard.sendText(chat(juliet, "one"));
      if (answered) await balcony.sendText(chat(romeo, "two"));
      await env.advance(20_000);
      for (const stream of capulet.core.federation?.streams ?? []) assert.ok(stream.managed);
      assert.deepEqual(bodies(orchard), answered ? ["two"] : []);
      assert.deepEqual(
        network.wires.map(({ closed }) => closed),
        [false, !answered],
      );
      await env.advance(60_000);
      for (const { log } of [montague, capulet])
        assert.deepEqual(
          log.filter(({ fields }) => fields["condition"] !== undefined),
          [],
        );
    });

  test("one that goes both ways carries what is written back, and the one that verified its key is closed", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: true } });
    const { network, env } = neighbours;
    for (const domain of ["montague.example", "capulet.example"]) network.unproven.add(domain);
    const { orchard, balcony } = await present(neighbours);
    await orchard.sendText(chat(juliet, "one"));
    await balcony.sendText(chat(romeo, "two"));
    await env.advance(20_000);
    assert.deepEqual(bodies(orchard), ["two"]);
    assert.deepEqual(
      network.wires.map(({ closed }) => closed),
      [false, true],
    );
  });

  test("none of the others is used on when a key for one pair is called invalid, and nothing of theirs is lost [xep0220-2.1.1-10]", async () => {
    await using neighbours = await startNeighbours({ accounts: [romeo, juliet, escalus, guard] });
    const { verona, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    for (const domain of ["verona.example", "conference.verona.example", "venice.example"])
      network.unproven.add(domain);
    const palace = await verona.login(`${escalus}/palace`);
    const gate = await verona.login(`${guard}/gate`);
    await palace.sendText(chat("iago@venice.example", "one"));
    const peer = venice.last;
    await peer.acceptDialback("venice.example", "verona.example");
    assert.equal(peer.next().attr("id"), "one");
    await gate.sendText(chat("iago@venice.example", "two"));
    assert.equal(peer.next().attr("from"), "conference.verona.example");
    await peer.sendText("<db:result from='venice.example' to='conference.verona.example' type='invalid'/>");
    await palace.sendText(chat("iago@venice.example", "three"));
    assert.ok(peer.streamClosed);
    peer.receivesNothing();
    // What was for the other pair goes by another stream, and what was for this one goes back.
    const other = venice.last;
    assert.notEqual(other, peer);
    await other.acceptSecured("venice.example", "conference.verona.example", dialback);
    assert.deepEqual(
      [other.next(), other.next()].map((element) => element.attr("from")),
      ["conference.verona.example", "verona.example"],
    );
    await other.sendText("<db:result from='venice.example' to='conference.verona.example' type='invalid'/>");
    await other.sendText("<db:result from='venice.example' to='verona.example' type='valid'/>");
    assert.equal(other.next().attr("id"), "three");
    assert.match(serialize(gate.next()), /id='two'.*type='error'.*internal-server-error/u);
    palace.receivesNothing();
    // Nor is it tried on the stream of the other one when its time comes.
    await env.advance(10_000);
    await gate.sendText(chat("iago@venice.example", "four"));
    assert.ok(!other.streamClosed);
    assert.equal(venice.last.header?.attr("from"), "conference.verona.example");
  });

  test("one on which nothing is said is closed, and the next word opens another", async () => {
    await using neighbours = await startNeighbours();
    const { montague, capulet, network, env } = neighbours;
    const orchard = await montague.login(`${romeo}/orchard`);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    balcony.ignoreAll();
    await orchard.sendText(chat(juliet, "one"));
    await env.advance(defaultFederationLimits.idleMsMax + 20_000);
    assert.ok(network.wires.every(({ closed }) => closed));
    assert.equal(montague.core.federation?.streams.size, 0);
    assert.equal(capulet.core.federation?.streams.size, 0);
    await orchard.sendText(chat(juliet, "two"));
    assert.deepEqual(bodies(balcony), ["one", "two"]);
    orchard.receivesNothing();
  });

  test("one that an administrator closes owes nothing, and the next word opens another", async () => {
    await using neighbours = await startNeighbours();
    const { montague, capulet, network } = neighbours;
    const orchard = await montague.login(`${romeo}/orchard`);
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    balcony.ignoreAll();
    await orchard.sendText(chat(juliet, "one"));
    const [stream] = [...(montague.core.federation?.streams ?? [])];
    assert.ok(stream !== undefined);
    assert.equal(montague.core.federation?.close(stream.main.remote), 1);
    await orchard.sendText(chat(juliet, "two"));
    assert.deepEqual(bodies(balcony), ["one", "two"]);
    assert.equal(network.wires.length, 2);
  });
});
