import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { defaultFederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const escalus = "escalus@verona.example";
const guard = "guard@conference.verona.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

function bodies(client: ScriptedClient): readonly (string | undefined)[] {
  return client.pending.map((stanza) => stanza.child(NS_CLIENT, "body")?.text);
}

describe("streams are used again", () => {
  for (const proven of [true, false])
    test(`two of our hosts share one with the same server ${proven ? "that authenticated by certificate" : "by dialback"} [xep0220-2.6.1-01]`, async () => {
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
    test(`one that was made to verify a key ${answered ? "serves what is written back" : "is closed soon when nothing is"} [xep0220-2.1.2-03]`, async () => {
      await using neighbours = await startNeighbours();
      const { montague, capulet, network, env } = neighbours;
      for (const domain of ["montague.example", "capulet.example"]) network.unproven.add(domain);
      const orchard = await montague.login(`${romeo}/orchard`);
      const balcony = await capulet.login(`${juliet}/balcony`);
      for (const client of [orchard, balcony]) {
        await client.sendText("<presence/>");
        client.ignoreAll();
      }
      await orchard.sendText(chat(juliet, "one"));
      if (answered) await balcony.sendText(chat(romeo, "two"));
      await env.advance(60_000);
      for (const stream of capulet.core.federation?.streams ?? []) assert.ok(stream.managed);
      assert.deepEqual(bodies(orchard), answered ? ["two"] : []);
      assert.deepEqual(
        network.wires.map(({ closed }) => closed),
        [false, !answered],
      );
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
