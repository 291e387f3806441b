import assert from "node:assert/strict";
import { test } from "node:test";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { NS_RSM, pageResult, PageRequest } from "./elements.ts";

for (const [inside, expected] of [
  ["", {}],
  ["<max>10</max>", { max: 10 }],
  ["<max>10</max><after>a</after>", { max: 10, after: "a" }],
  ["<max>0</max>", { max: 0 }],
  ["<before/>", { before: "" }],
  ["<before>b</before>", { before: "b" }],
  ["<index>371</index>", { index: 371 }],
] as const)
  test(`<set>${inside}</set> asks for ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(PageRequest.parse(parseElement(`<set xmlns='${NS_RSM}'>${inside}</set>`)), expected);
  });

for (const inside of ["<max>ten</max>", "<max>-1</max>", "<max/>", "<index>first</index>"])
  test(`<set>${inside}</set> asks for nothing`, () => {
    assert.throws(() => PageRequest.parse(parseElement(`<set xmlns='${NS_RSM}'>${inside}</set>`)), ShapeError);
  });

for (const [page, expected] of [
  [{}, "<set xmlns='http://jabber.org/protocol/rsm'/>"],
  [{ first: "a", last: "b" }, "<set xmlns='http://jabber.org/protocol/rsm'><first>a</first><last>b</last></set>"],
  [
    { first: "a", last: "b", index: 0 },
    "<set xmlns='http://jabber.org/protocol/rsm'><first index='0'>a</first><last>b</last></set>",
  ],
  [{ count: 0 }, "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>"],
] as const)
  test(`a page ${JSON.stringify(page)} is told`, () => {
    assert.equal(serialize(pageResult(page)), expected);
  });
