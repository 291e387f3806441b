import assert from "node:assert/strict";
import { test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { befriend } from "#testing/scenario/contacts.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import type { World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const escalus = "escalus@verona.example";
const deadlineMs = 5_000;

async function remove(world: World, domain: string): Promise<void> {
  const removed = world.core.removeHost(domainJid(domain), deadlineMs);
  await world.advance(2 * deadlineMs);
  await removed;
}

test("other servers hear that the users of a removed host leave, and then its streams with them end", async () => {
  await using neighbours = await startNeighbours();
  const { montague, verona, env } = neighbours;
  const orchard = await montague.login(`${romeo}/orchard`);
  const court = await verona.login(`${escalus}/court`);
  await befriend(orchard, court);
  await env.advance(1_000);
  orchard.ignoreAll();
  await remove(verona, "verona.example");
  assert.deepEqual(
    orchard.pending.map((stanza) => `${stanza.name} ${stanza.attr("type")} ${stanza.attr("from")}`),
    [`presence unavailable ${escalus}/court`],
  );
  orchard.ignoreAll();
  await orchard.sendText(`<message to='${escalus}' type='chat' id='late'><body>late</body></message>`);
  await env.advance(120_000);
  assert.deepEqual(
    orchard.pending.map((stanza) => `${stanza.attr("id")} ${stanza.attr("type")}`),
    ["late error"],
  );
  assert.equal([...(verona.core.federation?.streams ?? [])].length, 0);
});

test("who names none of our domains is answered by the first of those that there are at the time [rfc6120-4.9.1.3-01]", async () => {
  await using neighbours = await startNeighbours();
  const { verona, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const answeredBy = async (): Promise<string | undefined> => {
    const peer = venice.connect("verona.example");
    await peer.sendHeader("from='venice.example' to='padua.example'");
    return peer.header?.attr("from");
  };
  assert.equal(await answeredBy(), "verona.example");
  await remove(verona, "verona.example");
  assert.equal(await answeredBy(), "conference.verona.example");
});
