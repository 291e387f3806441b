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

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

function bodies(client: ScriptedClient): readonly (string | undefined)[] {
  return client.pending.map((stanza) => stanza.child(NS_CLIENT, "body")?.text);
}

async function present({ montague, capulet }: Neighbours): Promise<readonly [ScriptedClient, ScriptedClient]> {
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  for (const client of [orchard, balcony]) {
    await client.sendText("<presence/>");
    client.ignoreAll();
  }
  return [orchard, balcony];
}

describe("what people write to one another at two servers", () => {
  test("goes over one stream and arrives in order [rfc6120-10.1-03] [rfc6120-10.1-04] [rfc6120-10.1-05] [rfc6120-10.4.1-01]", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
    const [orchard, balcony] = await present(neighbours);
    const lines = Array.from({ length: 40 }, (_, number) => `line ${number}`);
    // The first ones wait until there is a stream, the others find it there.
    await orchard.sendText(
      lines
        .slice(0, 20)
        .map((line) => chat(juliet, line))
        .join(""),
    );
    for (const line of lines.slice(20)) await orchard.sendText(chat(juliet, line));
    assert.deepEqual(bodies(balcony), lines);
    assert.equal(neighbours.network.wires.length, 1);
    assert.deepEqual(neighbours.network.dialled, ["capulet.example"]);
  });

  test("has a stream for each direction unless both agree on one [rfc3920-4.2-02]", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
    const [orchard, balcony] = await present(neighbours);
    await orchard.sendText(chat(juliet, "there"));
    await balcony.sendText(chat(romeo, "and back"));
    assert.deepEqual([bodies(balcony), bodies(orchard)], [["there"], ["and back"]]);
    const streams = [...(neighbours.montague.core.federation?.streams ?? [])];
    const ways = streams.flatMap(({ pairs }) => [...pairs.values()].map((pair) => pair.ways));
    assert.deepEqual(ways.toSorted(), ["in", "out"]);
    assert.equal(neighbours.network.wires.length, 2);
  });
});

describe("a server that connects again", () => {
  test("harms no stream of its before it has shown who it is, and has four at most: the oldest goes with conflict [rfc3920-8.3-09] [rfc6120-4.5-02]", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
    const { montague, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/>");
    orchard.ignoreAll();
    const write = (body: string): string =>
      `<message from='iago@venice.example' to='${romeo}'><body>${body}</body></message>`;
    const first = venice.connect("montague.example");
    await first.authenticate("venice.example", "montague.example");
    network.unproven.add("venice.example");
    // Somebody who says so, and cannot show it.
    const other = venice.connect("montague.example");
    await other.openSecured("venice.example", "montague.example");
    await other.sendText(write("forged"));
    await first.sendText(write("one"));
    network.unproven.delete("venice.example");
    const later = [];
    for (let number = 0; number < 4; number += 1) {
      const peer = venice.connect("montague.example");
      assert.ok(!first.streamClosed);
      await peer.authenticate("venice.example", "montague.example");
      later.push(peer);
    }
    assert.match(first.pending.map((element) => serialize(element)).join(), /<conflict /u);
    assert.ok(first.streamClosed);
    for (const [number, peer] of later.entries()) await peer.sendText(write(`${number}`));
    assert.deepEqual(bodies(orchard), ["one", "0", "1", "2", "3"]);
  });
});

/** When a domain was connected to, in milliseconds from now on, looked at every 50. */
async function dials({ env, network }: Neighbours, forMs: number): Promise<readonly number[]> {
  const start = env.now();
  const times: number[] = [];
  let seen = network.dialled.length;
  while (env.now() < start + forMs) {
    for (; seen < network.dialled.length; seen += 1) times.push(env.now() - start);
    await env.advance(50);
  }
  return times;
}

describe("a connection that broke", () => {
  for (const managed of [true, false])
    test(`is made anew after a time that nobody can foretell, ${managed ? "to resume its stream" : "where something is to go out"} [rfc6120-3.3-01]`, async () => {
      const firsts = new Set<number>();
      for (const seed of ["a", "b", "c", "d"]) {
        await using neighbours = await startNeighbours({ seed, federation: { bidirectional: false } });
        const { montague, network, env } = neighbours;
        const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
        const orchard = await montague.login(`${romeo}/orchard`);
        if (managed) {
          await orchard.sendText(chat(juliet, "one"));
        } else {
          await orchard.sendText(chat("iago@venice.example", "one"));
          await venice.last.acceptExternal("venice.example", "montague.example");
        }
        const wire = network.wires.at(-1);
        if (!managed) wire?.hang("takes-nothing");
        if (!managed) await orchard.sendText(chat("iago@venice.example", "two"));
        wire?.cut();
        const [first] = await dials(neighbours, 61_000);
        assert.ok(first !== undefined);
        firsts.add(first);
      }
      assert.ok(firsts.size > 1, `always after ${[...firsts].join(", ")} ms`);
    });

  test("is tried again after longer and longer waits [rfc6120-3.3-02]", async () => {
    const limits = { ...defaultFederationLimits, deliveryMsMax: 600_000 };
    await using neighbours = await startNeighbours({ settings: { federation: limits } });
    const { montague, network } = neighbours;
    network.set("capulet.example", "refused");
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat(juliet, "one"));
    const times = await dials(neighbours, 120_000);
    const waits = times.map((time, index) => time - (times[index - 1] ?? 0));
    assert.ok(times.length >= 5, times.join(" "));
    for (const [index, wait] of waits.slice(1).entries()) assert.ok(wait > (waits[index] ?? 0), waits.join(" "));
  });
});

test("a server that has no TLS after all is asked again when its time has come [rfc6120-5.4.2.2-02]", async () => {
  await using neighbours = await startNeighbours();
  const { montague, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText(chat("iago@venice.example", "one"));
  const peer = venice.last;
  const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
  await peer.answerHeader("from='venice.example' to='montague.example' id='s1'", starttls);
  assert.equal(peer.next().name, "starttls");
  await peer.sendText("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>");
  assert.equal(orchard.next().attr("type"), "error");
  await env.advance(5_000);
  await orchard.sendText(chat("iago@venice.example", "two"));
  assert.equal(venice.accepted.length, 2);
  await venice.last.acceptExternal("venice.example", "montague.example");
  assert.equal(venice.last.next().attr("id"), "two");
});
