import assert from "node:assert/strict";
import { bareOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { equalElements, type XmlElement } from "#protocol/xml/element.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { ArchivePage, ArchiveRow, PageQuery } from "#kit/storage.ts";
import { Info, Items, describe, list } from "#xep/0030-disco/elements.ts";
import { commandNode } from "#xep/0050-ad-hoc/command-list.ts";
import { completed, nextStage } from "#xep/0050-ad-hoc/command-stages.ts";
import { Command, NS_COMMANDS } from "#xep/0050-ad-hoc/elements.ts";
import { NS_RSM } from "#xep/0059-rsm/elements.ts";
import { answering } from "#xep/0313-archive/answer-query.ts";
import { archiveResult, NS_MAM, Query } from "#xep/0313-archive/elements.ts";
import { purgeCommand, purgeForm } from "#xep/0313-archive/purge-command.ts";
import { readFilter, type Filter } from "#xep/0313-archive/query-form.ts";
import { archivedMessages } from "#xep/0313-archive/slots.ts";
import { readMemory } from "#server/storage/memory-reads.ts";
import { MemoryDisk } from "#server/storage/memory-disk.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";

const owner = bareJidOf("romeo@montague.example");
const rowsMax = 5;
/** Reads of an archive for one answer: places that must be there, from both ends, and the page. */
const readsMax = 3;
const begun = Date.UTC(2026, 0, 2, 3, 4, 5);
const peers = ["juliet@capulet.example/balcony", "juliet@capulet.example/orchard", "nurse@capulet.example", owner];
const texts = ["It is the east", "e-mail Ros\u00e9", "\u6771\u4eac", ""];
/** In order, two in each second. */
const rows: readonly ArchiveRow[] = Array.from({ length: 12 }, (_, at) => ({
  id: `id${String(at).padStart(2, "0")}`,
  at: begun + 1_000 * Math.floor(at / 2),
  with: peers[at % peers.length] ?? owner,
  value: serialize(
    parseElement(`<message xmlns='jabber:client'><body>${texts[(at >> 1) % texts.length]}</body></message>`),
  ),
}));
const shapes = new Map([[archivedMessages.name, archivedMessages]]);
const disk = new MemoryDisk();
for (const row of rows) disk.apply({ op: "append", store: archivedMessages.name, owner, ...row }, shapes, []);

const purge = purgeCommand({
  owners: () => Promise.resolve([]),
  page: () => Promise.reject(new Error("nothing is removed here")),
  remove: () => Promise.reject(new Error("nothing is removed here")),
});
const commands = [purge, { ...purge, node: "other", name: "Another" }];

const field = (name: string, ...values: readonly string[]): string =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const submitted = (type: string, fields: string): string =>
  `<x xmlns='jabber:x:data' type='submit'>${field("FORM_TYPE", type)}${fields}</x>`;
const set = (inside: string): string => `<set xmlns='${NS_RSM}'>${inside}</set>`;
const question = (fields: string, page: string, more = ""): string =>
  `<query xmlns='${NS_MAM}'>${submitted(NS_MAM, fields)}${set(page)}${more}</query>`;
const command = (attributes: string, inside = ""): string =>
  `<command xmlns='${NS_COMMANDS}' node='purge-archive' ${attributes}>${inside}</command>`;

export const target = fuzzTarget({
  summary:
    "questions to an archive get the page that a plain count of its rows gives, commands the stage that is next, and every answer can be read",
  bytesMax: 2_048,
  roundExecutions: 600_000,
  words: [
    field("start", "2026-01-02T03:04:07Z"),
    field("end", "2026-01-02T03:04:09Z"),
    field("with", "juliet@capulet.example"),
    field("with", "juliet@capulet.example/balcony"),
    field("after-id", "id02"),
    field("before-id", "id09"),
    field("ids", "id01", "id03"),
    field("{urn:xmpp:fulltext:0}fulltext", "east"),
    "<max>2</max>",
    "<max>0</max>",
    "<after>id03</after>",
    "<before>id08</before>",
    "<before/>",
    "<index>1</index>",
    "<flip-page/>",
    " node='other'",
    " action='complete'",
    " action='cancel'",
    " action='prev'",
    " sessionid='s'",
    "id05",
    "rose",
  ],
  seeds: [
    `<query xmlns='${NS_MAM}'/>`,
    question("", ""),
    question("", "<max>3</max><after>id03</after>"),
    question("", "<max>3</max><before/>", "<flip-page/>"),
    question(field("with", "juliet@capulet.example"), "<max>2</max><before>id08</before>"),
    question(field("start", "2026-01-02T03:04:06Z") + field("end", "2026-01-02T03:04:08Z"), "<max>0</max>"),
    question(field("after-id", "id02") + field("before-id", "id09"), "<after>id04</after>"),
    question(field("ids", "id01", "id03"), ""),
    question(field("{urn:xmpp:fulltext:0}fulltext", "\u6771 &quot;the east&quot;"), "<max>9</max>"),
    command(""),
    command("action='cancel' sessionid='s'"),
    command(
      "action='complete' sessionid='s'",
      submitted(
        "urn:balcony:archive:purge",
        field("before", "2026-01-02T03:04:05Z") + field("with", "a@b") + field("sure", "1"),
      ),
    ),
    `<query xmlns='http://jabber.org/protocol/disco#items' node='${NS_COMMANDS}'/>`,
    "<query xmlns='http://jabber.org/protocol/disco#info' node='purge-archive'/>",
  ],
  mutations: xmlMutations,
  run: (input) => {
    const element = elementOf(input);
    if (element === undefined) return;
    if (Query.is(element)) orRefused(() => checkQuestion(Query.parse(element)));
    if (Command.is(element)) orRefused(() => checkCommand(Command.parse(element)));
    if (Items.is(element) || Info.is(element)) checkList(element.attr("node") ?? "");
  },
});

function checkQuestion(query: Query): void {
  const answer = answering(query, rowsMax);
  let reads = 0;
  let step = answer.next();
  for (; step.done !== true; step = answer.next(pageOf(step.value))) {
    reads++;
    assert.ok(reads <= readsMax && step.value.max <= 2 * rowsMax, "much is read for one answer");
  }
  const { end, rows: sent } = step.value;
  const filter = readFilter(query.form);
  const told = query.flipPage ? sent.toReversed() : sent;
  const ids = told.map(({ id }) => id);
  const all = rows.filter((row) => isAskedFor(row, filter));
  // By words is searched elsewhere.
  if (filter.text === undefined) checkPage(query, all, ids, end);
  for (const row of sent) checkWritten(archiveResult(row, query.queryId));
  checkWritten(end);
}

/** The page is the one that a look at all rows gives, and says of itself what is true. */
function checkPage({ page = {} }: Query, all: readonly ArchiveRow[], ids: readonly string[], end: XmlElement): void {
  const { after = "", before } = page;
  const between = all
    .map(({ id }) => id)
    .filter((id) => id > after && (before === undefined || before === "" || id < before));
  const max = Math.min(page.max ?? rowsMax, rowsMax);
  const expected = before === undefined ? between.slice(0, max) : between.slice(Math.max(0, between.length - max));
  assert.deepEqual(ids, expected, "another page");
  assert.equal(end.attr("complete") === "true", between.length <= max, "complete, or not");
  const result = end.child(NS_RSM, "set");
  assert.equal(result?.child(NS_RSM, "first")?.text, ids[0]);
  assert.equal(result?.child(NS_RSM, "last")?.text, ids.at(-1));
  const count = result?.child(NS_RSM, "count")?.text;
  if (count !== undefined) assert.equal(Number(count), all.length, "another number");
  const index = result?.child(NS_RSM, "first")?.attr("index");
  if (index !== undefined) assert.equal(all[Number(index)]?.id, ids[0], "another place");
}

function isAskedFor(
  row: ArchiveRow,
  { afterId = "", beforeId, end = Infinity, ids, start = -Infinity, with: peer }: Filter,
): boolean {
  return (
    row.at >= start &&
    row.at <= end &&
    row.id > afterId &&
    (beforeId === undefined || row.id < beforeId) &&
    (ids === undefined || ids.includes(row.id)) &&
    (peer === undefined || row.with === peer || bareJidOf(row.with) === peer)
  );
}

function pageOf(query: PageQuery): ArchivePage {
  const answer = readMemory(disk, shapes, { read: "page", store: archivedMessages.name, owner, query });
  assert.ok(answer.read === "page");
  return answer.page;
}

function checkCommand(asked: Command): void {
  const sessionId = asked.sessionId ?? "made";
  const next = nextStage(commands, asked, sessionId);
  if ("filled" in next) {
    assert.equal(next.command.node, asked.node);
    const filled = purgeForm.read(next.filled);
    const { before } = filled ?? {};
    assert.ok(before === undefined || Number.isSafeInteger(before));
  }
  const reply = "filled" in next ? completed(next.command, sessionId, "Done.") : next;
  checkWritten(reply);
  assert.deepEqual([reply.attr("node"), reply.attr("sessionid")], [asked.node, sessionId]);
  // What nobody wanted is not done.
  if (asked.action === "cancel") assert.equal(reply.attr("status"), "canceled");
  if (reply.attr("status") === "completed") assert.ok(asked.form !== undefined);
}

function checkList(node: string): void {
  const found = commandNode(commands, node, owner);
  assert.equal(found !== undefined, node === NS_COMMANDS || commands.some((known) => known.node === node));
  if (found === undefined) return;
  checkWritten(Info.build(describe(found, node)));
  checkWritten(Items.build(list(found.items ?? [], node)));
}

function checkWritten(element: XmlElement): void {
  assert.ok(equalElements(parseElement(serialize(element)), element), "written and read again it is another element");
}

function bareJidOf(text: string): BareJid {
  return bareOf(parseJid(text) ?? assert.fail("an address"));
}

function elementOf(input: string): XmlElement | undefined {
  try {
    return parseElement(input, "jabber:client", { decodeUtf8 });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

function orRefused(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof StanzaError)) throw error;
  }
}
