import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { startWorld, type World, type WorldOptions } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";

const domain = "capulet.example";
const julietJid = `juliet@${domain}`;
const nurseJid = `nurse@${domain}`;
const stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";

function worldWith(more: WorldOptions = {}): Promise<World> {
  return startWorld({ accounts: [julietJid, nurseJid], ...more, options: { "legacy-auth": true, ...more.options } });
}

async function logIn(
  world: World,
  resource: string,
  password = "juliet",
  address = "192.0.2.1",
  username = "juliet",
): Promise<readonly [ScriptedClient, XmlElement]> {
  const client = world.connect({ address });
  await client.open(domain);
  await client.sendText(
    `<iq type='set' id='l'><query xmlns='jabber:iq:auth'><username>${username}</username><password>${password}</password><resource>${resource}</resource></query></iq>`,
  );
  return [client, client.next()];
}

function conditionOf(answer: XmlElement): string | undefined {
  return answer
    .child("jabber:client", "error")
    ?.elements()
    .find(({ ns }) => ns === stanzas)?.name;
}

test("it is off unless asked for", async () => {
  await using world = await startWorld({ accounts: [julietJid] });
  const features = await world.connect().open(domain);
  assert.equal(features.child("http://jabber.org/features/iq-auth", "auth"), undefined);
  const [client, answer] = await logIn(world, "balcony");
  assert.ok(answer.child("urn:ietf:params:xml:ns:xmpp-streams", "not-authorized"));
  assert.ok(client.streamClosed);
});

test("who logs in the old way is there like everybody else", async () => {
  await using world = await worldWith();
  const features = await world.connect().open(domain);
  assert.ok(features.child("http://jabber.org/features/iq-auth", "auth"));
  const [old, answer] = await logIn(world, "balcony");
  assert.equal(answer.attr("type"), "result");
  await old.sendText("<presence/>");
  old.receives(`<presence from='${julietJid}/balcony' to='${julietJid}'/>`);
  const other = await world.login(`${julietJid}/chamber`);
  await other.sendText(`<message to='${julietJid}/balcony' type='chat'><body>Hi</body></message>`);
  assert.equal(old.next().attr("from"), `${julietJid}/chamber`);
});

for (const [rule, expected] of [
  ["replace-old", undefined],
  ["refuse-new", "conflict"],
] as const)
  test(`a resource in use: ${rule}`, async () => {
    await using world = await worldWith({ settings: { resourceConflict: rule } });
    const first = await world.login(`${julietJid}/balcony`);
    const [, answer] = await logIn(world, "balcony");
    assert.equal(conditionOf(answer), expected);
    assert.equal(first.streamClosed, expected === undefined);
    assert.equal(answer.child("jabber:client", "error")?.attr("code"), expected === undefined ? undefined : "409");
  });

test("A29 guessing is throttled together with SASL, by network and by account", async () => {
  await using world = await worldWith({ settings: { failedLogins: { max: 2, windowMs: 60_000 } } });
  for (const host of ["2001:db8::1", "2001:db8::2"])
    assert.equal(conditionOf((await logIn(world, "balcony", "wrong", host))[1]), "not-authorized");
  assert.equal(conditionOf((await logIn(world, "balcony", "juliet", "2001:db8::3"))[1]), "resource-constraint");
  const client = world.connect({ address: "2001:db8::4" });
  await assert.rejects(client.authenticate("juliet", domain, "juliet"), /temporary-auth-failure/);
  // The account is watched, too; the other network is not to blame for anything.
  const elsewhere = "2001:db8:0:1::1";
  assert.equal(conditionOf((await logIn(world, "balcony", "juliet", elsewhere))[1]), "resource-constraint");
  assert.equal((await logIn(world, "door", "nurse", elsewhere, "nurse"))[1].attr("type"), "result");
  await world.advance(60_000);
  assert.equal((await logIn(world, "chamber", "juliet", "2001:db8::1"))[1].attr("type"), "result");
});

test("an error does not repeat the password", async () => {
  await using world = await worldWith();
  const [, answer] = await logIn(world, "balcony", "wrong");
  assert.deepEqual(
    answer.elements().map(({ name }) => name),
    ["error"],
  );
});
