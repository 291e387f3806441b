import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { memoryArchive } from "#testing/memory-archive.ts";
import { answerQuery } from "./answer-query.ts";
import { NS_MAM, Query } from "./elements.ts";
import { archivedMessages } from "./slots.ts";

const form = (name: string, value: string): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${NS_MAM}</value></field>` +
  `<field var='${name}'><value>${value}</value></field></x>`;
const rsm = (inside: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inside}</set>`;
const rows = ["1", "2", "3", "4", "5"].map((id) => ({ id, at: Number(id), with: "x@y", value: "<message/>" }));

async function setOf(inside: string): Promise<string | undefined> {
  await using archived = await memoryArchive(archivedMessages, rows);
  const query = Query.parse(parseElement(`<query xmlns='${NS_MAM}'>${inside}</query>`, NS_CLIENT));
  const { end } = await answerQuery(archived, query, 10);
  const told = end.firstElement?.elements().map((part) => serialize(part).replace(/ xmlns=(['"])[^'"]*\1/u, ""));
  return told?.join("").replaceAll('"', "'");
}

for (const { what, inside, set } of [
  { what: "all there is", inside: "", set: "<first index='0'>1</first><last>5</last><count>5</count>" },
  { what: "the first page", inside: rsm("<max>2</max>"), set: "<first index='0'>1</first><last>2</last>" },
  { what: "a middle page", inside: rsm("<max>2</max><after>2</after>"), set: "<first>3</first><last>4</last>" },
  { what: "the end", inside: rsm("<max>9</max><after>2</after>"), set: "<first>3</first><last>5</last>" },
  { what: "the last page", inside: rsm("<max>2</max><before/>"), set: "<first>4</first><last>5</last>" },
  {
    what: "the last page of one",
    inside: rsm("<max>9</max><before/>"),
    set: "<first index='0'>1</first><last>5</last><count>5</count>",
  },
  { what: "the beginning", inside: rsm("<before>3</before>"), set: "<first index='0'>1</first><last>2</last>" },
  {
    what: "what a filter leaves",
    inside: form("after-id", "3"),
    set: "<first index='0'>4</first><last>5</last><count>2</count>",
  },
  { what: "nothing", inside: form("with", "nobody@nowhere"), set: "<count>0</count>" },
  { what: "their number", inside: rsm("<max>0</max>"), set: "<count>5</count>" },
])
  test(`${what}: its place and number are told where they cost nothing [xep0059-2.2-08] [xep0059-2.2-09] [xep0059-2.2-11] [xep0059-2.2-12] [xep0059-2.2-13]`, async () => {
    assert.equal(await setOf(inside), set);
  });

for (const { what, asked, set } of [
  { what: "what begins behind an id", asked: form("after-id", "3"), set: "" },
  { what: "what ends ahead of an id", asked: form("before-id", "3"), set: "" },
  { what: "what somebody wrote", asked: form("with", "x@y"), set: "<count>5</count>" },
])
  test(`${what}: its number alone is told where it is known [xep0059-2.7-01] [xep0059-2.7-02]`, async () => {
    assert.equal(await setOf(asked + rsm("<max>0</max>")), set);
  });
