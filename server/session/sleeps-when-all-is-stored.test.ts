import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { available, bodies, chat, managed, resume } from "#testing/scenario/devices.ts";
import { offlineRows, storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { sweepIntervalMs } from "../account/registry.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("what a client acknowledged as it was refused its session is not forgotten by sleep: no row of it stays, and nobody gets it again [xep0198-4-07]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  // A row of its own, which no other store knows of.
  await sender.sendText(
    `<message to='${juliet}/balcony' type='chat'><body>1</body><no-store xmlns='urn:xmpp:hints'/></message>`,
  );
  await mine.client.cut();
  await sender.sendText(chat(`${juliet}/balcony`, "2"));
  mine.client.reconnect();
  await mine.client.authenticate("juliet", "capulet.example", "juliet");
  world.faults.failReads("unavailable");
  await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
  world.faults.failReads(undefined);
  assert.notEqual(mine.client.next().name, "resumed");
  await mine.client.cut();
  await world.advance(3 * sweepIntervalMs);
  const other = await available(world, `${juliet}/chamber`);
  await world.advance(600_000);
  assert.deepEqual(bodies(other), ["2"]);
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
});

const readsArchive = "<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>";
for (const { what, begin, restarted } of [
  { what: "what waited for its client", begin: "", restarted: false },
  { what: "pages of its archive with what waited", begin: readsArchive, restarted: false },
  { what: "such pages ahead of a restart", begin: readsArchive, restarted: true },
])
  test(`a session that was sent ${what}, and was cut, sleeps; its client is sent the same, once`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet] });
    const sender = await available(world, `${romeo}/orchard`);
    const numbers = Array.from({ length: 20 }, (_, at) => String(at));
    for (const number of numbers) await sender.sendText(chat(juliet, number));
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
    const id = client.next().attr("id") ?? "";
    await client.sendText(`${begin}<presence/>`);
    const shown = (): readonly string[] =>
      client.pending
        .filter(({ name }) => name !== "r")
        .map(
          (stanza) =>
            `${stanza.name} ${stanza.attr("from")} ${stanza
              .elements()
              .map(({ name }) => name)
              .join()}`,
        );
    const had = shown();
    assert.ok(had.length > numbers.length);
    await client.cut();
    await world.advance(3 * sweepIntervalMs);
    assert.deepEqual([...world.core.registry.sleeping()], [juliet]);
    assert.equal(await offlineRows(world, juliet), numbers.length);
    if (restarted) await world.restart();
    await resume({ client, id }, juliet, 0);
    assert.equal(client.next().name, "resumed");
    assert.deepEqual(shown(), had);
    await client.sendText(`<a xmlns='${NS_SM}' h='${had.length}'/>`);
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
  });
