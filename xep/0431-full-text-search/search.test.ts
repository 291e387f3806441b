import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { escapeText } from "#protocol/xml/escape.ts";
import { parseElement } from "#protocol/xml/read.ts";
import type { ArchiveEntry } from "#kit/slots.ts";
import { memoryArchive } from "#testing/memory-archive.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { answerQuery } from "../0313-archive/answer-query.ts";
import { NS_MAM, Query } from "../0313-archive/elements.ts";
import { archive } from "../0313-archive/server.ts";
import { archivedMessages } from "../0313-archive/slots.ts";

const fullText = "{urn:xmpp:fulltext:0}fulltext";

const form = (fields: Readonly<Record<string, string>>): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${NS_MAM}</value></field>` +
  Object.entries(fields)
    .map(([name, value]) => `<field var='${name}'><value>${escapeText(value)}</value></field>`)
    .join("") +
  "</x>";
const rsm = (inside: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inside}</set>`;

const room = "room@muc.example";
const said = (id: string, nick: string, inside: string): ArchiveEntry => ({
  id,
  at: Number(id) * 1_000,
  with: `${room}/${nick}`,
  value: `<message>${inside}</message>`,
});
const rows = [
  said("1", "romeo", "<body>With love's light wings</body>"),
  said("2", "juliet", "<body>If they do see thee, they will murder thee</body>"),
  said("3", "romeo", "<subject>Love</subject>"),
  said("4", "romeo", "<body>nothing here</body><note xmlns='urn:example:x'>love</note>"),
  said("5", "juliet", "<body>My bounty is as boundless as the sea, my LOVE as deep</body>"),
];

for (const { what, inside, found, complete = true } of [
  { what: "a word, in body and subject, whatever its case", inside: form({ [fullText]: "love" }), found: "135" },
  { what: "two words", inside: form({ [fullText]: "deep love" }), found: "5" },
  { what: "a phrase", inside: form({ [fullText]: '"murder thee"' }), found: "2" },
  { what: "an empty field, which asks for nothing", inside: form({ [fullText]: "" }), found: "12345" },
  { what: "spaces alone", inside: form({ [fullText]: "  " }), found: "12345" },
  { what: "no words", inside: form({ [fullText]: "?!" }), found: "" },
  { what: "a word with somebody", inside: form({ [fullText]: "love", with: "room@muc.example/romeo" }), found: "13" },
  {
    what: "a word from a time on",
    inside: form({ [fullText]: "love", start: "1970-01-01T00:00:02Z" }),
    found: "35",
  },
  { what: "a word behind an id", inside: form({ [fullText]: "love", "after-id": "1" }), found: "35" },
  {
    what: "a page of a word",
    inside: form({ [fullText]: "love" }) + rsm("<max>2</max>"),
    found: "13",
    complete: false,
  },
  {
    what: "the next page of a word",
    inside: form({ [fullText]: "love" }) + rsm("<max>2</max><after>3</after>"),
    found: "5",
  },
  {
    what: "the last page of a word",
    inside: form({ [fullText]: "love" }) + rsm("<max>1</max><before/>"),
    found: "5",
    complete: false,
  },
])
  test(`${what}: searched in an archive that is no account's [xep0431-3.2-01] [xep0431-3.2-03]`, async () => {
    await using archived = await memoryArchive(archivedMessages, rows);
    const query = Query.parse(parseElement(`<query xmlns='${NS_MAM}'>${inside}</query>`, NS_CLIENT));
    const { rows: page, end } = await answerQuery(archived, query, 10);
    assert.equal(page.map(({ id }) => id).join(""), found);
    assert.equal(end.attr("complete") === "true", complete);
  });

test("who archives offers search, and it is the owner's own archive that is searched", async () => {
  const [romeo, juliet] = ["romeo@montague.example", "juliet@capulet.example"];
  await using world = await startWorld({
    accounts: [romeo, juliet],
    modules: [...instantMessaging, archive],
    options: { archive: true },
  });
  const client = await world.login(`${romeo}/garden`);
  const other = await world.login(`${juliet}/balcony`);
  await client.sendText(`<message to='${juliet}' type='chat'><body>Ein sp\u00e4ter Gru\u00df</body></message>`);
  const search = async (asker: typeof client, text: string): Promise<number> => {
    asker.ignoreAll();
    await asker.sendText(`<iq type='set' id='q'><query xmlns='${NS_MAM}'>${form({ [fullText]: text })}</query></iq>`);
    assert.equal(asker.pending.at(-1)?.attr("type"), "result");
    return asker.pending.length - 1;
  };
  assert.deepEqual(
    [await search(client, "SPATER gruss"), await search(other, "gru\u00df"), await search(other, "andere")],
    [1, 1, 0],
  );
});
