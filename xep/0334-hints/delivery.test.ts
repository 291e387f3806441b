import assert from "node:assert/strict";
import { test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { carbons } from "../0280-carbons/server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

test("no-copy changes nothing about who gets a message to a bare address [xep0334-4.3-01]", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], modules: [...instantMessaging, carbons] });
  const sender = await world.login(`${romeo}/garden`);
  const devices = [await world.login(`${juliet}/balcony`), await world.login(`${juliet}/chamber`)];
  for (const device of devices)
    await device.sendText("<presence/><iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  for (const hint of ["", "<no-copy xmlns='urn:xmpp:hints'/>"]) {
    for (const device of devices) device.ignoreAll();
    await sender.sendText(`<message to='${juliet}' type='chat'><body>Hi</body>${hint}</message>`);
    for (const device of devices)
      assert.deepEqual(
        device.pending.map((stanza) => stanza.child("jabber:client", "body")?.text),
        ["Hi"],
      );
  }
});
