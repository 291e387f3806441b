import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_SM, NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { startNeighbours, type Neighbours, type NeighboursOptions } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import { changePolicy } from "#testing/scenario/federation-policy.ts";
import { defaultFederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";

interface Siege {
  readonly neighbours: Neighbours;
  /** Of venice.example and ghetto.venice.example. */
  readonly venice: ScriptedServer;
  /** Of somebody else. */
  readonly tunis: ScriptedServer;
}

async function besieged(options: NeighboursOptions = {}): Promise<Siege> {
  const neighbours = await startNeighbours({ federation: { bidirectional: true }, ...options });
  const { network, env } = neighbours;
  const start = (address: string, ...domains: readonly string[]): ScriptedServer =>
    new ScriptedServer(network, () => env.settle(), { domains, address });
  return {
    neighbours,
    venice: start("203.0.113.66", "venice.example", "ghetto.venice.example"),
    tunis: start("203.0.113.67", "tunis.example"),
  };
}

/** Connects as a domain, both ways, with a stream that can be resumed; returns its id. */
async function managed(peer: ScriptedPeer, from: string, to = "montague.example"): Promise<string> {
  await peer.authenticate(from, to, "bidirectional");
  await peer.sendText(`<enable xmlns='${NS_SM}' resume='true' max='300'/>`);
  return peer.next().attr("id") ?? assert.fail("the stream cannot be resumed");
}

function conditionOf(peer: ScriptedPeer): string | undefined {
  const error = peer.pending.find(({ name }) => name === "error");
  return error?.elements().find(({ ns }) => ns === NS_STREAMS)?.name;
}

const resume = (id: string, h = 0): string => `<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>`;
const ping = (from: string, i: number): string =>
  `<iq type='get' id='p${i}' from='${from}' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>`;

describe("A35 a stream that was cut is taken up", () => {
  test("A35 by nobody but the server that it was with, who has shown so anew", async () => {
    const { neighbours, venice, tunis } = await besieged();
    await using _ = neighbours;
    const peer = venice.connect("montague.example");
    const id = await managed(peer, "venice.example");
    await peer.sendText(ping("venice.example", 1));
    peer.close();
    await neighbours.env.settle();
    const thief = tunis.connect("montague.example");
    await thief.authenticate("tunis.example", "montague.example");
    await thief.sendText(resume(id));
    assert.match(serialize(thief.next()), /<failed [^>]*><item-not-found /u);
    thief.receivesNothing();
    const again = venice.connect("montague.example");
    await again.authenticate("venice.example", "montague.example");
    await again.sendText(resume(id));
    assert.equal(again.next().name, "resumed");
    assert.match(serialize(again.next()), /id='p1'/u);
  });

  test("A35 and not by its id alone, by who has not shown who it is", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const peer = venice.connect("montague.example");
    const id = await managed(peer, "venice.example");
    peer.close();
    neighbours.network.unproven.add("venice.example");
    const stranger = venice.connect("montague.example");
    await stranger.openSecured("venice.example", "montague.example");
    await stranger.sendText(resume(id));
    assert.match(serialize(stranger.next()), /<failed [^>]*><unexpected-request /u);
  });

  test("A35 over nothing less than what the hosts ask for whose pairs it has", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const { core } = neighbours.verona;
    const [verona, conference] = [...core.hosts.keys()];
    assert.ok(verona !== undefined && conference !== undefined);
    const policy = { admits: () => true, bidirectional: true };
    changePolicy(core, verona, { ...policy, security: "plain" });
    changePolicy(core, conference, { ...policy, security: "certificate" });
    const peer = venice.connect("verona.example");
    const id = await managed(peer, "venice.example", "verona.example");
    await peer.sendText("<db:result from='venice.example' to='conference.verona.example'>key</db:result>");
    assert.match(serialize(peer.next()), /type='valid'/u);
    peer.close();
    // In the clear, where only dialback says who it is.
    const clear = venice.connect("verona.example");
    await clear.sendHeader("from='venice.example' to='verona.example'");
    clear.next();
    await clear.sendText(
      "<bidi xmlns='urn:xmpp:bidi'/><db:result from='venice.example' to='verona.example'>key</db:result>",
    );
    const authoritative = venice.last;
    await authoritative.answerHeader(
      "from='venice.example' to='verona.example' id='s1'",
      "<dialback xmlns='urn:xmpp:features:dialback'/>",
    );
    const asked = authoritative.next().attr("id");
    await authoritative.sendText(`<db:verify from='venice.example' to='verona.example' id='${asked}' type='valid'/>`);
    assert.match(serialize(clear.next()), /type='valid'/u);
    await clear.sendText(resume(id));
    assert.match(serialize(clear.next()), /<failed /u);
    const streams = [...(core.federation?.streams ?? [])];
    for (const { pairs, state } of streams)
      if (state === "open") for (const pair of pairs.values()) assert.equal(pair.local, verona);
  });

  test("A35 S8 and ends when more is acknowledged than was sent, with what it owed", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const peer = venice.connect("montague.example");
    const id = await managed(peer, "venice.example");
    peer.close();
    const again = venice.connect("montague.example");
    await again.authenticate("venice.example", "montague.example");
    await again.sendText(resume(id, 1));
    assert.equal(conditionOf(again), "undefined-condition");
    assert.ok(again.streamClosed);
    await again.sendText(`<message from='iago@venice.example' to='${romeo}'><body>x</body></message>`);
    assert.equal([...(neighbours.montague.core.federation?.streams ?? [])].length, 0);
  });
});

describe("A15 a server that has much sent to it and acknowledges nothing", () => {
  const limits = defaultFederationLimits;

  test("A15 what a stream owed is not remembered with it when it has ended", async () => {
    const { neighbours, venice } = await besieged();
    await using _ = neighbours;
    const peer = venice.connect("montague.example");
    await managed(peer, "venice.example");
    const [stream] = neighbours.montague.core.federation?.streams ?? [];
    await peer.sendText(Array.from({ length: 100 }, (_unused, i) => ping("venice.example", i)).join(""));
    assert.equal(stream?.owed, 100);
    peer.close();
    await neighbours.env.advance(limits.resumeWaitMsMax + 1);
    assert.equal(stream.state, "ended");
    assert.equal(stream.owed, 0);
    assert.ok(stream.managed);
    assert.equal(stream.handled, 100);
  });

  test("A15 streams that wait for their servers to come back are so many at most, and the oldest goes", async () => {
    const { neighbours, venice } = await besieged({ settings: { federation: { ...limits, suspendedMax: 10 } } });
    await using _ = neighbours;
    const domains = Array.from({ length: 30 }, (_unused, i) => `d${i}.tempest.example`);
    const tempest = new ScriptedServer(neighbours.network, () => neighbours.env.settle(), {
      domains,
      address: "203.0.113.68",
    });
    const ids: string[] = [];
    for (const domain of domains) {
      const peer = tempest.connect("montague.example");
      ids.push(await managed(peer, domain));
      peer.close();
      await neighbours.env.settle();
    }
    assert.equal([...(neighbours.montague.core.federation?.streams ?? [])].length, 10);
    const last = tempest.connect("montague.example");
    await last.authenticate(domains.at(-1) ?? "", "montague.example");
    await last.sendText(resume(ids.at(-1) ?? ""));
    assert.equal(last.next().name, "resumed");
    void venice;
  });

  test("A15 what is owed to the names below one name is bounded together, and others do not suffer from it", async () => {
    const { neighbours, venice } = await besieged({
      settings: { federation: { ...limits, unacknowledgedTotalBytesMax: 100_000, queueTotalBytesMax: 100_000 } },
    });
    await using _ = neighbours;
    const domains = Array.from({ length: 20 }, (_unused, i) => `d${i}.tempest.example`);
    const tempest = new ScriptedServer(neighbours.network, () => neighbours.env.settle(), {
      domains,
      address: "203.0.113.68",
    });
    for (const domain of domains) {
      const peer = tempest.connect("montague.example");
      await managed(peer, domain);
      await peer.sendText(Array.from({ length: 200 }, (_unused, i) => ping(domain, i)).join(""));
    }
    const { federation } = neighbours.montague.core;
    let owed = 0;
    for (const stream of federation?.streams ?? []) owed += stream.owed;
    assert.ok(owed < 350, `${owed} stanzas of 80 bytes`);
    assert.ok((federation?.waiting.bytes ?? Infinity) <= 25_000);
    const peer = venice.connect("montague.example");
    await managed(peer, "venice.example");
    await peer.sendText(ping("venice.example", 1));
    assert.match(serialize(peer.next()), /type='result'/u);
  });
});
