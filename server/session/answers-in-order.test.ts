import assert from "node:assert/strict";
import { test } from "node:test";
import { available, managed, resume } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const named = (name: string): string =>
  `<iq type='set' id='${name}'><query xmlns='jabber:iq:roster'><item jid='${romeo}' name='${name}'/></query></iq>`;

test("a request that is handled again, as what it read could not be written, is answered ahead of what is pushed behind it, though its session is cut meanwhile", async () => {
  await using world = await startWorld({ accounts: [juliet] });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText("<iq type='get' id='first'><query xmlns='jabber:iq:roster'/></iq>");
  const other = await available(world, `${juliet}/chamber`);
  await other.sendText(named("before"));
  mine.client.ignoreAll();
  world.slowDisc(1_000);
  // The disc writes it and says that it did not: it is put back when the data have been read anew.
  world.faults.failCommits("unavailable", true);
  await other.sendText(
    "<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='nurse@capulet.example'/></block></iq>",
  );
  await mine.client.sendText("<iq type='get' id='ask'><query xmlns='jabber:iq:roster'/></iq>");
  await mine.client.cut();
  await world.advance(2_500);
  world.faults.failCommits(undefined);
  await other.sendText(named("after"));
  await world.advance(10_000);
  world.slowDisc(0);
  await resume(mine, juliet, 4);
  const names = mine.client.pending.flatMap((stanza) =>
    (stanza.child("jabber:iq:roster", "query")?.elements() ?? []).map(
      (item) => `${stanza.attr("type")} ${item.attr("name")}`,
    ),
  );
  assert.deepEqual(names, ["result before", "set after"]);
});
