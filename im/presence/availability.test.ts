import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { presenceFrom, presenceWitness, reachState } from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const nurse = "nurse@capulet.example";
const accounts = [juliet, romeo, nurse, "benvolio@montague.example"];

/** Juliet's balcony and Romeo's orchard, who see each other; nobody else sees anybody. */
async function friends(): Promise<{ world: World; balcony: ScriptedClient; orchard: ScriptedClient }> {
  const world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  await befriend(balcony, orchard);
  return { world, balcony, orchard };
}

const away = "<show>away</show><status xml:lang='it'>Ohimè</status><c xmlns='urn:example:mood'><x/></c>";

test("initial presence goes to subscribers and to all own resources, itself among them [rfc6121-4.2.2-01] [rfc6121-4.2.2-02] [rfc6121-4.2.2-03] [rfc6121-4.2.1-02]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  const stranger = await world.login(`${nurse}/kitchen`);
  await stranger.sendText("<presence/>");
  stranger.ignoreAll();
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText(`<presence id='p'>${away}</presence>`);
  const shown = (to: string): string => `<presence id='p' from='${juliet}/chamber' to='${to}'>${away}</presence>`;
  orchard.receives(shown(romeo));
  balcony.receives(shown(juliet));
  chamber.receives(shown(juliet));
  chamber.receives(`<presence from='${juliet}/balcony' to='${juliet}/chamber'/>`);
  // What the contact says is asked for once more, in the account's name.
  for (const client of [chamber, balcony]) client.receives(`<presence from='${romeo}/orchard' to='${juliet}'/>`);
  for (const client of [balcony, chamber, orchard, stranger]) client.receivesNothing();
});

test("later presence is broadcast whole and nobody is asked again [rfc6121-4.4.2-01] [rfc6121-4.4.2-02] [rfc6121-4.4.3-01] [rfc6121-4.4.1-01]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await balcony.sendText(`<presence id='q'>${away}</presence>`);
  orchard.receives(`<presence id='q' from='${juliet}/balcony' to='${romeo}'>${away}</presence>`);
  balcony.receives(`<presence id='q' from='${juliet}/balcony' to='${juliet}'>${away}</presence>`);
  for (const client of [balcony, orchard]) client.receivesNothing();
});

/** What presence may say; none of it means anything to a server but the priority. */
const sayings: Readonly<Record<string, string>> = {
  "a show [rfc6121-4.7.2.1-01]": "<show>xa</show>",
  "a status [rfc6121-4.7.2.2-01]": "<status>Parting is such sweet sorrow</status>",
  "a status in several languages [rfc6121-4.7.2.2-03]":
    "<status xml:lang='en'>Alas</status><status xml:lang='it'>Ohimè</status>",
  "a priority [rfc6121-4.7.2.3-01]": "<priority>-7</priority>",
  "what other namespaces define [rfc6121-4.7.3-01]":
    "<c xmlns='urn:example:mood' a='1'><deep>&amp;<x xmlns=''/></deep></c>",
};

for (const [name, content] of Object.entries(sayings))
  test(`presence may say, and passes on unchanged, ${name}`, async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    await balcony.sendText(`<presence>${content}</presence>`);
    orchard.receives(`<presence from='${juliet}/balcony' to='${romeo}'>${content}</presence>`);
    balcony.receives(`<presence from='${juliet}/balcony' to='${juliet}'>${content}</presence>`);
    for (const client of [balcony, orchard]) client.receivesNothing();
  });

test("no priority is a priority of zero [rfc6121-4.7.2.3-05]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  const say = (): Promise<void> => orchard.sendText(`<message to='${juliet}' type='chat'><body>?</body></message>`);
  const who = (): readonly string[] =>
    [balcony, chamber].filter(({ pending }) => pending.some(({ name }) => name === "message")).map(({ jid }) => jid);
  for (const [priority, gets] of [
    [-1, [balcony.jid]],
    [0, [balcony.jid, chamber.jid]],
    [1, [chamber.jid]],
  ] as const) {
    await chamber.sendText(`<presence><priority>${priority}</priority></presence>`);
    for (const client of [balcony, chamber]) client.ignoreAll();
    await say();
    assert.deepEqual(who(), gets, `beside a priority of ${priority}`);
  }
});

test("who leaves hears so itself, as do the user's other devices, available or not to others [rfc6121-4.5.2-05]", async () => {
  const { world, balcony } = await friends();
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText("<presence><priority>-1</priority></presence>");
  for (const client of [balcony, chamber]) client.ignoreAll();
  await balcony.sendText("<presence type='unavailable'/>");
  for (const client of [balcony, chamber])
    client.receives(`<presence type='unavailable' from='${juliet}/balcony' to='${juliet}'/>`);
});

test("what a client says after it left is initial presence anew [rfc6121-4.5.2-07]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await balcony.sendText("<presence type='unavailable'/>");
  for (const client of [balcony, orchard]) client.ignoreAll();
  await balcony.sendText("<presence><show>chat</show></presence>");
  orchard.receives(`<presence from='${juliet}/balcony' to='${romeo}'><show>chat</show></presence>`);
  balcony.receives(`<presence from='${juliet}/balcony' to='${juliet}'><show>chat</show></presence>`);
  // The contact was asked again.
  balcony.receives(`<presence from='${romeo}/orchard' to='${juliet}'/>`);
  for (const client of [balcony, orchard]) client.receivesNothing();
});

test("presence to a resource is for that resource alone [rfc6121-8.5.3.1-04] [rfc6121-8.5.3.2.2-01]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  const garden = await world.login(`${romeo}/garden`);
  await garden.sendText("<presence/>");
  for (const client of [orchard, garden]) client.ignoreAll();
  for (const type of ["", " type='unavailable'"]) {
    await balcony.sendText(`<presence to='${romeo}/orchard'${type}/>`);
    orchard.receives(`<presence from='${juliet}/balcony' to='${romeo}/orchard'${type}/>`);
    await balcony.sendText(`<presence to='${romeo}/tomb'${type}/>`);
    for (const client of [orchard, garden]) client.receivesNothing();
  }
});

test("presence is shown to all available resources of a contact, and to no other [rfc6121-4.2.3-01] [rfc6121-8.5.2.1.2-01] [rfc6121-8.5.2.1.2-04]", async () => {
  const { world, balcony } = await friends();
  await using _ = world;
  const garden = await world.login(`${romeo}/garden`);
  await garden.sendText("<presence><priority>-3</priority></presence>");
  const hidden = await world.login(`${romeo}/hidden`);
  garden.ignoreAll();
  await balcony.sendText("<presence/>");
  garden.receives(`<presence from='${juliet}/balcony' to='${romeo}'/>`);
  hidden.receivesNothing();
});

describe("leaving is broadcast [rfc6121-4.5.2-02] [rfc6121-4.5.3-01]", () => {
  const farewell = "<status>Parting is such sweet sorrow</status>";
  const ways: Readonly<
    Record<
      string,
      { readonly leave: (client: ScriptedClient, world: World) => Promise<unknown>; readonly says?: string }
    >
  > = {
    "with all that was said [rfc6121-4.5.2-04] [rfc6121-4.5.1-02] [rfc6121-4.7.2.2-04]": {
      leave: (client) => client.sendText(`<presence type='unavailable' id='u'>${farewell}</presence>`),
      says: farewell,
    },
    "when the stream is closed, without what was said before [rfc6121-4.5.2-06] [rfc6121-4.5.1-03]": {
      leave: (client) => client.close(),
    },
    "when the connection breaks [rfc6121-4.5.2-01] [rfc6121-4.5.2-03]": { leave: (client) => client.cut() },
    "when the stream breaks off with an error": { leave: (client) => client.sendText("</oops>") },
    "when another client takes the resource": { leave: (_, world) => world.login(`${juliet}/balcony`) },
    "when a cut stream is not resumed in time": {
      leave: async (client, world) => {
        await client.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true' max='30'/>");
        await client.cut();
        await world.advance(31_000);
      },
    },
  };
  for (const [name, { leave, says }] of Object.entries(ways))
    test(name, async () => {
      const { world, balcony, orchard } = await friends();
      await using _ = world;
      const chamber = await world.login(`${juliet}/chamber`);
      await chamber.sendText("<presence/>");
      await balcony.sendText("<presence><show>dnd</show><priority>5</priority></presence>");
      for (const client of [balcony, chamber, orchard]) client.ignoreAll();
      await leave(balcony, world);
      const id = says === undefined ? "" : "id='u' ";
      const bye = (to: string): string =>
        `<presence ${id}type='unavailable' from='${juliet}/balcony' to='${to}'>${says ?? ""}</presence>`;
      orchard.receives(bye(romeo));
      chamber.receives(bye(juliet));
      if (says !== undefined) balcony.receives(bye(juliet));
      orchard.receivesNothing();
      chamber.receivesNothing();
    });
});

test("who waits for a stream to be resumed is still there to others", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await balcony.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true' max='60'/>");
  await balcony.cut();
  await world.advance(10_000);
  orchard.receivesNothing();
});

test("who leaves twice leaves once, and may come again", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await balcony.sendText("<presence type='unavailable'/>");
  await balcony.sendText("<presence type='unavailable'/>");
  await balcony.sendText("<presence/>");
  await balcony.close();
  assert.deepEqual(presenceFrom(orchard, juliet), ["unavailable", "", "unavailable"]);
});

for (const [state, sees] of [
  ["None", false],
  ["None + Pending In", false],
  ["To", false],
  ["From", true],
  ["From + Pending Out", true],
  ["Both", true],
] as const)
  test(`a contact in state ${state} ${sees ? "sees" : "does not see"} presence [rfc6121-11-03]`, async () => {
    await using world = await startWorld({ accounts });
    const balcony = await world.login(`${juliet}/balcony`);
    const orchard = await world.login(`${romeo}/orchard`);
    await reachState(balcony, orchard, state);
    await balcony.sendText("<presence><show>dnd</show></presence>");
    await balcony.sendText("<presence type='unavailable'/>");
    assert.deepEqual(presenceFrom(orchard, juliet), sees ? ["", "unavailable"] : []);
  });

for (const priority of ["128", "-129", "high", "", "1.5", "999999999999"])
  test(`a priority of "${priority}" is refused and changes nothing [rfc6121-4.7.2.3-02]`, async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    await balcony.sendText(`<presence id='p'><priority>${priority}</priority></presence>`);
    balcony.receives(
      `<presence type='error' id='p' to='${juliet}/balcony'><error type='modify'>` +
        `<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
        `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></presence>`,
    );
    for (const client of [balcony, orchard]) client.receivesNothing();
  });

for (const priority of ["-128", "127", "+5", " 0 "])
  test(`a priority of "${priority}" is one [rfc6121-4.7.2.3-02]`, async () => {
    const { world, balcony } = await friends();
    await using _ = world;
    await balcony.sendText(`<presence><priority>${priority}</priority></presence>`);
    balcony.receives(`<presence from='${juliet}/balcony' to='${juliet}'><priority>${priority}</priority></presence>`);
  });

for (const to of ["", ` to='${romeo}'`])
  test(`presence of an unknown type${to} is refused, and an error says why inside [rfc6121-4.7.1-04] [rfc6121-4.7.1-02]`, async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    await balcony.sendText(`<presence type='invisible'${to}/>`);
    const error = balcony.next();
    assert.equal(error.attr("type"), "error");
    assert.equal(error.child("jabber:client", "error")?.elements()[0]?.name, "bad-request");
    orchard.receivesNothing();
  });

test("presence to nobody and to a server says nothing [rfc6121-8.5.1-03]", async () => {
  const { module, arrivals } = presenceWitness();
  await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const balcony = await world.login(`${juliet}/balcony`);
  for (const to of ["rosaline@capulet.example", "rosaline@capulet.example/x", "montague.example"])
    for (const type of ["", " type='unavailable'"]) await balcony.sendText(`<presence to='${to}'${type}/>`);
  balcony.receivesNothing();
  // Not even an answer that the own server would swallow.
  assert.deepEqual(arrivals, []);
});

test("presence to an account that has nobody available is not kept for later [rfc6121-8.5.2.2.2-01]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await orchard.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  await orchard.sendText("<presence type='unavailable'/>");
  for (const client of [balcony, orchard]) client.ignoreAll();
  await balcony.sendText(`<presence to='${romeo}'><status>Come!</status></presence>`);
  for (const client of [balcony, orchard]) client.receivesNothing();
  const garden = await world.login(`${romeo}/garden`);
  garden.receivesNothing();
});
