import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { ResourceConflict } from "#server/core-settings.ts";
import { befriend } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const NS_BIND = "urn:ietf:params:xml:ns:xmpp-bind";
const jids = (world: World): readonly string[] => [...world.core.registry.sessions()].map(({ jid }) => jid);

async function loggedIn(world: World): Promise<ScriptedClient> {
  const client = world.connect();
  await client.authenticate("romeo", "montague.example", "romeo");
  return client;
}

async function bind(client: ScriptedClient, inner: string): Promise<string> {
  await client.sendText(`<iq type='set' id='b'><bind xmlns='${NS_BIND}'>${inner}</bind></iq>`);
  const reply = client.pending.find((stanza) => stanza.attr("id") === "b");
  client.ignoreAll();
  const error = reply?.child("jabber:client", "error")?.elements()[0]?.name;
  return error ?? reply?.elements()[0]?.elements()[0]?.text ?? "nothing";
}

const wishes: readonly (readonly [name: string, inner: string, got: RegExp, rule?: string])[] = [
  ["none", "", /^romeo@montague\.example\/[a-z2-7]{16}$/, "[rfc6120-7.6-01] [rfc6120-7.6-02]"],
  ["an empty one", "<resource/>", /^romeo@montague\.example\/[a-z2-7]{16}$/, "[rfc6120-7.7.2.1-01]"],
  ["one [rfc3920-7-09]", "<resource>orchard</resource>", /^romeo@montague\.example\/orchard$/, "[rfc6120-7.7.1-01]"],
  ["one with spaces and a heart", "<resource> my ❤ </resource>", /^romeo@montague\.example\/ my ❤ $/],
  [
    "one that RFC 7622 writes otherwise",
    "<resource>caf\u0065\u0301</resource>",
    /^romeo@montague\.example\/café$/,
    "[rfc6120-4.3.6-06] [rfc6120-7.7.2.1-01]",
  ],
  ["one that is too long", `<resource>${"x".repeat(1_024)}</resource>`, /^bad-request$/, "[rfc6120-7.7.2.1-01]"],
  ["one with a character that must not be", "<resource>a\u0085b</resource>", /^bad-request$/],
];
for (const [name, inner, got, rule = ""] of wishes)
  test(`binding with a wish for ${name} gives ${got.source} ${rule}`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const client = await loggedIn(world);
    assert.match(await bind(client, inner), got);
    assert.equal(jids(world).length, got.source.startsWith("^romeo") ? 1 : 0);
  });

test("whoever logs in under another spelling of their name is bound to the canonical one [rfc6120-4.3.6-06]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const client = world.connect();
  await client.authenticate("ROMEO", "montague.example", "romeo");
  assert.equal(await bind(client, "<resource>orchard</resource>"), `${romeo}/orchard`);
});

test("several resources of an account are connected at once, each with a stream and a name of its own [rfc6120-7.1-03] [rfc6120-7.5-01]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const clients = [await world.login(`${romeo}/one`), await world.login(`${romeo}/two`)];
  assert.deepEqual(jids(world), [`${romeo}/one`, `${romeo}/two`]);
  for (const client of clients) {
    await client.sendText(`<message to='${client.jid}'><body>x</body></message>`);
    client.receives(`<message from='${client.jid}' to='${client.jid}'><body>x</body></message>`);
    assert.equal(client.streamClosed, false);
  }
});

test("a name that we make is never made twice [rfc6120-7.6-02]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const names = new Set<string>();
  for (let count = 0; count < 5; count += 1) names.add(await bind(await loggedIn(world), ""));
  assert.equal(names.size, 5);
});

const conflicts: readonly (readonly [
  policy: ResourceConflict,
  oneIs: "there" | "cut",
  got: RegExp,
  oneStays: boolean,
])[] = [
  ["replace-old", "there", /\/orchard$/, false],
  ["replace-old", "cut", /\/orchard$/, false],
  ["refuse-new", "there", /^conflict$/, true],
  ["refuse-new", "cut", /\/orchard$/, false],
  ["rename-new", "there", /\/orchard-[a-z2-7]{8}$/, true],
  ["rename-new", "cut", /\/orchard-[a-z2-7]{8}$/, true],
];
const olderIds: Readonly<Record<ResourceConflict, string>> = {
  "replace-old": " [rfc3921-3-09] [rfc3921-3-10]",
  "refuse-new": " [rfc3921-3-11]",
  "rename-new": " [rfc3920-7-09]",
};
for (const [resourceConflict, state, got, stays] of conflicts)
  test(`${resourceConflict}: a resource whose session is ${state} is asked for again${olderIds[resourceConflict]} [rfc6120-7.5-01] [rfc6120-7.7.1-02] [rfc6120-7.7.2.2-01]`, async () => {
    await using world = await startWorld({ accounts, settings: { resourceConflict } });
    const friend = await world.login(`${juliet}/balcony`);
    const old = await world.login(`${romeo}/orchard`);
    await old.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    await befriend(friend, old);
    if (state === "cut") await old.cut();
    await friend.sendText(`<message to='${old.jid}' type='chat'><body>owed</body></message>`);
    const next = await loggedIn(world);
    assert.match(await bind(next, "<resource>orchard</resource>"), got);
    assert.equal(old.streamClosed, !stays && state === "there");
    if (old.streamClosed) assert.equal(old.pending.at(-1)?.elements()[0]?.name, "conflict");
    // Contacts hear that the old one is gone before they hear of the new one.
    assert.deepEqual(
      friend.pending.map((stanza) => stanza.attr("type")),
      stays ? [] : ["unavailable"],
    );
    if (stays) return;
    await next.sendText("<presence/>");
    assert.deepEqual(
      friend.pending.map((stanza) => stanza.attr("type")),
      ["unavailable", undefined],
    );
    assert.ok(
      next.pending.some((stanza) => stanza.elements()[0]?.text === "owed"),
      "what the old one was owed",
    );
  });

test("an account has so many sessions and no more; one that takes the place of another is not one more [rfc6120-7.1-04] [rfc6120-7.6.2.1-01] [rfc6120-13.12-06] [rfc6120-13.12-07]", async () => {
  await using world = await startWorld({ accounts, settings: { sessionsPerAccountMax: 2 } });
  for (const resource of ["one", "two"]) await world.login(`${romeo}/${resource}`);
  assert.equal(await bind(await loggedIn(world), "<resource>three</resource>"), "resource-constraint");
  assert.deepEqual(world.limitsHit, ["sessions-per-account"]);
  assert.equal(await bind(await loggedIn(world), "<resource>two</resource>"), `${romeo}/two`);
  assert.deepEqual(jids(world), [`${romeo}/one`, `${romeo}/two`]);
});

test("a refused client may try again, and is sent away when it has tried often [rfc6120-7.7.3-01] [rfc6120-7.7.3-02]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const patient = await loggedIn(world);
  assert.equal(await bind(patient, `<resource>${"x".repeat(2_000)}</resource>`), "bad-request");
  assert.equal(await bind(patient, "<resource>orchard</resource>"), `${romeo}/orchard`);
  const stubborn = await loggedIn(world);
  for (let count = 0; count < 6; count += 1) await bind(stubborn, `<resource>${"x".repeat(2_000)}</resource>`);
  assert.ok(stubborn.streamClosed);
});

test("a connection that is gone before it was bound leaves no session", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const client = await loggedIn(world);
  client.transport.send(`<iq type='set' id='b'><bind xmlns='${NS_BIND}'/></iq>`);
  client.transport.cut();
  await world.advance(120_000);
  assert.deepEqual(jids(world), []);
  assert.equal(world.core.registry.size, 0);
});

test("everything sent ahead is served in order once the resource is bound", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const client = await loggedIn(world);
  await client.sendText(
    `<iq type='set' id='b'><bind xmlns='${NS_BIND}'/></iq><iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>` +
      "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence id='p'/>",
  );
  assert.deepEqual(
    client.pending.map((stanza) => stanza.attr("id")),
    ["b", "s", "r", "p"],
  );
});

test("a second binding on the same stream is not allowed", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const client = await world.login(`${romeo}/orchard`);
  assert.equal(await bind(client, "<resource>street</resource>"), "not-allowed");
  assert.deepEqual(jids(world), [`${romeo}/orchard`]);
});

test("guests cost nothing before they are bound, and leave nothing behind", async () => {
  const sasl = { ...defaultSaslServerPolicy, anonymous: true };
  await using world = await startWorld({ accounts, settings: { sasl } });
  const guest = world.connect();
  await guest.open("montague.example");
  await guest.sendText("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
  assert.equal(guest.pending.at(-1)?.name, "success");
  assert.equal(world.core.registry.size, accounts.length);
  await world.advance(50_000);
  assert.equal(world.core.registry.size, 0);
  await guest.restart("montague.example");
  assert.match(await bind(guest, ""), /^[a-z0-9-]+@montague\.example\//);
  await guest.close();
  await world.advance(90_000);
  assert.equal(world.core.registry.size, 0);
});
