import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { suite, test } from "node:test";
import { addBalconyUser, listServers } from "../balcony-process.ts";
import { CutProxy } from "../cut-proxy.ts";
import { passwordOf } from "../lab.ts";
import { relayAddress, remoteAddresses } from "../network.ts";
import { PersistentClient } from "../peers/persistent-client.ts";
import { floodOf, RawClient } from "../peers/raw-client.ts";
import { meet } from "../remotes/meeting.ts";
import { twin } from "../remotes/twin.ts";
import { serverConnections } from "../server-connections.ts";

const alice = "alice@ours.test";
const cutEachWay = 10_000;
const killedEachWay = 3_000;
const pollMs = 20;
const conversationMsMax = 300_000;
const both = { our: "dialback", ours: { bidirectional: true }, remote: { bidirectional: true } } as const;

suite("two of our own servers, both ways on one managed stream", () => {
  // Beside cuts: a network that takes everything and brings nothing, until nobody believes in the connection any more.
  const breaks = (["cut", "cut", "freeze", "cut", "cut", "cut"] as const).map((how) => ({ how, afterBytes: 250_000 }));
  test(`${cutEachWay} messages each way at the same time, the connection lost ${breaks.length} times: each comes once, in order`, async (context) => {
    await using relay = await CutProxy.listen({
      on: { host: relayAddress, port: 5269 },
      to: { host: remoteAddresses.twin, port: 5269 },
      breaks,
    });
    await using place = await meet(twin, both);
    const { server, remote } = place;
    const across = "alice@relay.twin.test";
    await addBalconyUser(remote.dir, { jid: across, password: passwordOf(across) });
    using here = await RawClient.online(alice);
    using there = await RawClient.online(across, { host: "twin.test" });
    await place.here.order("ping", { jid: "relay.twin.test" });
    const [out, incoming] = await Promise.all([
      there.heard(cutEachWay, conversationMsMax),
      here.heard(cutEachWay, conversationMsMax),
      here.flood(there.jid, cutEachWay, "out"),
      there.flood(here.jid, cutEachWay, "in"),
    ]);
    assert.deepEqual(out, floodOf(cutEachWay, "out"));
    assert.deepEqual(incoming, floodOf(cutEachWay, "in"));
    context.diagnostic(
      `twin, lost ${breaks.length} times: ${out.length} + ${incoming.length} came once, in order; ${relay.connectionCount} connections`,
    );
    assert.equal(relay.connectionCount, breaks.length + 1);
    // It is still the one stream that it was at first, and nobody has opened another.
    const listed = await listServers(server.dir, "relay.twin.test");
    assert.deepEqual(
      listed.streams.map(({ ways, openedBy, state }) => ({ ways, openedBy, state })),
      [{ ways: "both", openedBy: "us", state: "open" }],
    );
    const theirs = await listServers(remote.dir, "ours.test");
    assert.deepEqual(
      theirs.streams
        .filter(({ local }) => local === "relay.twin.test")
        .map(({ ways, openedBy }) => ({ ways, openedBy })),
      [{ ways: "both", openedBy: "them" }],
    );
    // From the relay to the twin.
    assert.deepEqual(await serverConnections(), { [relayAddress]: 1, [remoteAddresses.twin]: 1 });
  });

  for (const who of ["we are", "the other is", "both are"] as const)
    test(`${killedEachWay} messages each way at the same time, and ${who} killed and started again: nothing is lost that was acknowledged to its sender`, async (context) => {
      await using place = await meet(twin, both);
      const { server, remote } = place;
      await place.here.logOut();
      await place.there.logOut();
      const bob = remote.user("bob");
      using here = await PersistentClient.online(alice);
      using there = await PersistentClient.online(bob);
      const progress = { isOver: false };
      const sending = Promise.all([here.send(bob, killedEachWay, "out"), there.send(alice, killedEachWay, "in")]);
      const over = sending.finally(() => (progress.isOver = true));
      const kills = {
        "we are": [() => server.restart({ killed: true })],
        "the other is": [() => restart()],
        "both are": [() => server.restart({ killed: true }), () => restart()],
      }[who];
      const restart = async (): Promise<void> => {
        await remote.kill();
        await remote.startAgain();
      };
      for (const [index, kill] of kills.entries()) {
        const share = ((index + 1) * killedEachWay) / (kills.length + 1);
        while (!progress.isOver && Math.min(here.safe.length, there.safe.length) < share) await sleep(pollMs);
        assert.ok(!progress.isOver, "all was sent before it was killed");
        await kill();
      }
      await over;
      const ways = [
        { way: "out", from: here, to: there },
        { way: "in", from: there, to: here },
      ];
      for (const { way, from, to } of ways) {
        assert.equal(from.safe.length, killedEachWay);
        const missing = (): readonly string[] => {
          const heard = new Set(to.heard);
          return from.safe.filter((body) => !heard.has(body) && !from.returned.has(body));
        };
        await to.until(
          () => to.heard.length + from.returned.size >= killedEachWay && missing().length === 0,
          conversationMsMax / 2,
          () => `${way}: ${missing().length} lost, the first: ${missing()[0]}`,
        );
        const twice = to.heard.length - new Set(to.heard).size;
        context.diagnostic(
          `twin, ${who} killed, ${way}: ${killedEachWay} acknowledged, ${new Set(to.heard).size} delivered, ${from.returned.size} came back, 0 lost, ${twice} twice; ${from.logIns} log-ins`,
        );
      }
    });
});
