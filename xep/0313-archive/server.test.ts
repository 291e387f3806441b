import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { carbons } from "../0280-carbons/server.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";
import { NS_MAM } from "./elements.ts";
import { archive } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const garden = `${romeo}/garden`;
const balcony = `${juliet}/balcony`;

interface Page {
  readonly ids: readonly string[];
  readonly bodies: readonly string[];
  readonly results: readonly XmlElement[];
  readonly reply: XmlElement;
}

async function stage(options: Readonly<Record<string, unknown>> = {}): Promise<World> {
  return startWorld({
    accounts: [romeo, juliet],
    modules: [...instantMessaging, carbons, archive],
    options: { archive: true, ...options },
  });
}

async function ask(client: ScriptedClient, query: string, type = "set"): Promise<Page> {
  client.ignoreAll();
  await client.sendText(`<iq type='${type}' id='q'>${query}</iq>`);
  const results = client.pending.flatMap((stanza) => stanza.child(NS_MAM, "result") ?? []);
  const reply = client.pending.at(-1);
  assert.ok(reply?.name === "iq", "the result comes last");
  client.ignoreAll();
  return {
    results,
    reply,
    ids: results.map((result) => result.attr("id") ?? ""),
    bodies: results.map((result) => messageIn(result)?.child("jabber:client", "body")?.text ?? ""),
  };
}

function messageIn(result: XmlElement): XmlElement | undefined {
  return result.firstElement === undefined ? undefined : forwardedStanza(result.firstElement);
}

const form = (...fields: readonly (readonly [name: string, ...values: readonly string[]])[]): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>${NS_MAM}</value></field>` +
  fields
    .map(
      ([name, ...values]) =>
        `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join("")}</field>`,
    )
    .join("") +
  "</x>";
const rsm = (inside: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inside}</set>`;
const query = (inside = "", attributes = ""): string => `<query xmlns='${NS_MAM}' ${attributes}>${inside}</query>`;
const condition = (page: Page): string | undefined => page.reply.child("jabber:client", "error")?.firstElement?.name;
const fin = (page: Page): XmlElement => page.reply.child(NS_MAM, "fin") ?? assert.fail(serialize(page.reply));
const chat = (to: string, body: string, more = ""): string =>
  `<message to='${to}' type='chat' id='${body}'><body>${body}</body>${more}</message>`;

test("a conversation is in both archives, each message once, in order [xep0313-3.1-01] [xep0313-6.1.1-01] [xep0313-4-03]", async () => {
  await using world = await stage();
  const [one, other] = [await world.login(garden), await world.login(balcony)];
  for (const client of [one, other]) await client.sendText("<presence/>");
  await one.sendText(chat(balcony, "1"));
  await other.sendText(chat(garden, "2"));
  await one.sendText(chat(juliet, "3"));
  for (const client of [one, other]) {
    const page = await ask(client, query());
    assert.deepEqual(page.bodies, ["1", "2", "3"]);
    assert.equal(new Set(page.ids).size, 3);
    assert.equal(fin(page).attr("complete"), "true");
    assert.deepEqual(page.ids, page.ids.toSorted());
  }
});

test("what both keep of a message is one commit, and it is delivered and acknowledged behind that", async () => {
  await using world = await stage();
  const [one, other] = [await world.login(garden), await world.login(balcony)];
  for (const client of [one, other]) await client.sendText("<presence/>");
  await one.sendText("<enable xmlns='urn:xmpp:sm:3'/>");
  for (const client of [one, other]) client.ignoreAll();
  const { commits } = world.store.health;
  await one.sendText(chat(balcony, "1"));
  assert.equal(world.store.health.commits, commits + 1);
  world.faults.failCommits("full");
  await one.sendText(`${chat(balcony, "2")}<r xmlns='urn:xmpp:sm:3'/>`);
  assert.deepEqual(
    other.pending.map((stanza) => stanza.attr("id")),
    ["1"],
  );
  assert.match(one.pending.map((stanza) => serialize(stanza)).join(""), /resource-constraint/u);
  world.faults.failCommits(undefined);
  for (const client of [one, other]) assert.deepEqual((await ask(client, query())).bodies, ["1"]);
});

test("who gets a message learns under which id his own archive has it, and nobody else does [xep0313-3.5-01] [xep0313-3.5-03] [xep0313-3.5-04] [xep0313-3.5-05] [xep0359-2.2-02]", async () => {
  await using world = await stage();
  const [one, second, other] = [
    await world.login(garden),
    await world.login(`${romeo}/home`),
    await world.login(balcony),
  ];
  await second.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await other.sendText("<presence/>");
  for (const client of [second, other]) client.ignoreAll();
  await one.sendText(chat(balcony, "1"));
  const [received] = other.pending;
  const idOf = (message: XmlElement | undefined): XmlElement | undefined =>
    message?.child("urn:xmpp:sid:0", "stanza-id");
  assert.equal(idOf(received)?.attr("by"), juliet);
  const copy = second.pending[0]?.firstElement?.firstElement;
  const copied = copy === undefined ? undefined : forwardedStanza(copy);
  assert.equal(idOf(copied)?.attr("by"), romeo);
  assert.deepEqual((await ask(other, query())).ids, [idOf(received)?.attr("id")]);
  assert.deepEqual((await ask(one, query())).ids, [idOf(copied)?.attr("id")]);
});

test("A39 S14 every forged id of ours is taken out, others stay [xep0359-3-02] [xep0359-3-03] [xep0359-3-04] [xep0313-3.5-02]", async () => {
  await using world = await stage();
  const [one, other] = [await world.login(garden), await world.login(balcony)];
  await other.sendText("<presence/>");
  other.ignoreAll();
  const forged = [juliet, juliet, "JULIET@capulet.example", "room@muc.example"]
    .map((by) => `<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='${by}'/>`)
    .join("");
  await one.sendText(chat(balcony, "1", `${forged}<origin-id xmlns='urn:xmpp:sid:0' id='o'/>`));
  const ids = other
    .next()
    .elements()
    .filter(({ ns }) => ns === "urn:xmpp:sid:0")
    .map((child) => `${child.name} ${child.attr("by") ?? ""} ${child.attr("id") === "forged"}`);
  assert.deepEqual(ids, ["stanza-id room@muc.example true", "origin-id  false", `stanza-id ${juliet} false`]);
  await one.sendText(
    `<message to='${balcony}' type='chat'>${forged}<active xmlns='http://jabber.org/protocol/chatstates'/></message>`,
  );
  assert.equal(
    other
      .next()
      .elements()
      .filter(({ ns }) => ns === "urn:xmpp:sid:0").length,
    1,
    "also where it is not kept",
  );
});

test("a message to oneself is kept once, whoever of one's devices gets it [xep0313-6.1.1-09] [xep0313-4.1.1-02]", async () => {
  await using world = await stage();
  const [one, second] = [await world.login(garden), await world.login(`${romeo}/home`)];
  for (const client of [one, second]) await client.sendText("<presence/>");
  await one.sendText(chat(romeo, "1") + chat(`${romeo}/home`, "2") + chat(juliet, "3"));
  assert.deepEqual((await ask(one, query())).bodies, ["1", "2", "3"]);
  assert.deepEqual((await ask(one, query(form(["with", romeo])))).bodies, ["1", "2"]);
});

/** Romeo wrote 1 to 9 to Juliet, one a minute, of which 4 to 6 went to her other device. */
async function nine(
  options?: Readonly<Record<string, unknown>>,
): Promise<{ world: World; client: ScriptedClient; ids: readonly string[] }> {
  const world = await stage(options);
  const client = await world.login(garden);
  for (let number = 1; number <= 9; number += 1) {
    await client.sendText(chat(`${juliet}/${number >= 4 && number <= 6 ? "chamber" : "balcony"}`, String(number)));
    await world.advance(60_000);
  }
  client.ignoreAll();
  return { world, client, ids: (await ask(client, query())).ids };
}

const at = (minute: number): string => `2026-01-01T00:0${minute}:00Z`;
for (const { what, inside, bodies, complete } of [
  {
    what: "all [xep0313-4.1.1-03] [xep0313-4.1.2-03] [xep0313-4.1.2-05] [xep0313-4.2-02] [xep0313-4.3.2-04]",
    inside: () => "",
    bodies: "123456789",
    complete: true,
  },
  {
    what: "with a person [xep0313-4.1.1-04]",
    inside: () => form(["with", juliet]),
    bodies: "123456789",
    complete: true,
  },
  {
    what: "with a device [xep0313-4.1.1-01]",
    inside: () => form(["with", `${juliet}/chamber`]),
    bodies: "456",
    complete: true,
  },
  {
    what: "with a stranger [xep0059-2.2-05] [xep0059-2.2-16]",
    inside: () => form(["with", "nurse@capulet.example"]),
    bodies: "",
    complete: true,
  },
  { what: "from a time on [xep0313-4.1.2-02]", inside: () => form(["start", at(6)]), bodies: "789", complete: true },
  { what: "up to a time [xep0313-4.1.2-04]", inside: () => form(["end", at(2)]), bodies: "123", complete: true },
  {
    what: "after an id [xep0313-7-02]",
    inside: (ids) => form(["after-id", ids[6] ?? ""]),
    bodies: "89",
    complete: true,
  },
  {
    what: "between ids",
    inside: (ids) => form(["after-id", ids[1] ?? ""], ["before-id", ids[4] ?? ""]),
    bodies: "34",
    complete: true,
  },
  {
    what: "by ids [xep0313-7-02]",
    inside: (ids) => form(["ids", ids[4] ?? "", ids[1] ?? ""]),
    bodies: "25",
    complete: true,
  },
  {
    what: "the first page [xep0313-4-02] [xep0313-4.3.1-01] [xep0313-4.3.1-02] [xep0313-4.3.2-05] [xep0059-2.2-03]",
    inside: () => rsm("<max>4</max>"),
    bodies: "1234",
    complete: false,
  },
  {
    what: "the next page [xep0059-2.2-14]",
    inside: (ids) => rsm(`<max>4</max><after>${ids[3]}</after>`),
    bodies: "5678",
    complete: false,
  },
  {
    what: "S13 the last page [xep0059-2.5-01]",
    inside: () => rsm("<max>4</max><before/>"),
    bodies: "6789",
    complete: false,
  },
  {
    what: "the page before [xep0059-2.3-01] [xep0059-2.3-02]",
    inside: (ids) => rsm(`<max>4</max><before>${ids[5]}</before>`),
    bodies: "2345",
    complete: false,
  },
  {
    what: "the page before that [xep0059-2.2-04]",
    inside: (ids) => rsm(`<max>4</max><before>${ids[1]}</before>`),
    bodies: "1",
    complete: true,
  },
  {
    what: "a flipped page [xep0313-7-02]",
    inside: () => `${rsm("<max>4</max><before/>")}<flip-page/>`,
    bodies: "9876",
    complete: false,
  },
  {
    what: "an id of the form and one of the page",
    inside: (ids) => form(["after-id", ids[1] ?? ""]) + rsm(`<after>${ids[3]}</after>`),
    bodies: "56789",
    complete: true,
  },
  {
    what: "the same, the other way round",
    inside: (ids) => form(["after-id", ids[3] ?? ""]) + rsm(`<after>${ids[1]}</after>`),
    bodies: "56789",
    complete: true,
  },
  {
    what: "whatever of rooms [xep0313-6.1.1-06]",
    inside: () => form(["include-groupchat", "true"], ["start", at(7)]),
    bodies: "89",
    complete: true,
  },
  {
    what: "a device from a time on, the last of it",
    inside: () => form(["with", `${juliet}/chamber`], ["start", at(4)]) + rsm("<max>1</max><before/>"),
    bodies: "6",
    complete: false,
  },
] satisfies readonly { what: string; inside: (ids: readonly string[]) => string; bodies: string; complete: boolean }[])
  test(`${what}, asked for`, async () => {
    const { world, client, ids } = await nine();
    await using _ = world;
    const page = await ask(client, query(inside(ids), "queryid='x'"));
    assert.equal(page.bodies.join(""), bodies, serialize(page.reply));
    assert.equal(fin(page).attr("complete") === "true", complete);
    assert.ok(page.results.every((result) => result.attr("queryid") === "x"));
    const set = fin(page).firstElement;
    const sorted = page.ids.toSorted();
    assert.equal(set?.child("http://jabber.org/protocol/rsm", "first")?.text, sorted[0]);
    assert.equal(set?.child("http://jabber.org/protocol/rsm", "last")?.text, sorted.at(-1));
  });

test("S13 with max=0 only their number is told [xep0059-2.7-01]", async () => {
  const { world, client } = await nine();
  await using _ = world;
  const page = await ask(client, query(rsm("<max>0</max>")));
  assert.equal(page.results.length, 0);
  assert.equal(fin(page).firstElement?.child("http://jabber.org/protocol/rsm", "count")?.text, "9");
});

test("a page has no more messages than the administrator allows [xep0313-4.3.1-03]", async () => {
  const { world, client } = await nine({ "archive.page_messages_max": 2 });
  await using _ = world;
  for (const page of [rsm("<max>5</max>"), ""]) assert.deepEqual((await ask(client, query(page))).bodies, ["1", "2"]);
});

for (const { what, inside, expected } of [
  {
    what: "an unknown id after which [xep0313-4.3.2-03] [xep0059-2.4-01]",
    inside: rsm("<after>nowhere</after>"),
    expected: "item-not-found",
  },
  {
    what: "an unknown id before which [xep0313-4.3.2-03] [xep0059-2.4-01]",
    inside: rsm("<before>nowhere</before>"),
    expected: "item-not-found",
  },
  {
    what: "an unknown id in the form [xep0313-4.1.3-01]",
    inside: form(["after-id", "nowhere"]),
    expected: "item-not-found",
  },
  { what: "an unknown id among ids", inside: form(["ids", "nowhere"]), expected: "item-not-found" },
  { what: "two unknown ids", inside: form(["before-id", "a"]) + rsm("<before>b</before>"), expected: "item-not-found" },
  {
    what: "a field that nobody knows [xep0313-4.1.5-08]",
    inside: form(["{urn:example}mood", "lonely"]),
    expected: "feature-not-implemented",
  },
  { what: "a time that is none [xep0313-4.1.2-01]", inside: form(["start", "yesterday"]), expected: "bad-request" },
  { what: "an address that is none", inside: form(["with", "@"]), expected: "jid-malformed" },
  {
    what: "a form of something else [xep0313-4.1-01]",
    inside: form().replace(NS_MAM, "urn:example:x"),
    expected: "bad-request",
  },
  { what: "a form that is only asked", inside: form().replace("'submit'", "'form'"), expected: "bad-request" },
  {
    what: "a search of too many characters",
    inside: form(["{urn:xmpp:fulltext:0}fulltext", "x".repeat(513)]),
    expected: "not-acceptable",
  },
  {
    what: "a search of too many words",
    inside: form(["{urn:xmpp:fulltext:0}fulltext", "x ".repeat(17)]),
    expected: "not-acceptable",
  },
  {
    what: "two searches at once",
    inside: form(["{urn:xmpp:fulltext:0}fulltext", "x", "y"]),
    expected: "bad-request",
  },
  {
    what: "a page by its number [xep0059-2.6-08]",
    inside: rsm("<index>3</index>"),
    expected: "feature-not-implemented",
  },
  { what: "a page without a number", inside: rsm("<max>many</max>"), expected: "bad-request" },
  {
    what: "more ids than a page holds",
    inside: form(["ids", ...Array.from({ length: 300 }, (_, index) => String(index))]),
    expected: "not-acceptable",
  },
] as const)
  test(`${what}: asking for it gets ${expected}, and no results`, async () => {
    const { world, client } = await nine();
    await using _ = world;
    const page = await ask(client, query(inside));
    assert.deepEqual([condition(page), page.results.length], [expected, 0]);
  });

test("nobody reads another's archive [xep0313-8.1-01] [xep0313-8.1-03]", async () => {
  const { world, client } = await nine();
  await using _ = world;
  const other = await world.login(balcony);
  other.ignoreAll();
  for (const [type, asked] of [
    ["set", query()],
    ["get", query()],
    ["get", `<metadata xmlns='${NS_MAM}'/>`],
    ["get", `<prefs xmlns='${NS_MAM}'/>`],
  ] as const) {
    await other.sendText(`<iq type='${type}' id='q' to='${romeo}'>${asked}</iq>`);
    assert.equal(other.next().child("jabber:client", "error")?.firstElement?.name, "forbidden");
    other.receivesNothing();
  }
  client.receivesNothing();
});

test("the ends of the archive are told, and of an empty one that it is empty [xep0313-5-01] [xep0313-5-02]", async () => {
  const { world, client, ids } = await nine();
  await using _ = world;
  const metadata = (await ask(client, `<metadata xmlns='${NS_MAM}'/>`, "get")).reply.firstElement;
  assert.deepEqual(
    metadata?.elements().map((end) => `${end.name} ${end.attr("id")} ${end.attr("timestamp")}`),
    [`start ${ids[0]} ${at(0)}`, `end ${ids[8]} ${at(8)}`],
  );
  const other = await world.login(`${romeo}/new`);
  assert.equal((await ask(other, `<metadata xmlns='${NS_MAM}'/>`, "get")).reply.firstElement?.elements().length, 2);
  const nurse = await startWorld({
    accounts: [romeo],
    modules: [...instantMessaging, archive],
    options: { archive: true },
  });
  await using __ = nurse;
  const empty = await nurse.login(garden);
  assert.equal((await ask(empty, `<metadata xmlns='${NS_MAM}'/>`, "get")).reply.firstElement?.elements().length, 0);
});

test("the form has all fields, none required, and leaves ids open [xep0313-4.1.5-01] [xep0313-4.1.5-03] [xep0313-4.1.5-04] [xep0313-4.1-05] [xep0313-4.1-02]", async () => {
  const { world, client } = await nine();
  await using _ = world;
  const fields = (await ask(client, query(), "get")).reply.firstElement?.firstElement?.elements() ?? [];
  assert.deepEqual(
    fields.map((field) => `${field.attr("var")} ${field.attr("type")}`),
    [
      "FORM_TYPE hidden",
      "with jid-single",
      "start text-single",
      "end text-single",
      "before-id text-single",
      "after-id text-single",
      "ids list-multi",
      "include-groupchat boolean",
      "{urn:xmpp:fulltext:0}fulltext text-single",
    ],
  );
  assert.ok(fields.every((field) => field.child("jabber:x:data", "required") === undefined));
  const open = fields.find((field) => field.attr("var") === "ids");
  assert.equal(open?.firstElement?.firstElement?.name, "open");
  assert.equal(open?.child("jabber:x:data", "option"), undefined);
});

test("a page that no device takes is not kept for another", async () => {
  const { world, client } = await nine();
  await using _ = world;
  await client.sendText("<presence/><enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await client.sendText(`<iq type='set' id='q'>${query()}</iq>`);
  await client.cut();
  await world.advance(700_000);
  const again = await world.login(`${romeo}/home`);
  await again.sendText("<presence/>");
  assert.deepEqual(
    again.pending.map(({ name }) => name),
    ["presence"],
  );
});
