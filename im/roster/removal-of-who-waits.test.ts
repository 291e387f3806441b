import assert from "node:assert/strict";
import { test } from "node:test";
import { available } from "#testing/scenario/devices.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("who asked to be let in is remembered though the user removes the contact, and let in when the answer comes [rfc6121-2.5.2-01]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const client = await available(world, `${juliet}/balcony`);
  const contact = await available(world, `${romeo}/orchard`);
  const set = (attributes: string): string =>
    `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${romeo}' ${attributes}/></query></iq>`;
  await client.sendText(set("name='Romeo'"));
  await contact.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  await client.sendText(set("subscription='remove'"));
  contact.ignoreAll();
  await client.sendText(`<presence type='subscribed' to='${romeo}'/>`);
  assert.deepEqual(
    contact.pending.map((stanza) => `${stanza.name} ${stanza.attr("from")} ${stanza.attr("type") ?? "available"}`),
    [`presence ${juliet}/balcony available`],
  );
});
