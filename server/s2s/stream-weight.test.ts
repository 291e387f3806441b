import assert from "node:assert/strict";
import { test } from "node:test";
import { queryObjects } from "node:v8";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";

const count = 20;
const managed = "<sm xmlns='urn:xmpp:sm:3'/>";

/** What is alive, all garbage collected first. */
function alive(): Readonly<Record<string, number>> {
  const kinds = { maps: Map, sets: Set, promises: Promise };
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [name, queryObjects(kind, { format: "count" })]),
  );
}

// A hundred bytes more of each are a megabyte where there are ten thousand.
for (const way of ["in", "out"] as const)
  test(`a stream that has come about (${way}) keeps two maps and a set, and no timer or promise`, async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    const { federation } = montague.core;
    assert.ok(federation !== undefined);
    const domains = Array.from({ length: count + 1 }, (_, number) => `d${number}.example`);
    const server = new ScriptedServer(network, () => env.settle(), { domains });
    const romeo = await montague.login("romeo@montague.example/orchard");
    const peers: ScriptedPeer[] = [];
    const open = async (domain: string): Promise<void> => {
      if (way === "in") {
        const peer = server.connect("montague.example");
        peers.push(peer);
        await peer.authenticate(domain, "montague.example");
        await peer.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        assert.equal(peer.next().name, "enabled");
        return;
      }
      await romeo.sendText(`<message to='iago@${domain}'><no-store xmlns='urn:xmpp:hints'/><body>one</body></message>`);
      const peer = server.last;
      await peer.acceptExternal(domain, "montague.example", { after: managed });
      assert.equal(peer.next().name, "enable");
      await peer.sendText(`<enabled xmlns='urn:xmpp:sm:3' resume='true' id='${domain}'/>`);
      assert.equal(peer.next().name, "message");
      await peer.sendText("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    };
    const [first = "", ...others] = domains;
    await open(first);
    await env.advance(10_000);
    const timersBefore = env.timersPending;
    const before = alive();
    for (const domain of others) await open(domain);
    await env.advance(10_000);
    const now = alive();
    const each = Object.fromEntries(
      Object.entries(before).map(([name, was]) => [name, ((now[name] ?? 0) - was) / count]),
    );
    // The pairs of the stream and those of its machine; what has come and was not settled in turn.
    assert.deepEqual(
      { ...each, timers: env.timersPending - timersBefore },
      { maps: 2, sets: 1, promises: 0, timers: 0 },
    );
    assert.equal(federation.streams.size, domains.length);
  });
