import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

const forged = {
  "the recipient's domain": "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='1597-01-01T00:00:00Z'/>",
  "the recipient's domain in other letters":
    "<delay xmlns='urn:xmpp:delay' from='CAPULET.example' stamp='1597-01-01T00:00:00Z'/>",
  "the sender's domain": "<delay xmlns='urn:xmpp:delay' from='montague.example' stamp='1597-01-01T00:00:00Z'/>",
  "a stamp that is none": "<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='long ago'/>",
  "the legacy form": "<x xmlns='jabber:x:delay' from='capulet.example' stamp='15970101T00:00:00'/>",
};

describe("A43 a delay stamp in a server's name that a client forged does not arrive [xep0203-5-01]", () => {
  for (const [name, delay] of Object.entries(forged))
    test(name, async () => {
      await using world = await startWorld({ accounts: [romeoJid, julietJid], options: { archive: false } });
      const romeo = await world.login(`${romeoJid}/orchard`);
      const juliet = await world.login(`${julietJid}/balcony`);
      await juliet.sendText("<presence/>");
      juliet.ignoreAll();
      await romeo.sendText(
        `<message to='${julietJid}' type='chat'>${delay}<body>I am dead</body>${delay}<thread>t</thread></message>`,
      );
      juliet.receives(
        `<message to='${julietJid}' type='chat' from='${romeoJid}/orchard'><body>I am dead</body><thread>t</thread></message>`,
      );
    });
});

test("a stamp in somebody else's name stays, beside that of the offline storage [xep0203-2-01]", async () => {
  await using world = await startWorld({ accounts: [romeoJid, julietJid], options: { archive: false } });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const other = `<delay xmlns='urn:xmpp:delay' from='verona.example' stamp='2025-12-31T00:00:00Z'/>`;
  await romeo.sendText(`<message to='${julietJid}' type='chat'><body>Later</body>${other}</message>`);
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<presence/>");
  juliet.next();
  juliet.receives(
    `<message to='${julietJid}' type='chat' from='${romeoJid}/orchard'><body>Later</body>${other}` +
      `<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2026-01-01T00:00:00Z'>Offline Storage</delay></message>`,
  );
});

test("a stamp that nobody can read does not keep a message from being stored", async () => {
  await using world = await startWorld({ accounts: [romeoJid, julietJid], options: { archive: false } });
  const romeo = await world.login(`${romeoJid}/orchard`);
  await romeo.sendText(
    `<message to='${julietJid}' type='chat'><body>Hm</body><delay xmlns='urn:xmpp:delay' stamp='yesterday'/></message>`,
  );
  romeo.receivesNothing();
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<presence/>");
  juliet.next();
  assert.equal(juliet.next().child("jabber:client", "body")?.text, "Hm");
  assert.deepEqual(
    world.log.filter(({ level }) => level === "error"),
    [],
  );
});
