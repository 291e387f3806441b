import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isBare, parseJid } from "#protocol/jid/jid.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { LastActivity } from "./elements.ts";
import { lastActivity } from "./server.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

async function verona(): Promise<{
  readonly world: World;
  readonly romeo: ScriptedClient;
  readonly juliet: ScriptedClient;
}> {
  const world = await startWorld({ accounts: [romeoJid, julietJid], modules: [...instantMessaging, lastActivity] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  return { world, romeo, juliet };
}

const asking = (to: string): string => `<iq type='get' id='last1' to='${to}'><query xmlns='jabber:iq:last'/></iq>`;

async function seesLast(client: ScriptedClient, of: string, seconds: number, status = ""): Promise<void> {
  client.ignoreAll();
  await client.sendText(asking(of));
  client.receives(
    `<iq type='result' id='last1' from='${of}' to='${client.jid}'>` +
      `<query xmlns='jabber:iq:last' seconds='${seconds}'>${status}</query></iq>`,
  );
}

async function isRefused(client: ScriptedClient, of: string, condition: string, type: string): Promise<void> {
  client.ignoreAll();
  await client.sendText(asking(of));
  client.receives(
    `<iq type='error' id='last1' from='${of}' to='${client.jid}'><query xmlns='jabber:iq:last'/><error type='${type}'>` +
      `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
  );
}

async function stored(world: World): Promise<string | undefined> {
  const found = world.store.get("last-left", julietJid, "");
  await world.settle();
  return found;
}

describe("answers of the specification are read and written without loss", () => {
  for (const xml of [
    "<query xmlns='jabber:iq:last'/>",
    "<query xmlns='jabber:iq:last' seconds='903'/>",
    "<query xmlns='jabber:iq:last' seconds='903'>Heading Home</query>",
  ])
    test(xml, () => void assertRoundTrip(LastActivity, xml));
});

test("Romeo learns how long ago Juliet left, and with what words", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await seesLast(romeo, julietJid, 0);
  await juliet.sendText("<presence type='unavailable'><status>Heading Home</status></presence>");
  await juliet.close();
  await world.advance(903_999);
  await seesLast(romeo, julietJid, 903, "Heading Home");
});

test("a connection that was lost is a leave without words", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await juliet.cut();
  await world.advance(5_000);
  await seesLast(romeo, julietJid, 5);
});

test("the last of several resources counts", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  const chamber = await world.login(`${julietJid}/chamber`);
  await chamber.sendText("<presence/>");
  await juliet.sendText("<presence type='unavailable'><status>first</status></presence>");
  await world.advance(10_000);
  await seesLast(romeo, julietJid, 0);
  assert.equal(await stored(world), undefined);
  await chamber.sendText("<presence type='unavailable'><status>second</status></presence>");
  await world.advance(20_000);
  await seesLast(romeo, julietJid, 20, "second");
});

test("who is connected and hides looks as away as their presence says", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await juliet.sendText("<presence type='unavailable'/>");
  await world.advance(60_000);
  await seesLast(romeo, julietJid, 60);
  await seesLast(juliet, julietJid, 0);
});

test("who never was there was never seen", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await romeo.sendText(`<presence type='subscribe' to='${julietJid}'/>`);
  await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/>`);
  romeo.ignoreAll();
  await romeo.sendText(asking(julietJid));
  assert.ok(romeo.next().elements()[1]?.child("urn:ietf:params:xml:ns:xmpp-stanzas", "item-not-found"));
});

test("a parting word is kept up to a bound, without half a character", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await juliet.sendText(
    `<presence type='unavailable'><status>${"x".repeat(1_023)}💔${"y".repeat(500)}</status></presence>`,
  );
  await seesLast(romeo, julietJid, 0, `${"x".repeat(1_023)}\u{fffd}`);
});

test("strangers are forbidden to know", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await juliet.sendText("<presence/>");
  await isRefused(romeo, julietJid, "forbidden", "auth");
  // A resource hides as one that is not there does, which RFC 6121 §8.5.3.1 has first.
  await isRefused(romeo, `${julietJid}/balcony`, "service-unavailable", "cancel");
  await isRefused(romeo, `${julietJid}/chamber`, "service-unavailable", "cancel");
});

test("a contact's question to a resource goes to its client", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await romeo.sendText(asking(`${julietJid}/balcony`));
  juliet.receives(
    `<iq type='get' id='last1' from='${romeoJid}/orchard' to='${julietJid}/balcony'><query xmlns='jabber:iq:last'/></iq>`,
  );
});

test("a host tells how long it is up", async () => {
  const { world, romeo } = await verona();
  await using _ = world;
  await world.advance(123_456_000);
  await seesLast(romeo, "capulet.example", 123_456);
});

test("A54 whoever takes a deleted account's name does not inherit when it was last seen", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await befriend(romeo, juliet);
  await juliet.close();
  assert.notEqual(await stored(world), undefined);
  const jid = parseJid(julietJid);
  assert.ok(jid !== undefined && isBare(jid));
  const deleted = world.core.accounts.delete(jid);
  await world.settle();
  assert.deepEqual(await deleted, { ok: true });
  assert.equal(await stored(world), undefined);
});
