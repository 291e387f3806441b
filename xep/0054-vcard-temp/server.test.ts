import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { VCard } from "./elements.ts";
import { vcardTemp } from "./server.ts";
import examples from "./vectors/examples.json" with { type: "json" };

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

async function verona(options: Readonly<Record<string, unknown>> = {}): Promise<{
  readonly world: World;
  readonly romeo: ScriptedClient;
  readonly juliet: ScriptedClient;
}> {
  const world = await startWorld({
    accounts: [romeoJid, julietJid],
    modules: [...instantMessaging, vcardTemp],
    options,
  });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  return { world, romeo, juliet };
}

const iq = (type: "get" | "set", card: string, to?: string): string =>
  `<iq type='${type}' id='v1'${to === undefined ? "" : ` to='${to}'`}>${card}</iq>`;
const empty = "<vCard xmlns='vcard-temp'/>";
const card =
  "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN></N></vCard>";

async function sets(client: ScriptedClient, text: string): Promise<void> {
  await client.sendText(iq("set", text));
  client.receives(`<iq type='result' id='v1' to='${client.jid}'/>`);
}

async function isRefused(client: ScriptedClient, request: string, condition: string): Promise<void> {
  await client.sendText(request);
  const answer = client.next();
  assert.equal(answer.attr("type"), "error");
  assert.ok(answer.child("jabber:client", "error")?.child(NS_STANZAS, condition) !== undefined, condition);
}

describe("cards of the specification are read and written without loss", () => {
  for (const { source, xml } of examples) test(source, () => void assertRoundTrip(VCard, xml));
});

test("Juliet publishes her card; she, and Romeo whom she does not know, read it, also when she has left", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await sets(juliet, card);
  await juliet.sendText(iq("get", empty));
  juliet.receives(`<iq type='result' id='v1' to='${julietJid}/balcony'>${card}</iq>`);
  await juliet.sendText(iq("get", empty, julietJid));
  juliet.receives(`<iq type='result' id='v1' from='${julietJid}' to='${julietJid}/balcony'>${card}</iq>`);
  await juliet.close();
  await world.advance(3_600_000);
  await romeo.sendText(iq("get", empty, julietJid));
  romeo.receives(`<iq type='result' id='v1' from='${julietJid}' to='${romeoJid}/orchard'>${card}</iq>`);
});

test("a card replaces the one before as a whole", async () => {
  const { world, juliet } = await verona();
  await using _ = world;
  await sets(juliet, card);
  const other = "<vCard xmlns='vcard-temp' version='3.0'><NICKNAME>Jule</NICKNAME></vCard>";
  await sets(juliet, other);
  await juliet.sendText(iq("get", empty));
  juliet.receives(`<iq type='result' id='v1' to='${julietJid}/balcony'>${other}</iq>`);
});

test("who has no card is told so; others are told what they would be told of nobody", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await isRefused(juliet, iq("get", empty), "item-not-found");
  await isRefused(romeo, iq("get", empty, julietJid), "service-unavailable");
  await isRefused(romeo, iq("get", empty, "nobody@capulet.example"), "service-unavailable");
});

test("an empty card takes the card away", async () => {
  const { world, juliet } = await verona();
  await using _ = world;
  await sets(juliet, card);
  await sets(juliet, empty);
  const stored = world.store.get("vcard-temp", julietJid, "");
  await world.settle();
  assert.equal(await stored, undefined);
  await isRefused(juliet, iq("get", empty), "item-not-found");
});

test("nobody sets another's card, be that other there or not", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await sets(juliet, card);
  const forged = "<vCard xmlns='vcard-temp'><FN>Rosaline</FN></vCard>";
  await isRefused(romeo, iq("set", forged, julietJid), "service-unavailable");
  await isRefused(romeo, iq("set", forged, "nobody@capulet.example"), "service-unavailable");
  await juliet.sendText(iq("get", empty));
  juliet.receives(`<iq type='result' id='v1' to='${julietJid}/balcony'>${card}</iq>`);
});

test("a card beyond the bound is refused and the old one stays", async () => {
  const { world, juliet } = await verona({ "vcard-temp.card_bytes_max": 1_024 });
  await using _ = world;
  await sets(juliet, card);
  const large = `<vCard xmlns='vcard-temp'><PHOTO><BINVAL>${"A".repeat(1_000)}</BINVAL></PHOTO></vCard>`;
  await isRefused(juliet, iq("set", large), "policy-violation");
  await juliet.sendText(iq("get", empty));
  juliet.receives(`<iq type='result' id='v1' to='${julietJid}/balcony'>${card}</iq>`);
});
