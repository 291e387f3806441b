import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const nurse = "nurse@capulet.example";
const chat = (to: string, body: string): string =>
  `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;

async function stage(settings = {}): Promise<World> {
  return startWorld({
    accounts: [romeo, juliet, nurse],
    settings,
    options: { archive: true },
  });
}

/** Ids of the messages that an account keeps. */
async function kept(world: World, owner: string): Promise<readonly string[]> {
  const reading = world.store.page("archive", owner, { max: 1_000, direction: "forward" });
  await world.settle();
  const page = await reading;
  return page.found ? page.rows.map(({ value }) => / id='([^']*)'/u.exec(value)?.[1] ?? "") : [];
}

async function available(world: World, jid: string): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText("<enable xmlns='urn:xmpp:sm:3'/><presence/>");
  client.ignoreAll();
  return client;
}

for (const to of ["nobody@capulet.example", "somebody@elsewhere.example"])
  test(`the sender keeps what it wrote to ${to}, though nobody takes it`, async () => {
    await using world = await stage();
    const client = await available(world, `${romeo}/garden`);
    await client.sendText(`${chat(to, "1")}<r xmlns='urn:xmpp:sm:3'/>`);
    assert.deepEqual(await kept(world, romeo), ["1"]);
    assert.equal(client.pending.filter((stanza) => stanza.attr("type") === "error").length, 1);
    // It says that it has the error.
    await client.sendText("<a xmlns='urn:xmpp:sm:3' h='2'/>");
    assert.equal(client.pending.findLast(({ name }) => name === "a")?.attr("h"), "2");
  });

test("a recipient whose mailbox is full takes no rows: the sender is told, and keeps nothing of it", async () => {
  await using world = await stage({ mailboxStanzasMax: 2 });
  const client = await available(world, `${romeo}/garden`);
  const balcony = await available(world, `${juliet}/balcony`);
  const busy = Promise.withResolvers<void>();
  const [session] = [...world.core.registry.sessions()].filter(({ jid }) => jid === balcony.jid);
  session?.account.postLocal(() => busy.promise);
  await client.sendText(["1", "2", "3", "4", "5"].map((body) => chat(juliet, body)).join(""));
  await world.advance(1_000);
  busy.resolve();
  await world.advance(1_000);
  const refused = client.pending.filter((stanza) => stanza.attr("type") === "error").length;
  assert.ok(refused > 0);
  assert.equal((await kept(world, romeo)).length, 5 - refused);
  assert.deepEqual(await kept(world, juliet), await kept(world, romeo));
});

test("whoever cannot be read refuses, and neither keeps it", async () => {
  await using world = await stage();
  const client = await available(world, `${romeo}/garden`);
  await world.advance(90_000);
  world.faults.failReads("unavailable");
  await client.sendText(`${chat(juliet, "1")}<r xmlns='urn:xmpp:sm:3'/>`);
  world.faults.failReads(undefined);
  assert.deepEqual([await kept(world, romeo), await kept(world, juliet)], [[], []]);
  assert.equal(client.pending.filter((stanza) => stanza.attr("type") === "error").length, 1);
});

test("what is blocked is kept by its sender only", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], options: { archive: true } });
  const [one, other] = [await available(world, `${romeo}/garden`), await available(world, `${juliet}/balcony`)];
  await other.sendText(`<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='${romeo}'/></block></iq>`);
  await one.sendText(chat(juliet, "1"));
  assert.deepEqual([await kept(world, romeo), await kept(world, juliet)], [["1"], []]);
});

test("a crowd that writes to one another all at once keeps everything twice, and nobody waits for ever", async () => {
  await using world = await stage();
  const people = [romeo, juliet, nurse];
  const clients: ScriptedClient[] = [];
  for (const jid of people) clients.push(await available(world, `${jid}/a`));
  const sent: string[] = [];
  for (let round = 0; round < 30; round += 1)
    for (const [index, client] of clients.entries()) {
      const to = people[(index + 1 + (round % 2)) % people.length] ?? romeo;
      sent.push(`${index}-${round}`);
      client.transport.send(chat(to, `${index}-${round}`));
    }
  await world.settle();
  const all = (await Promise.all(people.map((jid) => kept(world, jid)))).flat();
  assert.deepEqual(all.toSorted(), [...sent, ...sent].toSorted());
  for (const [index, client] of clients.entries()) {
    await client.sendText("<r xmlns='urn:xmpp:sm:3'/>");
    assert.equal(client.pending.findLast(({ name }) => name === "a")?.attr("h"), "31", String(index));
  }
});

test("kept messages are read while their senders wait for one another's commits", async () => {
  await using world = await stage();
  for (const [from, to] of [
    [romeo, juliet],
    [juliet, romeo],
  ] as const) {
    const client = await world.login(`${from}/first`);
    await client.sendText(["1", "2", "3"].map((body) => chat(to, body)).join(""));
    await client.close();
  }
  const one = await world.login(`${romeo}/garden`);
  const other = await world.login(`${juliet}/balcony`);
  for (const [client, to] of [
    [one, juliet],
    [other, romeo],
  ] as const)
    client.transport.send(
      `${chat(to, "4")}<presence/>${chat(to, "5")}<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>`,
    );
  await world.settle();
  for (const client of [one, other]) {
    assert.ok(client.pending.some((stanza) => stanza.name === "iq" && stanza.attr("type") === "result"));
    // Who reads the archive is not sent what it finds there: their own, and the other's.
    const forwarded = client.pending
      .flatMap((message) => message.elements()[0]?.elements()[0]?.elements() ?? [])
      .filter(({ name }) => name === "message");
    for (const body of ["1", "2", "3", "4"])
      assert.equal(forwarded.filter((message) => message.attr("id") === body).length, 2, body);
    assert.ok(client.pending.some((stanza) => stanza.attr("type") === "chat" && stanza.attr("id") === "5"));
  }
});

test("what a recipient's owner committed before, and could not, is nothing to the rows that come meanwhile", async () => {
  await using world = await stage();
  const recipient = await available(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/garden`);
  const other = await available(world, `${romeo}/home`);
  await other.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  // The first row has the archive's watermark with it, a value.
  await sender.sendText(chat(juliet, "0"));
  await world.advance(1_000);
  recipient.ignoreAll();
  world.slowDisc(200);
  world.faults.failCommits("unavailable");
  await recipient.sendText(`<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='${romeo}'/></query></iq>`);
  await world.advance(300);
  other.ignoreAll();
  await sender.sendText(chat(juliet, "1"));
  await world.advance(150);
  world.faults.failCommits(undefined);
  await world.advance(1_000);
  assert.equal(recipient.pending.find((stanza) => stanza.attr("id") === "r")?.attr("type"), "error");
  assert.ok(recipient.pending.some((stanza) => stanza.name === "message"));
  assert.equal(other.pending.filter((stanza) => stanza.name === "message").length, 1, "a copy of what was sent");
});
