import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@example.com";

async function start(): Promise<World> {
  return startWorld({ accounts: [juliet], domains: ["example.com"] });
}

async function set(client: ScriptedClient, item: string): Promise<void> {
  await client.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
}

/** Asks with a version; the answer's version and items, undefined for an empty result. */
async function ask(
  client: ScriptedClient,
  ver?: string,
): Promise<{ ver: string; jids: readonly string[] } | undefined> {
  await client.sendText(
    `<iq type='get' id='g'><query xmlns='jabber:iq:roster'${ver === undefined ? "" : ` ver='${ver}'`}/></iq>`,
  );
  const result = client.next();
  assert.equal(result.attr("type"), "result");
  const query = result.child("jabber:iq:roster", "query");
  return query && { ver: query.attr("ver") ?? "", jids: query.elements().map((item) => item.attr("jid") ?? "") };
}

function pushes(client: ScriptedClient): readonly { readonly ver: string; readonly item: string }[] {
  return client.pending.map((iq) => {
    const query = iq.child("jabber:iq:roster", "query");
    const [item, ...more] = query?.elements() ?? [];
    assert.deepEqual([iq.attr("type"), more.length], ["set", 0]);
    return { ver: query?.attr("ver") ?? "", item: `${item?.attr("jid")} ${item?.attr("subscription")}` };
  });
}

async function fill(client: ScriptedClient, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await set(client, `<item jid='guest${index}@example.net'/>`);
  client.ignoreAll();
}

test("who has the current version is told so by an empty result [rfc6121-2.6.3-01]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 3);
  const first = await ask(client, "");
  assert.equal(first?.jids.length, 3);
  assert.equal(await ask(client, first?.ver), undefined);
  client.receivesNothing();
});

test("the version is told to those who did not ask for it, too [rfc6121-2.6.3-08] [rfc6121-2.6.3-06] [rfc6121-2.1.1-02]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  const first = await ask(client);
  assert.ok(first !== undefined && first.ver !== "");
  await set(client, "<item jid='nurse@example.com'/>");
  const ver = client.next().child("jabber:iq:roster", "query")?.attr("ver");
  assert.ok(ver !== undefined && ver !== "" && ver !== first.ver);
});

test("who comes back gets the changes since, in their order, each with its own version [rfc6121-2.6.3-03] [rfc6121-2.6.3-07]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 10);
  const before = await ask(client, "");
  await set(client, "<item jid='guest3@example.net' name='Third'/>");
  await set(client, "<item jid='guest7@example.net' subscription='remove'/>");
  await set(client, "<item jid='guest1@example.net' name='First'/>");
  await set(client, "<item jid='guest3@example.net' name='Three'/>");
  const back = await world.login(`${juliet}/chamber`);
  assert.equal(await ask(back, before?.ver), undefined);
  const interim = pushes(back);
  assert.deepEqual(
    interim.map(({ item }) => item),
    ["guest7@example.net remove", "guest1@example.net none", "guest3@example.net none"],
  );
  assert.equal(new Set(interim.map(({ ver }) => ver)).size, 3);
  back.ignoreAll();
  assert.equal(await ask(back, interim.at(-1)?.ver), undefined);
  back.receivesNothing();
});

test("who comes back from the version of a push in the middle gets the rest", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 6);
  const before = await ask(client, "");
  await set(client, "<item jid='guest3@example.net' name='Third'/>");
  const [pushed] = client.pending.filter((iq) => iq.attr("type") === "set");
  const middle = pushed?.child("jabber:iq:roster", "query")?.attr("ver");
  await set(client, "<item jid='guest4@example.net' name='Fourth'/>");
  const back = await world.login(`${juliet}/chamber`);
  assert.notEqual(middle, before?.ver);
  assert.equal(await ask(back, middle), undefined);
  assert.deepEqual(
    pushes(back).map(({ item }) => item),
    ["guest4@example.net none"],
  );
});

test("changes that come in behind the request follow the interim pushes, once [rfc6121-2.6.3-07]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 6);
  const before = await ask(client, "");
  await set(client, "<item jid='guest3@example.net' name='Third'/>");
  const back = await world.login(`${juliet}/chamber`);
  back.transport.send(`<iq type='get' id='g'><query xmlns='jabber:iq:roster' ver='${before?.ver}'/></iq>`);
  await set(client, "<item jid='guest4@example.net' name='Fourth'/>");
  assert.equal(back.next().attr("id"), "g");
  assert.deepEqual(
    pushes(back).map(({ item }) => item),
    ["guest3@example.net none", "guest4@example.net none"],
  );
});

for (const [name, ver] of Object.entries({
  "a version that never was": "7",
  "a version of another epoch": "aaaaaaaa-3",
  "a version of the future": undefined,
  "words instead of a version": "as you like it",
}))
  test(`the whole roster answers ${name} [rfc6121-2.6.3-02]`, async () => {
    await using world = await start();
    const client = await world.login(`${juliet}/balcony`);
    await fill(client, 3);
    const current = (await ask(client, ""))?.ver ?? "";
    const answer = await ask(client, ver ?? current.replace(/\d+$/, "999"));
    assert.deepEqual(answer, { ver: current, jids: [0, 1, 2].map((index) => `guest${index}@example.net`) });
  });

test("more removals than are remembered end in the whole roster", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 350);
  const before = await ask(client, "");
  for (let index = 0; index < 101; index += 1)
    await set(client, `<item jid='guest${index}@example.net' subscription='remove'/>`);
  client.ignoreAll();
  assert.equal((await ask(client, before?.ver))?.jids.length, 249);
});

test("when most of it changed the whole roster is the shorter answer [rfc6121-2.6.3-02]", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 4);
  const before = await ask(client, "");
  for (let index = 0; index < 3; index += 1) await set(client, `<item jid='guest${index}@example.net' name='G'/>`);
  client.ignoreAll();
  assert.equal((await ask(client, before?.ver))?.jids.length, 4);
});

test("who comes back finds a contact that was removed and listed again once, and listed", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 6);
  const before = await ask(client, "");
  await set(client, "<item jid='guest3@example.net' subscription='remove'/>");
  await set(client, "<item jid='guest3@example.net' name='Third'/>");
  const back = await world.login(`${juliet}/chamber`);
  assert.equal(await ask(back, before?.ver), undefined);
  assert.deepEqual(
    pushes(back).map(({ item }) => item),
    ["guest3@example.net none"],
  );
});

test("who comes back while a change is being written that fails is told the changes that are stored, and no version that is not", async () => {
  await using world = await start();
  const client = await world.login(`${juliet}/balcony`);
  await fill(client, 4);
  const before = await ask(client, "");
  await set(client, "<item jid='nurse@example.com'/>");
  client.ignoreAll();
  const stored = await ask(client, "");
  client.ignoreAll();
  world.faults.failCommits("full");
  await client.sendText(
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='tybalt@example.com'/></query></iq>" +
      `<iq type='get' id='g'><query xmlns='jabber:iq:roster' ver='${before?.ver}'/></iq>`,
  );
  const [told] = client.pending.filter((iq) => iq.attr("id") === "g");
  assert.deepEqual([told?.attr("type"), told?.elements().length], ["result", 0]);
  const changes = client.pending.flatMap((iq) => (iq.attr("type") === "set" ? (iq.elements()[0] ?? []) : []));
  assert.ok(changes.length > 0);
  for (const change of changes) {
    assert.equal(change.attr("ver"), stored?.ver);
    assert.equal(change.elements()[0]?.attr("jid"), "nurse@example.com");
  }
});
