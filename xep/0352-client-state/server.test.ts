import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { heldStanzasMax } from "#kit/session.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { carbons } from "../0280-carbons/server.ts";
import { ping } from "../0199-ping/server.ts";
import { clientState } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const garden = `${romeo}/garden`;
const balcony = `${juliet}/balcony`;
const inactive = "<inactive xmlns='urn:xmpp:csi:0'/>";
const active = "<active xmlns='urn:xmpp:csi:0'/>";
const chatState = (state: string, thread = ""): string =>
  `<message to='${balcony}' type='chat'>${thread}<${state} xmlns='http://jabber.org/protocol/chatstates'/></message>`;

interface Cast {
  readonly world: World;
  readonly juliet: ScriptedClient;
  readonly romeo: ScriptedClient;
}

async function cast(options: Readonly<Record<string, unknown>> = {}): Promise<Cast> {
  const modules = [...instantMessaging, carbons, ping, clientState];
  const world = await startWorld({ accounts: [romeo, juliet], modules, options });
  const clients = { juliet: await world.login(balcony), romeo: await world.login(garden) };
  await befriend(clients.romeo, clients.juliet);
  return { world, ...clients };
}

/** What came, in short: name and type of each stanza, and what says what it is about. */
function came(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) => {
    const inner = stanza.firstElement;
    return [stanza.name, stanza.attr("type"), inner?.name, inner?.text]
      .filter((word) => word !== undefined && word !== "")
      .join(" ");
  });
}

test("it is announced beside binding, and every stream begins active [xep0352-5-02]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  const fresh = world.connect();
  const features = await fresh.authenticate("juliet", "capulet.example", "juliet");
  assert.match(serialize(features), /<csi xmlns='urn:xmpp:csi:0'\/>/u);
  await people.romeo.sendText(chatState("composing"));
  assert.deepEqual(came(people.juliet), ["message chat composing"]);
});

test("S11 what may wait does, of each contact the latest, until the client is active, before what it asks then [xep0352-5.1-01]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  for (const show of ["away", "xa", "dnd"]) await people.romeo.sendText(`<presence><show>${show}</show></presence>`);
  for (const state of ["composing", "paused"]) await people.romeo.sendText(chatState(state));
  people.juliet.receivesNothing();
  await people.juliet.sendText(
    `${active}<iq type='get' id='p' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>`,
  );
  assert.deepEqual(came(people.juliet), ["presence show dnd", "message chat paused", "iq result"]);
  people.juliet.ignoreAll();
  await people.romeo.sendText("<presence/>");
  assert.deepEqual(came(people.juliet), ["presence"]);
});

test("S11 nothing is reordered: whatever must not wait takes with it what waited", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  await people.romeo.sendText(`<presence><show>away</show></presence>${chatState("composing")}`);
  await people.romeo.sendText(`<message to='${balcony}' type='chat'><body>Soft!</body></message>${chatState("gone")}`);
  assert.deepEqual(came(people.juliet), ["presence show away", "message chat composing", "message chat body Soft!"]);
  people.juliet.ignoreAll();
  await people.juliet.sendText(active);
  assert.deepEqual(came(people.juliet), ["message chat gone"]);
});

const stanza = (what: string): string => what.replaceAll("TO", `to='${balcony}'`);
for (const { what, sent, waits } of [
  { what: "presence", sent: "<presence><show>away</show></presence>", waits: true },
  { what: "that a contact left", sent: "<presence type='unavailable'/>", waits: true },
  {
    what: "an error of presence",
    sent: "<presence TO type='error' id='1'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    waits: false,
  },
  { what: "a chat state", sent: chatState("composing"), waits: true },
  {
    what: "a chat state with a thread and a hint",
    sent: stanza(
      "<message TO type='chat'><thread>t</thread><active xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/></message>",
    ),
    waits: true,
  },
  {
    what: "a chat state with a text",
    sent: stanza(
      "<message TO type='chat'><body>Hi</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    ),
    waits: false,
  },
  { what: "a thread alone", sent: stanza("<message TO type='chat'><thread>t</thread></message>"), waits: false },
  {
    what: "a receipt",
    sent: stanza("<message TO type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>"),
    waits: false,
  },
  { what: "a text", sent: stanza("<message TO><body>Hi</body></message>"), waits: false },
  {
    what: "an error",
    sent: stanza(
      "<message TO type='error' id='1'><active xmlns='http://jabber.org/protocol/chatstates'/><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    ),
    waits: false,
  },
  {
    what: "an event",
    sent: stanza("<message TO type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>"),
    waits: true,
  },
  { what: "news", sent: stanza("<message TO type='headline'><body>News</body></message>"), waits: false },
  { what: "a message in a room", sent: stanza("<message TO type='groupchat'><body>Hi</body></message>"), waits: false },
  { what: "a request", sent: stanza("<iq TO type='get' id='1'><query xmlns='jabber:iq:version'/></iq>"), waits: false },
] as const)
  test(`${what} ${waits ? "waits" : "does not wait"}`, async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await people.juliet.sendText(inactive);
    await people.romeo.sendText(stanza(sent));
    assert.equal(people.juliet.pending.length, waits ? 0 : 1);
    await people.juliet.sendText(active);
    assert.equal(people.juliet.pending.length, 1);
  });

test("a request to subscribe does not wait", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], modules: [...instantMessaging, clientState] });
  const [asked, asking] = [await world.login(balcony), await world.login(garden)];
  await asked.sendText(`<presence/>${inactive}`);
  asked.ignoreAll();
  await asking.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  assert.deepEqual(came(asked), ["presence subscribe"]);
});

for (const [option, sent] of [
  ["presence_waits", "<presence><show>away</show></presence>"],
  ["chat_states_wait", chatState("composing")],
  [
    "events_wait",
    stanza("<message TO type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>"),
  ],
] as const)
  test(`the administrator decides what waits: ${option} [xep0352-3.2-01]`, async () => {
    const { world, ...people } = await cast({ [`client-state.${option}`]: false });
    await using _ = world;
    await people.juliet.sendText(inactive);
    await people.romeo.sendText(sent);
    assert.equal(people.juliet.pending.length, 1);
  });

for (const waits of [true, false])
  test(`copies of what the user writes elsewhere ${waits ? "wait" : "do not wait, where the administrator says so"}; of what he receives they do not`, async () => {
    const { world, ...people } = await cast({ "client-state.sent_copies_wait": waits });
    await using _ = world;
    const chamber = await world.login(`${juliet}/chamber`);
    await people.juliet.sendText(`<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>${inactive}`);
    people.juliet.ignoreAll();
    await chamber.sendText(`<message to='${garden}' type='chat'><body>Ay me</body></message>`);
    assert.equal(people.juliet.pending.length, waits ? 0 : 1);
    await people.romeo.sendText(
      `<message to='${juliet}/chamber' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    );
    assert.equal(people.juliet.pending.length, waits ? 0 : 1);
    await people.romeo.sendText(`<message to='${juliet}/chamber' type='chat'><body>She speaks</body></message>`);
    assert.deepEqual(
      came(people.juliet).map((line) => line.replace("message chat ", "")),
      ["sent", "received", "received"],
    );
  });

test("rooms' presence all counts: a change of nickname is not lost in what follows it", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  const x = "<x xmlns='http://jabber.org/protocol/muc#user'/>";
  await people.romeo.sendText(stanza(`<presence TO type='unavailable'>${x}</presence><presence TO>${x}</presence>`));
  await people.juliet.sendText(active);
  assert.deepEqual(came(people.juliet), ["presence unavailable x", "presence x"]);
});

test("A10 A12 what waits is bounded: when there is no more room all of it leaves", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  const states = (count: number, from: number): string =>
    Array.from({ length: count }, (_, index) => chatState("active", `<thread>${from + index}</thread>`)).join("");
  await people.romeo.sendText(states(heldStanzasMax, 0));
  people.juliet.receivesNothing();
  await people.romeo.sendText(states(1, heldStanzasMax));
  assert.equal(people.juliet.pending.length, heldStanzasMax + 1);
});

test("S11 what waits when the line is cut comes with the resumption, once, and the resumed stream is active", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const id = people.juliet.next().attr("id") ?? "";
  await people.juliet.sendText(inactive);
  await people.romeo.sendText(
    `<presence><show>away</show></presence><message to='${juliet}' type='chat'><body>1</body></message>`,
  );
  await people.romeo.sendText(`${chatState("composing")}<presence><show>dnd</show></presence>`);
  people.juliet.ignoreAll();
  await people.juliet.cut();
  await people.romeo.sendText(chatState("paused"));
  people.juliet.reconnect();
  await people.juliet.authenticate("juliet", "capulet.example", "juliet");
  await people.juliet.sendText(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='1'/>`);
  const stanzas = (): readonly string[] => came(people.juliet).filter((line) => /^(?:presence|message)/u.test(line));
  // Where the line is cut all that waited is owed, and nothing takes its place.
  assert.deepEqual(stanzas(), [
    "message chat body 1",
    "message chat composing",
    "presence show dnd",
    "message chat paused",
  ]);
  people.juliet.ignoreAll();
  await people.romeo.sendText(chatState("composing"));
  assert.deepEqual(stanzas(), ["message chat composing"]);
});

test("what waits for a session that ends is over with it, and nobody hears of it", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  await people.romeo.sendText(chatState("composing"));
  await people.juliet.close();
  assert.deepEqual(came(people.romeo), ["presence unavailable"]);
});

test("a client's state is nobody else's business: contacts see nothing of it [xep0352-6-01] [xep0352-5-03]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.juliet.sendText(inactive);
  await people.juliet.sendText(active);
  people.romeo.receivesNothing();
  await people.juliet.sendText(`${inactive}<presence><show>chat</show></presence>`);
  assert.deepEqual(came(people.romeo), ["presence show chat"]);
});
