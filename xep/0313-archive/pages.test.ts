import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { equalElements } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { disco } from "../0030-disco/server.ts";
import { NS_RSM } from "../0059-rsm/elements.ts";
import { NS_MAM } from "./elements.ts";
import { archive } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const day = 24 * 3_600_000;

async function stage(
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ world: World; client: ScriptedClient }> {
  const world = await startWorld({
    accounts: [romeo, juliet],
    modules: [...instantMessaging, disco, archive],
    options: { archive: true, ...options },
  });
  return { world, client: await world.login(`${romeo}/garden`) };
}

async function write(client: ScriptedClient, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies)
    await client.sendText(`<message to='${juliet}' type='chat'><body>${body}</body></message>`);
}

interface Page {
  readonly bodies: readonly string[];
  readonly ids: readonly string[];
  readonly results: readonly XmlElement[];
  readonly fin: XmlElement;
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly count: string | undefined;
}

async function page(client: ScriptedClient, set = "", head = ""): Promise<Page> {
  client.ignoreAll();
  await client.sendText(
    `<iq type='set' id='q'${head}><query xmlns='${NS_MAM}'>${set === "" ? "" : `<set xmlns='${NS_RSM}'>${set}</set>`}</query></iq>`,
  );
  const fin = client.pending.at(-1)?.child(NS_MAM, "fin") ?? assert.fail(serialize(client.next()));
  const results = client.pending.flatMap((stanza) => stanza.child(NS_MAM, "result") ?? []);
  client.ignoreAll();
  const part = (name: string): string | undefined => fin.firstElement?.child(NS_RSM, name)?.text;
  return {
    results,
    fin,
    bodies: results.map((result) => /<body>(.*?)<\/body>/u.exec(serialize(result))?.[1] ?? ""),
    ids: results.map((result) => result.attr("id") ?? ""),
    first: part("first"),
    last: part("last"),
    count: part("count"),
  };
}

async function features(client: ScriptedClient): Promise<readonly string[]> {
  client.ignoreAll();
  await client.sendText(
    `<iq type='get' id='d' to='${romeo}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  );
  return (client.next().firstElement?.elements() ?? []).flatMap((child) =>
    child.name === "feature" ? [child.attr("var") ?? ""] : [],
  );
}

test("all of a message is kept, and comes as it was, under its id and with the time when it came [xep0313-3-02] [xep0313-4.2-01] [xep0313-4.2-03] [xep0313-4.2-04] [xep0313-6.1.1-08]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  const inside =
    "<subject>S</subject><body>1</body><body xml:lang='it'>uno</body><thread>t</thread><x xmlns='urn:example:x' a='b'><y/>z</x>";
  const message = (attributes: string): string =>
    `<message to='${juliet}/balcony' type='chat' id='m1' xml:lang='en'${attributes}>${inside}</message>`;
  await world.advance(1_000);
  await client.sendText(message(""));
  await world.advance(day);
  const { results } = await page(client);
  const [result] = results;
  const [delay, kept] = result?.firstElement?.elements() ?? [];
  assert.ok((result?.attr("id") ?? "").length > 0);
  assert.equal(delay?.attr("stamp"), "2026-01-01T00:00:01Z");
  const expected = parseElement(message(` from='${romeo}/garden'`), NS_CLIENT);
  assert.ok(kept !== undefined && equalElements(kept, expected), serialize(result ?? assert.fail()));
});

test("an archive is at the bare address of its owner, which may be written or left out [xep0313-3.3.1-01]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1");
  for (const head of ["", ` to='${romeo}'`]) assert.deepEqual((await page(client, "", head)).bodies, ["1"]);
});

for (const direction of ["after", "before"] as const)
  test(`paged through by ${direction} while it grows and shrinks, everything that stays comes once, in order [xep0313-4-01] [xep0313-4.2-05] [xep0313-4.3.2-02] [xep0059-2.2-02] [xep0059-2.6-01]`, async () => {
    const { world, client } = await stage();
    await using _ = world;
    await write(client, "a", "b", "c", "d", "e", "f", "g", "h");
    const seen: string[] = [];
    for (let place = ""; ;) {
      const asked =
        direction === "after" ? (place === "" ? "" : `<after>${place}</after>`) : `<before>${place}</before>`;
      const found = await page(client, `<max>3</max>${asked}`);
      if (direction === "after") seen.push(...found.bodies);
      else seen.unshift(...found.bodies);
      if (found.fin.attr("complete") === "true") break;
      place = (direction === "after" ? found.last : found.first) ?? assert.fail();
      if (seen.length === 3) await write(client, "i");
    }
    assert.equal(seen.join(""), direction === "after" ? "abcdefghi" : "abcdefgh");
  });

test("a page is of the moment: what has come since is in it, what is gone is not, and a place that is gone is unknown [xep0059-2.2-01] [xep0059-2.2-15] [xep0059-2.4-01]", async () => {
  const { world, client } = await stage({ "archive.retention_days": 2 });
  await using _ = world;
  await write(client, "1");
  const gone = (await page(client)).last ?? "";
  await world.advance(day);
  await write(client, "2");
  await world.advance(day + 7 * 3_600_000);
  await write(client, "3");
  const again = await world.login(`${romeo}/home`);
  assert.deepEqual((await page(again)).bodies, ["2", "3"]);
  await again.sendText(
    `<iq type='set' id='q'><query xmlns='${NS_MAM}'><set xmlns='${NS_RSM}'><after>${gone}</after></set></query></iq>`,
  );
  assert.equal(again.next().child(NS_CLIENT, "error")?.firstElement?.name, "item-not-found");
});

test("what comes after everything was removed gets ids that nothing had before [xep0313-3.2-03]", async () => {
  const { world, client } = await stage({ "archive.retention_days": 1 });
  await using _ = world;
  await write(client, "1", "2");
  const before = (await page(client)).ids;
  await world.advance(2 * day);
  const again = await world.login(`${romeo}/home`);
  assert.deepEqual((await page(again)).ids, []);
  await write(again, "3");
  const [after] = (await page(again)).ids;
  assert.ok(after !== undefined && before.every((id) => id < after));
});

test("of an empty archive the answer is whole: no messages, no ends, all there is [xep0059-2.2-05] [xep0059-2.2-16] [xep0059-2.7-03]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  for (const set of ["", "<max>10</max>", "<max>10</max><before/>", "<max>0</max>"]) {
    const { bodies, first, last, count, fin } = await page(client, set);
    assert.deepEqual([bodies, first, last, fin.attr("complete")], [[], undefined, undefined, "true"]);
    assert.equal(set === "<max>0</max>" ? count : (count ?? "0"), "0");
  }
});

test("how many there are is told to who asks for that alone; in the middle of an archive others do without [xep0313-4.3.2-01] [xep0059-2.2-13] [xep0059-2.7-01]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1", "2", "3");
  assert.equal((await page(client, "<max>0</max>")).count, "3");
  const { first } = await page(client, "<max>1</max>");
  const middle = await page(client, `<max>1</max><after>${first}</after>`);
  assert.deepEqual([middle.bodies, middle.count], [["2"], undefined]);
});

test("what is answered is stable, and not said to be anything else [xep0313-4.3.2-07]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1", "2", "3");
  for (const set of ["", "<max>2</max>", "<max>2</max><before/>"])
    assert.equal((await page(client, set)).fin.attr("stable"), undefined);
});

test("an account announces its archive, what can be asked of it, and the rules for ids, where it has one and only there [xep0313-4.1-03] [xep0313-6.1-02] [xep0313-7-01] [xep0313-7-04] [xep0359-5-01]", async () => {
  for (const has of [true, false]) {
    const { world, client } = await stage({ archive: has });
    await using _ = world;
    const told = await features(client);
    for (const feature of [NS_MAM, `${NS_MAM}#extended`, `${NS_MAM}#groupchat-field`, "urn:xmpp:sid:0"])
      assert.equal(told.includes(feature), has, feature);
    assert.ok(!told.includes(`${NS_MAM}#groupchat-available`));
  }
});

test("the extended fields are never announced without the archive [xep0313-7-03]", async () => {
  const { world, client } = await stage({ archive: false });
  await using _ = world;
  assert.deepEqual(
    (await features(client)).filter((feature) => feature.startsWith(NS_MAM)),
    [],
  );
});

test("fields have the types of the text, other fields a namespace, and nobody has to ask for the form first [xep0313-4.1-04] [xep0313-4.1.5-05] [xep0313-4.1.5-06] [xep0313-4.1.5-07]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1");
  assert.deepEqual((await page(client)).bodies, ["1"]);
  await client.sendText(`<iq type='get' id='f'><query xmlns='${NS_MAM}'/></iq>`);
  const fields = client.next().firstElement?.firstElement?.elements() ?? [];
  const types = new Map(fields.map((field) => [field.attr("var") ?? "", field.attr("type")]));
  for (const [name, type] of [
    ["with", "jid-single"],
    ["start", "text-single"],
    ["end", "text-single"],
  ] as const)
    assert.equal(types.get(name), type);
  const ofTheText = ["FORM_TYPE", "with", "start", "end", "before-id", "after-id", "ids", "include-groupchat"];
  for (const name of types.keys()) assert.ok(ofTheText.includes(name) || /^\{[^}]+\}\w+$/u.test(name), name);
});

test("an id is the archive's for ever: asked for again and again, a message has the same [xep0359-2.1-01] [xep0359-2.1-02]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1", "2", "3");
  const { ids } = await page(client);
  assert.equal(new Set(ids).size, 3);
  await world.advance(day);
  const again = await world.login(`${romeo}/home`);
  assert.deepEqual((await page(again)).ids, ids);
});

test("who knows an id can do nothing with it that another could not [xep0359-6-03]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await write(client, "1");
  const [id] = (await page(client)).ids;
  const other = await world.login(`${juliet}/balcony`);
  const asked = `<query xmlns='${NS_MAM}'><set xmlns='${NS_RSM}'><after>${id}</after></set></query>`;
  for (const [to, condition] of [
    ["", "item-not-found"],
    [` to='${romeo}'`, "forbidden"],
  ] as const) {
    await other.sendText(`<iq type='set' id='q'${to}>${asked}</iq>`);
    assert.equal(other.next().child(NS_CLIENT, "error")?.firstElement?.name, condition);
  }
});

test("who archives retractions says so, at the host and at the account [xep0424-2-02]", async () => {
  for (const has of [true, false]) {
    const { world, client } = await stage({ archive: has });
    await using _ = world;
    assert.equal((await features(client)).includes("urn:xmpp:message-retract:1"), has);
    await client.sendText(
      "<iq type='get' id='h' to='montague.example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    assert.equal(/message-retract:1/u.test(serialize(client.next())), has);
  }
});

test("an id says nothing of the archive: those of a full one and of an empty one look alike [xep0359-6-02]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  const other = await world.login(`${juliet}/balcony`);
  await write(client, ...Array.from({ length: 50 }, (_unused, index) => String(index)));
  await world.advance(day);
  await write(client, "last");
  await world.advance(1);
  await other.sendText("<message to='nurse@capulet.example' type='chat'><body>first</body></message>");
  const full = (await page(client)).ids.at(-1) ?? "";
  const empty = (await page(other)).ids.at(-1) ?? "";
  assert.equal(full.length, empty.length);
  // What is left when the time at the beginning and the random end are taken away.
  assert.equal(full.slice(9, -16), empty.slice(9, -16));
});

test("a protocol without pages ignores that a page is asked for [xep0059-4-03]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await client.sendText(
    `<iq type='get' id='i' to='montague.example'><query xmlns='http://jabber.org/protocol/disco#items'><set xmlns='${NS_RSM}'><max>1</max></set></query></iq>`,
  );
  assert.equal(client.next().attr("type"), "result");
});
