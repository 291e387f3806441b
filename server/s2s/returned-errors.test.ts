import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import { heldErrorMsMax, heldErrorsMax } from "./held-errors.ts";
import { outgoingShape, securedAfterMs } from "./outgoing-store.ts";
import { senderShare } from "./senders.ts";

const montague = "montague.example";
const romeo = `romeo@${montague}`;
const venice = "venice.example";
const hourMs = 3_600_000;

function message(id: string, to = `nobody@${montague}`, from = venice): string {
  return `<message from='iago@${from}' to='${to}' type='chat' id='${id}'><body>${id}</body></message>`;
}

/** A server that has connected to montague and has its stream managed. */
async function managed(server: ScriptedServer, domain = venice): Promise<ScriptedPeer> {
  const peer = server.connect(montague);
  await peer.authenticate(domain, montague);
  await peer.sendText(`<enable xmlns='${NS_SM}'/>`);
  assert.equal(peer.next().name, "enabled");
  return peer;
}

/** How many of its stanzas a peer is told are here. */
async function acknowledged(peer: ScriptedPeer, neighbours: Neighbours): Promise<string | undefined> {
  peer.ignoreAll();
  await peer.sendText(`<r xmlns='${NS_SM}'/>`);
  await neighbours.env.advance(100);
  return peer.pending.findLast(({ name }) => name === "a")?.attr("h");
}

/** The stanzas that a server has got: type and id. */
function kinds({ pending }: ScriptedPeer): readonly string[] {
  return pending.flatMap((each) => (each.name === "message" ? `${each.attr("type")} ${each.attr("id")}` : []));
}

/** What is written down, of what is on its way out. */
async function rows({ montague: { store }, env }: Neighbours): Promise<readonly string[]> {
  const reading = store.page(outgoingShape.name, ".", { max: 10_000, direction: "forward" });
  await env.settle();
  const page = await reading;
  return page.found ? page.rows.map(({ value }) => value) : [];
}

async function start(domains: readonly string[] = [venice]): Promise<readonly [Neighbours, ScriptedServer]> {
  const neighbours = await startNeighbours();
  const { network, env } = neighbours;
  return [neighbours, new ScriptedServer(network, () => env.settle(), { domains })];
}

describe("an error that goes back to another server about a message of its", () => {
  test("is there before the message is acknowledged", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const peer = await managed(server);
    await peer.sendText(message("lost"));
    assert.equal(await acknowledged(peer, neighbours), "0");
    await server.last.acceptExternal(venice, montague, { after: `<sm xmlns='${NS_SM}'/>` });
    assert.equal(server.last.next().name, "enable");
    await server.last.sendText(`<enabled xmlns='${NS_SM}'/>`);
    assert.deepEqual(kinds(server.last), ["error lost"]);
    assert.equal(await acknowledged(peer, neighbours), "0");
    await server.last.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
    assert.equal(await acknowledged(peer, neighbours), "1");
    assert.deepEqual(await rows(neighbours), []);
    assert.equal(neighbours.montague.core.outgoing.heldErrors, 0);
  });

  test("counts as there when the system has taken it, where the server does not manage streams", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const peer = await managed(server);
    await peer.sendText(message("lost"));
    await server.last.acceptExternal(venice, montague);
    assert.deepEqual(kinds(server.last), ["error lost"]);
    assert.equal(await acknowledged(peer, neighbours), "1");
    assert.equal(neighbours.montague.core.outgoing.heldErrors, 0);
  });

  test("is written down where there is no way, and the message acknowledged then", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const peer = await managed(server);
    neighbours.network.set(venice, "refused");
    await peer.sendText(message("lost"));
    assert.equal(await acknowledged(peer, neighbours), "0");
    await neighbours.env.advance(securedAfterMs);
    assert.equal(await acknowledged(peer, neighbours), "1");
    assert.match((await rows(neighbours)).join(), /type='error'.*service-unavailable/u);
  });

  for (const [name, awayMs] of [
    ["a minute and a half", 90_000],
    ["an hour", hourMs],
    ["most of a day", 20 * hourMs],
  ] as const)
    for (const how of ["refused", "not-found", "hangs"] as const)
      test(`arrives when its server was ${how} for ${name}, and we were killed meanwhile`, async () => {
        const [neighbours, server] = await start();
        await using _ = neighbours;
        const { env, network } = neighbours;
        const peer = await managed(server);
        network.set(venice, how);
        await peer.sendText(message("one") + message("two"));
        await env.advance(awayMs / 2);
        assert.equal((await rows(neighbours)).length, 2);
        await neighbours.montague.restart({ killed: true });
        await env.advance(awayMs / 2);
        assert.equal((await rows(neighbours)).length, 2);
        assert.deepEqual(server.accepted, []);
        network.set(venice, "reachable");
        for (let waited = 0; server.accepted.length === 0 && waited < 2 * hourMs; waited += 10_000)
          await env.advance(10_000);
        await server.last.acceptExternal(venice, montague);
        assert.deepEqual(kinds(server.last), ["error one", "error two"]);
        assert.deepEqual(await rows(neighbours), []);
        assert.equal(neighbours.montague.core.outgoing.heldErrors, 0);
      });

  for (const { name, returns, arrived } of [
    {
      name: "goes as soon as its server comes to us",
      returns: async ({ env }: Neighbours, server: ScriptedServer) => {
        await managed(server);
        await env.advance(1_000);
        return () => {};
      },
      arrived: ["error one"],
    },
    {
      name: "goes with a message of ours, which does not wait for the next try",
      returns: async (neighbours: Neighbours) => {
        const orchard = await neighbours.montague.login(`${romeo}/orchard`);
        await orchard.sendText(`<message to='iago@${venice}' type='chat' id='hello'><body>x</body></message>`);
        return () => orchard.receivesNothing();
      },
      arrived: ["error one", "chat hello"],
    },
  ])
    test(name, async () => {
      const [neighbours, server] = await start();
      await using _ = neighbours;
      const peer = await managed(server);
      neighbours.network.set(venice, "refused");
      await peer.sendText(message("one"));
      await neighbours.env.advance(10 * hourMs);
      neighbours.network.set(venice, "reachable");
      const isWell = await returns(neighbours, server);
      await server.last.acceptExternal(venice, montague);
      assert.deepEqual(kinds(server.last), arrived);
      isWell();
    });

  test("is dropped after a day, and counted, and nothing of it is left", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const { env, network } = neighbours;
    const peer = await managed(server);
    network.set(venice, "refused");
    await peer.sendText(message("one"));
    peer.close();
    await env.advance(heldErrorMsMax - hourMs);
    assert.equal((await rows(neighbours)).length, 1);
    const tries = network.dialled.length;
    assert.ok(tries < 60, `${tries} tries in a day`);
    await env.advance(3 * hourMs);
    assert.deepEqual(await rows(neighbours), []);
    const { federation, outgoing } = neighbours.montague.core;
    assert.deepEqual([outgoing.heldErrors, federation?.waiting.stanzas, federation?.routes.size], [0, 0, 0]);
    assert.equal(neighbours.montague.errorsDropped(), 1);
  });

  test("A13 is never answered with an error, nor written down for those who ask for none", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const peer = await managed(server);
    neighbours.network.set(venice, "refused");
    await peer.sendText(
      `<message from='iago@${venice}' to='nobody@${montague}' type='error' id='1'><body>x</body></message>` +
        `<iq from='iago@${venice}' to='nobody@${montague}/x' type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>` +
        `<presence from='iago@${venice}' to='nobody@${montague}' type='probe'/>`,
    );
    await neighbours.env.advance(securedAfterMs);
    assert.equal(await acknowledged(peer, neighbours), "3");
    assert.deepEqual(await rows(neighbours), []);
  });

  test("A11 who sends nonsense and never takes an answer has a part of the rows, and others have theirs", async () => {
    const domains = Array.from({ length: 6 }, (_, index) => `d${index}.${venice}`);
    const [neighbours, server] = await start([...domains, "padua.example"]);
    await using _ = neighbours;
    const { env, network } = neighbours;
    const part = heldErrorsMax * senderShare;
    for (const domain of domains) {
      network.set(domain, "refused");
      const peer = await managed(server, domain);
      const sent = Array.from({ length: 200 }, (_, number) => message(`${number}`, undefined, domain));
      await peer.sendText(sent.join(""));
      await env.advance(securedAfterMs);
      assert.equal(await acknowledged(peer, neighbours), "200");
    }
    assert.equal(domains.length * 200 > part, true);
    assert.equal((await rows(neighbours)).length, part);
    network.set("padua.example", "refused");
    const peer = await managed(server, "padua.example");
    await peer.sendText(message("one", undefined, "padua.example"));
    await env.advance(securedAfterMs);
    assert.equal((await rows(neighbours)).length, part + 1);
    // What has no room waits a minute, as everything else, and is dropped.
    await env.advance(120_000);
    assert.equal(neighbours.montague.errorsDropped(), domains.length * 200 - part);
    assert.equal((await rows(neighbours)).length, part + 1);
  });

  test("is held while the message itself cannot be written into the recipient's archive", async () => {
    const [neighbours, server] = await start();
    await using _ = neighbours;
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/>");
    const peer = await managed(server);
    neighbours.network.set(venice, "refused");
    neighbours.montague.faults.failCommits("full");
    await peer.sendText(message("lost", romeo));
    await neighbours.env.advance(2 * securedAfterMs);
    assert.equal(await acknowledged(peer, neighbours), "0");
    neighbours.montague.faults.failCommits(undefined);
    await neighbours.env.advance(2 * securedAfterMs);
    assert.equal(await acknowledged(peer, neighbours), "1");
    assert.match((await rows(neighbours)).join(), /type='error'.*resource-constraint/u);
  });
});
