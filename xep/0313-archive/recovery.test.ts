import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { anyJid } from "#testing/addresses.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { offlineMessages } from "#im/messages/slots.ts";
import { stanzaIdBy } from "../0359-stanza-ids/elements.ts";
import { archivedMessages } from "./slots.ts";
import { archiveTaken, writtenAloneMs } from "./watermark.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

/** A server of which all that is not durable is forgotten, and the next one on the same disk. */
async function killed(world: World, seed: string, options?: Readonly<Record<string, unknown>>): Promise<World> {
  world.faults.crash("before-durable");
  return startWorld({ disk: world.disk, seed, ...(options === undefined ? {} : { options }) });
}

async function available(world: World, jid: string, managed = false): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText(`${managed ? "<enable xmlns='urn:xmpp:sm:3' resume='true'/>" : ""}<presence/>`);
  return client;
}

const chat = (to: string, body: string): string =>
  `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
const messages = (client: ScriptedClient): readonly XmlElement[] =>
  client.pending.filter(({ name }) => name === "message");
const bodies = (client: ScriptedClient): readonly string[] =>
  messages(client).map((message) => message.child("jabber:client", "body")?.text ?? "");

function rows(world: World, store: string, owner: string): number {
  return world.disk.archives.get(store)?.get(owner)?.size ?? 0;
}

function mark(world: World, owner: string): { readonly id: string; readonly process: string } | undefined {
  const text = world.disk.entries.get(owner)?.get(archiveTaken.name)?.get("");
  return text === undefined ? undefined : archiveTaken.codec.decode(text);
}

function newest(world: World, owner: string): string | undefined {
  return world.disk.sortedArchive(archivedMessages.name, owner).at(-1)?.id;
}

/** Everything that a client of hers has seen, as the ids that her archive has it under. */
function ids(client: ScriptedClient): readonly (string | undefined)[] {
  return messages(client).map((message) => stanzaIdBy(message, bareOf(anyJid(juliet))));
}

function archived(world: World, owner: string): readonly string[] {
  return world.disk.sortedArchive(archivedMessages.name, owner).map(({ id }) => id);
}

const lives = (managed: boolean): string => (managed ? "with stream management" : "without stream management");

test("what only the archive has after a crash comes to the next client, in order and once, with its time and its id", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  // Her client has them on the way and says nothing: nothing of hers is written down yet but the archive's rows.
  for (const body of ["1", "2", "3"]) await sender.sendText(chat(juliet, body));
  assert.equal(rows(before, offlineMessages.name, juliet), 0);
  await using after = await killed(before, "second");
  const client = await available(after, `${juliet}/chamber`);
  assert.deepEqual(bodies(client), ["1", "2", "3"]);
  assert.deepEqual(ids(client), archived(after, juliet));
  for (const message of messages(client))
    assert.equal(message.child("urn:xmpp:delay", "delay")?.attr("stamp"), "2026-01-01T00:00:00Z");
  await client.close();
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), []);
});

test("they come ahead of a message that wakes the account first", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  await sender.sendText(chat(juliet, "1"));
  await using after = await killed(before, "second");
  const again = await after.login(`${romeo}/orchard`);
  await again.sendText(chat(juliet, "2"));
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["1", "2"]);
  assert.deepEqual(archived(after, juliet), archived(after, juliet).toSorted());
});

for (const managed of [true, false])
  test(`what a client has taken is not brought again once that is written down, ${lives(managed)}`, async () => {
    const before = await startWorld({ accounts });
    const sender = await before.login(`${romeo}/orchard`);
    const client = await available(before, `${juliet}/balcony`, managed);
    await sender.sendText(chat(juliet, "1"));
    if (managed) await client.sendText("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    await before.advance(writtenAloneMs + 1_000);
    assert.equal(mark(before, juliet)?.id, newest(before, juliet));
    await sender.sendText(chat(juliet, "2"));
    await using after = await killed(before, "second");
    assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["2"]);
  });

test("what waits in the store of offline messages is not recovered beside that", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  for (const body of ["1", "2"]) await sender.sendText(chat(juliet, body));
  await using after = await killed(before, "second");
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["1", "2"]);
});

test("a crash while two devices have a message on the way: it comes once more, to whoever comes first", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  const other = await available(before, `${juliet}/chamber`, true);
  await sender.sendText(chat(juliet, "1"));
  // One of the two has it; until both have, it is not done with.
  await other.sendText("<a xmlns='urn:xmpp:sm:3' h='3'/>");
  await before.advance(1_000);
  await using after = await killed(before, "second");
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["1"]);
  assert.deepEqual(bodies(await available(after, `${juliet}/chamber`)), []);
});

test("what one sent is not brought to one; what one wrote to oneself is", async () => {
  const before = await startWorld({ accounts });
  const client = await available(before, `${juliet}/balcony`, true);
  await available(before, `${romeo}/orchard`);
  await client.sendText(chat(romeo, "1") + chat(juliet, "2") + chat(romeo, "3"));
  await using after = await killed(before, "second");
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["2"]);
});

test("a server that stops, and an account that goes to sleep, leave nothing to be decided about", async () => {
  const first = await startWorld({ accounts });
  const sender = await first.login(`${romeo}/orchard`);
  const client = await available(first, `${juliet}/balcony`, true);
  await sender.sendText(chat(juliet, "1"));
  await client.sendText("<a xmlns='urn:xmpp:sm:3' h='2'/></stream:stream>");
  await first.advance(70_000);
  assert.equal(first.core.registry.size, 1, "she sleeps");
  assert.equal(mark(first, juliet)?.id, newest(first, juliet));
  const again = await available(first, `${juliet}/balcony`, true);
  await sender.sendText(chat(juliet, "2"));
  await again.sendText("<a xmlns='urn:xmpp:sm:3' h='2'/>");
  const stopping = first.core.stop(5_000);
  await first.advance(10_000);
  await stopping;
  for (const owner of [juliet, romeo]) assert.equal(mark(first, owner)?.id, newest(first, owner));
  await using after = await killed(first, "second");
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), []);
});

test("where more wait than may, what is recovered goes back to its sender", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  for (const body of ["1", "2"]) await sender.sendText(chat(juliet, body));
  const options = { "messages.offline_messages_max": 1 };
  await using after = await killed(before, "second", options);
  const again = await after.login(`${romeo}/orchard`);
  const client = await available(after, `${juliet}/balcony`);
  assert.deepEqual(bodies(client), ["1"]);
  assert.deepEqual(
    messages(again).map((message) => `${message.attr("type")} ${message.attr("id")}`),
    ["error 2"],
  );
});

for (const { how, kind, answerLost } of [
  { how: "full", kind: "full", answerLost: false },
  { how: "unavailable", kind: "unavailable", answerLost: false },
  { how: "gone when it has written but not answered", kind: "unavailable", answerLost: true },
] as const)
  test(`a disc that is ${how} while that is decided loses nothing and brings nothing twice`, async () => {
    const before = await startWorld({ accounts });
    const sender = await before.login(`${romeo}/orchard`);
    await available(before, `${juliet}/balcony`, true);
    for (const body of ["1", "2"]) await sender.sendText(chat(juliet, body));
    await using after = await killed(before, "second");
    const again = await after.login(`${romeo}/orchard`);
    after.faults.failCommits(kind, answerLost);
    await again.sendText(chat(juliet, "3"));
    await after.advance(500);
    assert.equal(mark(after, juliet)?.process, mark(before, juliet)?.process);
    await again.sendText(chat(juliet, "4"));
    await after.advance(3_000);
    after.faults.failCommits(undefined);
    await after.advance(3_000);
    await again.sendText(chat(juliet, "5"));
    assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["1", "2", "5"]);
    assert.deepEqual(
      messages(again).map((message) => `${message.attr("type")} ${message.attr("id")}`),
      ["error 3", "error 4"],
    );
  });

test("an archive that cannot be read makes nobody wait for ever, and loses nothing", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  await sender.sendText(chat(juliet, "1"));
  await using after = await killed(before, "second");
  const again = await after.login(`${romeo}/orchard`);
  after.faults.failReads("unavailable");
  await again.sendText(chat(juliet, "2"));
  assert.equal(messages(again)[0]?.attr("type"), "error");
  after.faults.failReads(undefined);
  await after.advance(5_000);
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["1"]);
});

test("the row that the watermark names may be gone: what is newer is found all the same", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  const client = await available(before, `${juliet}/balcony`, true);
  for (const body of ["1", "2", "3"]) await sender.sendText(chat(juliet, body));
  await client.sendText("<a xmlns='urn:xmpp:sm:3' h='4'/>");
  await before.advance(writtenAloneMs + 1_000);
  await sender.sendText(chat(juliet, "4"));
  before.faults.crash("before-durable");
  const old = archived(before, juliet).slice(0, 3);
  for (const id of old) before.disk.archiveOf(archivedMessages.name, juliet).delete(id);
  await using after = await startWorld({ disk: before.disk, seed: "second" });
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), ["4"]);
});

test("a chain of crashes, each in the midst of it, brings each message once to a client that stays", async () => {
  let world = await startWorld({ accounts });
  const sender = await world.login(`${romeo}/orchard`);
  await available(world, `${juliet}/balcony`, true);
  for (const body of ["1", "2", "3"]) await sender.sendText(chat(juliet, body));
  for (const seed of ["second", "third", "fourth"]) {
    world = await killed(world, seed);
    // She logs in, which decides, and is not available; or the disc has not answered yet.
    const client = world.connect();
    if (seed !== "third") await client.authenticate("juliet", "capulet.example", "juliet");
    if (seed === "fourth") await client.bind("balcony");
  }
  await using last = await killed(world, "fifth");
  assert.equal(rows(last, offlineMessages.name, juliet), 3);
  assert.deepEqual(bodies(await available(last, `${juliet}/balcony`)), ["1", "2", "3"]);
});

test("messages from before there were watermarks are history and nothing else", async () => {
  const before = await startWorld({ accounts });
  const sender = await before.login(`${romeo}/orchard`);
  await available(before, `${juliet}/balcony`, true);
  await sender.sendText(chat(juliet, "1"));
  before.faults.crash("before-durable");
  before.disk.entriesOf(juliet, archiveTaken.name).clear();
  await using after = await startWorld({ disk: before.disk, seed: "second" });
  assert.deepEqual(bodies(await available(after, `${juliet}/balcony`)), []);
});

test("the watermark costs no commit of its own while messages come, and one when they stop", async () => {
  await using world = await startWorld({ accounts });
  const sender = await world.login(`${romeo}/orchard`);
  const client = await available(world, `${juliet}/balcony`);
  client.ignoreAll();
  await sender.sendText(chat(juliet, "1"));
  const { commits } = world.store.health;
  for (let count = 0; count < 20; count += 1) {
    await sender.sendText(chat(juliet, String(count)));
    await world.advance(400);
  }
  assert.equal(world.store.health.commits, commits + 20);
  await world.advance(3 * writtenAloneMs);
  assert.equal(world.store.health.commits, commits + 21);
});
