import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@example.com";
const nurse = "nurse@example.com";

async function start(): Promise<World> {
  return startWorld({ accounts: [juliet, "romeo@example.net"], domains: ["example.com", "example.net"] });
}

async function get(client: ScriptedClient): Promise<void> {
  await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
}

async function set(client: ScriptedClient, item: string): Promise<void> {
  await client.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
}

function roster(client: ScriptedClient, items: string): string {
  return `<iq type='result' id='g' to='${client.jid}'><query xmlns='jabber:iq:roster' ver='{any}'>${items}</query></iq>`;
}

function push(client: ScriptedClient, item: string): string {
  return `<iq type='set' id='{any}' to='${client.jid}'><query xmlns='jabber:iq:roster' ver='{any}'>${item}</query></iq>`;
}

function done(client: ScriptedClient): string {
  return `<iq type='result' id='s' to='${client.jid}'/>`;
}

test("a roster without contacts is an empty one, not an error [rfc6121-2.1.4-01]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await get(client);
  client.receives(roster(client, ""));
});

test("a new contact is pushed to all who asked for the roster, and to nobody else [rfc6121-2.2-02] [rfc6121-2.3.2-03] [rfc6121-2.1.6-01]", async () => {
  await using world = await start();
  const [balcony, chamber, garden] = [
    await world.login(`${juliet}/balcony`),
    await world.login(`${juliet}/chamber`),
    await world.login(`${juliet}/garden`),
  ];
  const romeo = await world.login("romeo@example.net/orchard");
  for (const client of [balcony, chamber]) await get(client);
  await garden.sendText("<presence/>");
  for (const client of [balcony, chamber, garden]) client.ignoreAll();
  await set(balcony, `<item jid='${nurse}' name='Nurse'><group>Servants</group></item>`);
  const item = `<item jid='${nurse}' name='Nurse' subscription='none'><group>Servants</group></item>`;
  balcony.receivesInAnyOrder(push(balcony, item), done(balcony));
  chamber.receives(push(chamber, item));
  for (const client of [balcony, chamber, garden, romeo]) client.receivesNothing();
  await get(garden);
  garden.receives(roster(garden, item));
});

test("a contact that was set is in the roster from then on, with no more said than need be [rfc6121-2.3.2-01] [rfc6121-2.1.2.4-03] [rfc6121-2.1.2.5-04] [rfc6121-2.1.2.6-04]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await set(client, `<item jid='${nurse}'/>`);
  client.receives(done(client));
  await get(client);
  client.receives(roster(client, `<item jid='${nurse}' subscription='none'/>`));
});

test("an update is stored, pushed to all who asked, and answered [rfc6121-2.4.2-01]", async () => {
  await using world = await start();
  const balcony = await world.login(`${juliet}/balcony`);
  const chamber = await world.login(`${juliet}/chamber`);
  await set(balcony, `<item jid='${nurse}' name='Nurse'/>`);
  for (const client of [balcony, chamber]) {
    await get(client);
    client.ignoreAll();
  }
  await set(chamber, `<item jid='${nurse}' name='Angelica'/>`);
  const item = `<item jid='${nurse}' name='Angelica' subscription='none'/>`;
  chamber.receivesInAnyOrder(push(chamber, item), done(chamber));
  balcony.receives(push(balcony, item));
  await get(balcony);
  balcony.receives(roster(balcony, item));
  for (const client of [balcony, chamber]) client.receivesNothing();
});

test("versions are the server's: what a client calls one in a set is not looked at [rfc6121-2.1.1-01]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await get(client);
  const versions = [client.next().child("jabber:iq:roster", "query")?.attr("ver")];
  for (const name of ["Nurse", "Angelica"]) {
    await client.sendText(
      `<iq type='set' id='s'><query xmlns='jabber:iq:roster' ver='mine'><item jid='${nurse}' name='${name}'/></query></iq>`,
    );
    versions.push(client.next().child("jabber:iq:roster", "query")?.attr("ver"));
    client.receives(done(client));
  }
  assert.equal(new Set(versions).size, 3);
  assert.ok(!versions.includes("mine") && !versions.includes(undefined));
});

test("whoever wants them finds versions and approval beforehand among the stream's features, once logged in [rfc6121-2.6.1-01] [rfc6121-3.4-02]", async () => {
  await using world = await start();
  const client = world.connect();
  const early = await client.open("example.com");
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  assert.equal(early.child("urn:xmpp:features:rosterver", "ver"), undefined);
  await client.sendText(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${encode("\0juliet\0juliet")}</auth>`,
  );
  assert.equal(client.next().name, "success");
  const features = await client.restart("example.com");
  assert.ok(features.child("urn:xmpp:features:rosterver", "ver") !== undefined);
  assert.ok(features.child("urn:xmpp:features:pre-approval", "sub") !== undefined);
});

test("a session that never asked may change the roster and gets its result [rfc6121-2.3.2-02]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await set(client, `<item jid='${nurse}'/>`);
  client.receives(done(client));
  client.receivesNothing();
});

describe("an item is updated as a whole [rfc6121-2.4.1-01]", () => {
  const updates: Readonly<Record<string, { readonly item: string; readonly shown: string }>> = {
    "more groups [rfc6121-2.1.2.6-01]": {
      item: `<item jid='${nurse}' name='Nurse'><group>Servants</group><group>Friends</group></item>`,
      shown: `<item jid='${nurse}' name='Nurse' subscription='none'><group>Servants</group><group>Friends</group></item>`,
    },
    "no group": {
      item: `<item jid='${nurse}' name='Nurse'/>`,
      shown: `<item jid='${nurse}' name='Nurse' subscription='none'/>`,
    },
    "another name": {
      item: `<item jid='${nurse}' name='Angelica'/>`,
      shown: `<item jid='${nurse}' name='Angelica' subscription='none'/>`,
    },
    "an empty name": { item: `<item jid='${nurse}' name=''/>`, shown: `<item jid='${nurse}' subscription='none'/>` },
    "no name": { item: `<item jid='${nurse}'/>`, shown: `<item jid='${nurse}' subscription='none'/>` },
    "what only the server may say": {
      item: `<item jid='${nurse}' subscription='both' ask='subscribe' approved='true'/>`,
      shown: `<item jid='${nurse}' subscription='none'/>`,
    },
    "what nobody may say": {
      item: `<item jid='${nurse}' subscription='married' ask='kindly' approved='perhaps'/>`,
      shown: `<item jid='${nurse}' subscription='none'/>`,
    },
    "an address in capital letters": {
      item: `<item jid='NURSE@Example.Com'/>`,
      shown: `<item jid='${nurse}' subscription='none'/>`,
    },
    "names with all that XML escapes [rfc6121-2-01] [rfc6121-2.1.2.4-01] [rfc6121-2.1.2.6-02]": {
      item: `<item jid='${nurse}' name='&lt;N&amp;&apos;&quot;'><group> a  b </group></item>`,
      shown: `<item jid='${nurse}' name='&lt;N&amp;&apos;&quot;' subscription='none'><group> a  b </group></item>`,
    },
  };
  for (const [name, { item, shown }] of Object.entries(updates))
    test(name, async () => {
      await using world = await start();
      const client = await world.login(`${juliet}/balcony`);
      await set(client, `<item jid='${nurse}' name='Nurse'><group>Servants</group></item>`);
      await get(client);
      client.ignoreAll();
      await set(client, item);
      client.receivesInAnyOrder(push(client, shown), done(client));
      await get(client);
      client.receives(roster(client, shown));
    });
});

test("of all subscriptions in a set the removal alone says anything [rfc6121-2.1.2.5-03] [rfc6121-2.1.5-02]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  for (const subscription of ["none", "to", "from", "both", "Remove", "", "married"]) {
    await set(client, `<item jid='${nurse}' subscription='${subscription}'/>`);
    client.receives(done(client));
  }
  await get(client);
  client.receives(roster(client, `<item jid='${nurse}' subscription='none'/>`));
  await set(client, `<item jid='${nurse}' subscription='remove'/>`);
  client.ignoreAll();
  await get(client);
  client.receives(roster(client, ""));
});

test("a contact is removed for all who asked, and gone [rfc6121-2.5.2-01]", async () => {
  await using world = await start();
  const balcony = await world.login(`${juliet}/balcony`);
  const chamber = await world.login(`${juliet}/chamber`);
  await set(balcony, `<item jid='${nurse}' name='Nurse'/>`);
  for (const client of [balcony, chamber]) {
    await get(client);
    client.ignoreAll();
  }
  await set(balcony, `<item jid='${nurse}' subscription='remove'/>`);
  balcony.receivesInAnyOrder(push(balcony, `<item jid='${nurse}' subscription='remove'/>`), done(balcony));
  chamber.receives(push(chamber, `<item jid='${nurse}' subscription='remove'/>`));
  await get(chamber);
  chamber.receives(roster(chamber, ""));
});

test("domains and single resources can be listed, beside the account", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  const jids = ["irc.example.net", "romeo@example.net", "romeo@example.net/orchard"];
  for (const jid of jids) await set(client, `<item jid='${jid}'/>`);
  client.ignoreAll();
  await get(client);
  client.receives(roster(client, jids.map((jid) => `<item jid='${jid}' subscription='none'/>`).join("")));
  await set(client, "<item jid='romeo@example.net/orchard' subscription='remove'/>");
  client.ignoreAll();
  await get(client);
  client.receives(
    roster(
      client,
      jids
        .slice(0, 2)
        .map((jid) => `<item jid='${jid}' subscription='none'/>`)
        .join(""),
    ),
  );
});

test("what a client answers to a push is ignored, also an error [rfc6121-2.1.6-05]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await get(client);
  client.ignoreAll();
  await set(client, `<item jid='${nurse}'/>`);
  const id = client.next().attr("id");
  client.next();
  for (const to of ["", ` to='${juliet}'`]) {
    await client.sendText(`<iq type='result' id='${id}'${to}/>`);
    await client.sendText(`<iq type='error' id='${id}'${to}><error type='cancel'/></iq>`);
  }
  client.receivesNothing();
  assert.deepEqual(
    world.log.filter(({ level }) => level === "error"),
    [],
  );
});

test("the roster can be asked for by the account's own address", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText(`<iq type='get' id='g' to='${juliet}'><query xmlns='jabber:iq:roster'/></iq>`);
  client.receives(
    `<iq type='result' id='g' from='${juliet}' to='${juliet}/balcony'><query xmlns='jabber:iq:roster' ver='0'/></iq>`,
  );
});

test("the roster outlives the account's sleep", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await set(client, `<item jid='${nurse}' name='Nurse'><group>Servants</group></item>`);
  await client.close();
  await world.advance(120_000);
  assert.equal(world.core.registry.size, 0);
  const again = await world.login(`${juliet}/balcony`);
  await get(again);
  again.receives(roster(again, `<item jid='${nurse}' name='Nurse' subscription='none'><group>Servants</group></item>`));
});

test("a request and the set that names its contact may come in either order [rfc6121-3.1.1-04]", async () => {
  const shown = [];
  for (const order of [
    ["set", "ask"],
    ["ask", "set"],
  ]) {
    await using world = await start();
    const client = await world.login(`${juliet}/balcony`);
    for (const step of order)
      if (step === "ask") await client.sendText("<presence type='subscribe' to='romeo@example.net'/>");
      else await set(client, "<item jid='romeo@example.net' name='Romeo'><group>Lovers</group></item>");
    client.ignoreAll();
    await get(client);
    const item =
      "<item jid='romeo@example.net' name='Romeo' subscription='none' ask='subscribe'><group>Lovers</group></item>";
    shown.push(client.receives(roster(client, item)).name);
  }
  assert.equal(shown.length, 2);
});
