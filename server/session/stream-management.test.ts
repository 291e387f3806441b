import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "#testing/scenario/contacts.ts";
import { bodies, chat } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { defaultSessionLimits } from "./session-limits.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

async function managed(
  world: World,
  jid: string,
  wish = "resume='true'",
): Promise<{ client: ScriptedClient; id: string }> {
  const client = await world.login(jid);
  await client.sendText(`<enable xmlns='${NS_SM}' ${wish}/>`);
  const id = client.next().attr("id") ?? "";
  await client.sendText("<presence/>");
  client.ignoreAll();
  return { client, id };
}

/** A new connection of the same account that tries to go on. */
async function attempt(world: World, jid: string, id: string, h: number, behind = ""): Promise<ScriptedClient> {
  const [user = "", domain = ""] = jid.split("@");
  const client = world.connect();
  await client.authenticate(user, domain, user);
  await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>${behind}`);
  return client;
}

const kinds = (client: ScriptedClient): readonly string[] =>
  client.pending.map((stanza) => [stanza.name, stanza.elements()[0]?.name].filter(Boolean).join(" "));

test("a stream is resumed while the old connection still lives: the old one ends with conflict, once [xep0198-5-18]", async () => {
  await using world = await startWorld({ accounts });
  const { client: old, id } = await managed(world, `${juliet}/balcony`);
  const next = await attempt(world, juliet, id, 1);
  assert.equal(next.next().name, "resumed");
  assert.deepEqual(kinds(old), ["error conflict"]);
  assert.ok(old.streamClosed);
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1"));
  assert.deepEqual([bodies(old), bodies(next)], [[], ["1"]]);
  await old.close();
  await world.advance(20_000);
  await sender.sendText(chat(juliet, "2"));
  assert.deepEqual(bodies(next), ["1", "2"], "the end of the old connection is not the session's");
});

test("what a client sends right behind its resumption is answered behind what is repeated, each once [xep0198-5-19] [xep0198-5-20]", async () => {
  await using world = await startWorld({ accounts });
  const { client: old, id } = await managed(world, `${juliet}/balcony`);
  await old.cut();
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  const next = await attempt(world, juliet, id, 1, "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  assert.deepEqual(kinds(next), ["resumed", "message body", "message body", "r", "iq query"]);
  await next.sendText(`<a xmlns='${NS_SM}' h='4'/>`);
  assert.equal(next.streamClosed, false, "four stanzas were sent: presence, two messages, a result");
});

const refusals: readonly (readonly [
  name: string,
  who: string,
  id: (real: string) => string,
  h: number,
  got: string,
])[] = [
  ["an id that never was [xep0198-5-15]", juliet, () => "nonsense", 0, "failed item-not-found"],
  ["an id of somebody else's", romeo, (real) => real, 0, "failed item-not-found"],
  ["a count of what was never sent", juliet, (real) => real, 9, "error undefined-condition"],
];
for (const [name, who, id, h, got] of refusals)
  test(`a resumption with ${name} gets ${got}, and the session goes on`, async () => {
    await using world = await startWorld({ accounts });
    const { client, id: real } = await managed(world, `${juliet}/balcony`);
    const intruder = await attempt(world, who, id(real), h);
    assert.deepEqual(kinds(intruder), [got]);
    const sender = await world.login(`${romeo}/orchard`);
    await sender.sendText(chat(juliet, "1"));
    assert.deepEqual(bodies(client), ["1"]);
    await client.cut();
    assert.deepEqual(kinds(await attempt(world, juliet, real, 1)).slice(0, 2), ["resumed", "message body"]);
  });

test("an id is good for one session: when that has ended, nobody resumes it, and its count is told to its owner only [xep0198-5-07] [xep0198-5-16]", async () => {
  await using world = await startWorld({ accounts });
  const { client, id } = await managed(world, `${juliet}/balcony`);
  await client.close();
  for (const [who, h] of [
    [juliet, "1"],
    [romeo, undefined],
  ] as const) {
    const failed = (await attempt(world, who, id, 0)).next();
    assert.deepEqual([failed.name, failed.attr("h")], ["failed", h]);
  }
});

test("two resumptions at once: one has the session, the other is told that it is gone", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: recipient } = await managed(world, `${romeo}/orchard`);
  const { client: old, id } = await managed(world, `${juliet}/balcony`);
  // Not settled before its recipient acknowledges it or it is written down, so both have to wait.
  await old.sendText(chat(romeo, "1"));
  await old.cut();
  const first = await attempt(world, juliet, id, 1);
  const second = await attempt(world, juliet, id, 1);
  assert.deepEqual([kinds(first), kinds(second)], [[], []]);
  await recipient.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.deepEqual([kinds(first), kinds(second)], [["failed item-not-found"], ["resumed"]]);
  assert.equal([...world.core.registry.sessions()].length, 2);
});

test("a connection that is gone before its resumption is granted leaves the session as it was", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const { client: recipient } = await managed(world, `${romeo}/orchard`);
  const { client: old, id } = await managed(world, `${juliet}/balcony`);
  await old.sendText(chat(romeo, "1"));
  await old.cut();
  await (await attempt(world, juliet, id, 1)).cut();
  await recipient.sendText(chat(juliet, "2") + `<a xmlns='${NS_SM}' h='2'/>`);
  const next = await attempt(world, juliet, id, 1);
  assert.deepEqual(kinds(next).slice(0, 2), ["resumed", "message body"]);
});

const wishes: readonly (readonly [
  wish: string,
  resume: string | undefined,
  max: string | undefined,
  leftAfter: number,
  ids: string,
])[] = [
  ["", undefined, undefined, 0, ""],
  ["resume='false'", undefined, undefined, 0, " [xep0198-5-02]"],
  ["resume='true' max='0'", undefined, undefined, 0, " [xep0198-3-02]"],
  ["resume='1'", "true", "600", 600, " [xep0198-3-04] [xep0198-5-02] [xep0198-5-03] [xep0198-7-02]"],
  ["resume='true' max='60'", "true", "60", 60, " [xep0198-3-02] [xep0198-3-06] [xep0198-4-08]"],
  ["resume='true' max='99999'", "true", "600", 600, " [xep0198-3-02] [xep0198-3-06]"],
  ["resume='true' max='soon'", "true", "600", 600, ""],
];
for (const [wish, resume, max, seconds, ids] of wishes)
  test(`<enable ${wish}/>: a cut stream is kept ${seconds} seconds${ids}`, async () => {
    await using world = await startWorld({ accounts });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<enable xmlns='${NS_SM}' ${wish}/>`);
    const enabled = client.next();
    assert.deepEqual([enabled.attr("resume"), enabled.attr("max")], [resume, max]);
    assert.equal(enabled.attr("id") !== undefined, resume !== undefined);
    await client.cut();
    const left = (): number => world.core.registry.countSessions();
    if (seconds > 0) {
      await world.advance(seconds * 1_000 - 1);
      assert.equal(left(), 1);
      await world.advance(1);
    }
    assert.equal(left(), 0);
  });

test("a slow client is asked once for many stanzas; at the bound it is sent away and nothing is lost", async () => {
  const session = { ...defaultSessionLimits, unacknowledged: { entriesMax: 5, bytesMax: 100_000 } };
  await using world = await startWorld({ accounts, settings: { session } });
  const { client: slow } = await managed(world, `${juliet}/balcony`);
  await slow.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  const sender = await world.login(`${romeo}/orchard`);
  for (let id = 1; id <= 7; id += 1) await sender.sendText(chat(juliet, String(id)));
  assert.deepEqual(bodies(slow), ["1", "2", "3", "4", "5"]);
  assert.equal(kinds(slow).filter((kind) => kind === "r").length, 1);
  assert.deepEqual(kinds(slow).slice(-1), ["error policy-violation"]);
  sender.receivesNothing();
  const next = await world.login(`${juliet}/balcony`);
  await next.sendText("<presence/>");
  assert.deepEqual(bodies(next), ["1", "2", "3", "4", "5", "6", "7"]);
});

test("a client that acknowledges is asked again as long as it owes something [xep0198-4-07]", async () => {
  await using world = await startWorld({ accounts });
  const { client } = await managed(world, `${juliet}/balcony`);
  const sender = await world.login(`${romeo}/orchard`);
  await client.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  await sender.sendText(chat(juliet, "1") + chat(juliet, "2"));
  await client.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
  await client.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
  assert.deepEqual(kinds(client), ["message body", "r", "message body", "r"]);
});

test("S7 a client that closes is told what arrived before our closing tag [xep0198-4-05] [xep0198-4-06]", async () => {
  await using world = await startWorld({ accounts });
  const { client } = await managed(world, `${juliet}/balcony`);
  await client.sendText("<presence><show>away</show></presence></stream:stream>");
  client.receives(`<presence from='${client.jid}' to='${juliet}'><show>away</show></presence>`);
  client.receives(`<a xmlns='${NS_SM}' h='2'/>`);
  assert.ok(client.streamClosed);
});

test("contacts see nothing of a cut and its resumption; when it is not resumed they see that it is gone [xep0198-4-08] [xep0198-7-02]", async () => {
  await using world = await startWorld({ accounts });
  const { client: old, id } = await managed(world, `${juliet}/balcony`);
  const contact = await world.login(`${romeo}/orchard`);
  await befriend(contact, old);
  old.ignoreAll();
  await old.cut();
  await world.advance(300_000);
  const next = await attempt(world, juliet, id, 0);
  contact.receivesNothing();
  await next.cut();
  await world.advance(600_000);
  assert.deepEqual(
    contact.pending.map((stanza) => stanza.attr("type")),
    ["unavailable"],
  );
});

test("a request to a session that waits is answered late or refused at its end, never left open [rfc6120-8.2.3-04]", async () => {
  await using world = await startWorld({ accounts });
  const { client: away } = await managed(world, `${juliet}/balcony`);
  const asker = await world.login(`${romeo}/orchard`);
  await befriend(asker, away);
  await away.cut();
  await asker.sendText(`<iq type='get' id='v' to='${away.jid}'><query xmlns='jabber:iq:version'/></iq>`);
  asker.receivesNothing();
  await world.advance(600_000);
  assert.deepEqual(asker.pending.map((stanza) => `${stanza.name} ${stanza.attr("type")}`).toSorted(), [
    "iq error",
    "presence unavailable",
  ]);
});
