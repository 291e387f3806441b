import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { befriend } from "#testing/scenario/befriend.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { Absences } from "./absences.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const iago = "iago@venice.example";

/** Presence that came, in short, from others than the client's own account: `unavailable juliet@…`. */
function seen(client: ScriptedClient, own: string): readonly string[] {
  const lines = client.pending
    .filter(({ name }) => name === "presence")
    .filter((stanza) => stanza.attr("type") !== "error" && stanza.attr("from")?.startsWith(own) !== true)
    .map((stanza) => `${stanza.attr("type") ?? "available"} ${stanza.attr("from")}`);
  client.ignoreAll();
  return lines;
}

/** Two who see one another, and nothing unread. */
async function friends(neighbours: Neighbours): Promise<readonly [ScriptedClient, ScriptedClient]> {
  const { orchard, balcony } = await befriend(neighbours);
  assert.ok(seen(orchard, romeo).includes(`available ${juliet}/balcony`));
  assert.ok(seen(balcony, juliet).includes(`available ${romeo}/orchard`));
  return [orchard, balcony];
}

function part({ network }: Neighbours, reachability: "refused" | "reachable"): void {
  for (const domain of ["montague.example", "capulet.example"]) network.set(domain, reachability);
  if (reachability === "refused") for (const wire of network.wires) wire.cut();
}

for (const bidirectional of [true, false])
  describe(`contacts at a server that was lost, ${bidirectional ? "both ways on one stream" : "a stream each way"}`, () => {
    const options = { federation: { bidirectional } };

    test("are not shown any more when it cannot be reached, and are again when it can, though nobody says a word", async () => {
      await using neighbours = await startNeighbours(options);
      const [orchard, balcony] = await friends(neighbours);
      part(neighbours, "refused");
      await neighbours.env.advance(30_000);
      assert.deepEqual(seen(orchard, romeo), []);
      await neighbours.env.advance(200_000);
      assert.deepEqual([...new Set(seen(orchard, romeo))], [`unavailable ${juliet}`]);
      assert.deepEqual([...new Set(seen(balcony, juliet))], [`unavailable ${romeo}`]);
      part(neighbours, "reachable");
      await neighbours.env.advance(400_000);
      assert.deepEqual([...new Set(seen(orchard, romeo))], [`available ${juliet}/balcony`]);
      assert.deepEqual([...new Set(seen(balcony, juliet))], [`available ${romeo}/orchard`]);
    });

    test("that was killed and started anew are gone when they do not come back", async () => {
      await using neighbours = await startNeighbours(options);
      const [orchard] = await friends(neighbours);
      await neighbours.capulet.restart({ killed: true, downMs: 3_000 });
      await neighbours.env.advance(200_000);
      assert.deepEqual([...new Set(seen(orchard, romeo))], [`unavailable ${juliet}`]);
      const again = await neighbours.capulet.login(`${juliet}/chamber`);
      await again.sendText("<presence/>");
      assert.deepEqual(seen(orchard, romeo), [`available ${juliet}/chamber`]);
    });

    test("whose stream is resumed are not asked about", async () => {
      await using neighbours = await startNeighbours(options);
      const [orchard, balcony] = await friends(neighbours);
      for (let number = 0; number < 5; number += 1) {
        for (const wire of neighbours.network.wires) wire.cut();
        await neighbours.env.advance(20_000);
      }
      assert.deepEqual([...seen(orchard, romeo), ...seen(balcony, juliet)], []);
    });

    test("that closes its streams in peace are not asked about", async () => {
      await using neighbours = await startNeighbours(options);
      const [orchard, balcony] = await friends(neighbours);
      await neighbours.env.advance(1_800_000);
      assert.ok(neighbours.network.wires.every(({ closed }) => closed));
      assert.deepEqual([...seen(orchard, romeo), ...seen(balcony, juliet)], []);
    });
  });

/** Romeo sees iago, whose server does as the test says; `bring` connects as that server. */
async function besideVenice(): Promise<{
  readonly neighbours: Neighbours;
  readonly venice: ScriptedServer;
  readonly orchard: ScriptedClient;
  readonly bring: () => Promise<ScriptedPeer>;
}> {
  const neighbours = await startNeighbours({ federation: { bidirectional: false } });
  const { montague, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText(`<presence/><presence type='subscribe' to='${iago}'/>`);
  await venice.last.acceptExternal("venice.example", "montague.example");
  const bring = async (): Promise<ScriptedPeer> => {
    const peer = venice.connect("montague.example");
    await peer.authenticate("venice.example", "montague.example");
    return peer;
  };
  const peer = await bring();
  await peer.sendText(`<presence type='subscribed' from='${iago}' to='${romeo}'/>`);
  await peer.sendText(`<presence from='${iago}/ship' to='${romeo}'/>`);
  assert.ok(seen(orchard, romeo).includes(`available ${iago}/ship`));
  venice.last.ignoreAll();
  peer.close();
  await env.settle();
  return { neighbours, venice, orchard, bring };
}

function probes({ accepted }: ScriptedServer): number {
  return accepted.flatMap(({ pending }) => pending).filter((element) => element.attr("type") === "probe").length;
}

describe("a server that comes and goes", () => {
  test("has its users asked about once in five minutes", async () => {
    const { neighbours, venice, bring } = await besideVenice();
    await using _ = neighbours;
    for (let number = 0; number < 20; number += 1) {
      const peer = await bring();
      await neighbours.env.advance(10_000);
      peer.close();
      await neighbours.env.advance(5_000);
    }
    assert.ok([1, 2].includes(probes(venice)), `${probes(venice)} probes`);
    assert.equal(neighbours.montague.core.federation?.links.size, 1);
  });

  test("and says that it goes down has its users asked about", async () => {
    const { neighbours, venice, bring } = await besideVenice();
    await using _ = neighbours;
    await neighbours.env.advance(400_000);
    const before = probes(venice);
    const peer = await bring();
    await peer.sendText(
      "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
    );
    await neighbours.env.advance(10_000);
    assert.equal(probes(venice), before + 1);
  });

  test("where nobody has a contact is not looked for", async () => {
    await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
    const { network, env, montague } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText("<presence/>");
    const peer = venice.connect("montague.example");
    await peer.authenticate("venice.example", "montague.example");
    await peer.sendText(`<presence from='${iago}/ship' to='${romeo}'/>`);
    network.set("venice.example", "refused");
    peer.close();
    await env.advance(3_600_000);
    assert.deepEqual(network.dialled, []);
  });
});

describe("a contact of whom it is said that its server cannot be reached", () => {
  const cases: readonly (readonly [from: string, to: string, condition: string, isGone: boolean])[] = [
    [iago, romeo, "remote-server-timeout", true],
    [iago, `${romeo}/orchard`, "remote-server-timeout", true],
    [iago, romeo, "remote-server-not-found", true],
    [iago, romeo, "service-unavailable", false],
    ["cassio@venice.example", romeo, "remote-server-timeout", false],
  ];
  for (const [from, to, condition, isGone] of cases)
    test(`${isGone ? "is shown to have left, behind the error" : "stays as it is"}: ${condition} of ${from} to ${to}`, async () => {
      const { neighbours, orchard, bring } = await besideVenice();
      await using _ = neighbours;
      const garden = await neighbours.montague.login(`${romeo}/garden`);
      await garden.sendText("<presence/>");
      for (const client of [orchard, garden]) client.ignoreAll();
      const peer = await bring();
      await peer.sendText(
        `<presence type='error' from='${from}' to='${to}'><error type='wait'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`,
      );
      const heard = [orchard, garden].map((client) => client.pending.map((stanza) => stanza.attr("type")));
      const gone = isGone ? ["unavailable"] : [];
      assert.deepEqual(heard, [
        ["error", ...gone],
        [...(to === romeo ? ["error"] : []), ...gone],
      ]);
    });
});

test("A12 so many servers that were lost are looked after at most, however many are", () => {
  const absences = new Absences({
    env: new VirtualEnv("absences"),
    limits: { deliveryMsMax: 60_000, retryMsMin: 1_000, retryMsMax: 60_000 },
    inDoubt: () => undefined,
    isThere: () => false,
    reach: () => Promise.reject(new Error("nothing is asked here")),
  });
  const local = domainJid("montague.example");
  absences.lost(Array.from({ length: 1_001 }, (_, at) => ({ local, remote: domainJid(`elsewhere-${at}.example`) })));
  assert.equal(absences.size, 1_000);
  absences.stop();
});
