import assert from "node:assert/strict";
import { test } from "node:test";
import type { CoveredStatement } from "./coverage.ts";
import { conformanceDocument } from "./document.ts";
import { picture } from "./picture.ts";

const statement: CoveredStatement = {
  id: "rfc6120-1-01",
  level: "MUST",
  roles: ["server"],
  section: "1",
  line: "An <iq/> is *so* | `<so/>`",
  practice: "Gajim 1.8 does otherwise",
  state: "tested",
  tests: [
    { file: "kit/a.test.ts", name: "one" },
    { file: "kit/a.test.ts", name: "two" },
  ],
  places: ["kit/a.ts#a"],
};
const open: CoveredStatement = { ...statement, id: "rfc6120-1-02", state: "open", tests: [], places: [] };
const coverage = {
  covered: [{ name: "rfc6120", statements: [statement, open], features: [] }],
  uncovered: [{ name: "xep0191", statements: 7, tested: 2 }],
  problems: [],
};

test("the totals come first, then what peers do otherwise, then each document", () => {
  const text = conformanceDocument(coverage, []);
  const places = [
    "| **All** | 2 | 1 | 0 | 0 | 1 |",
    "Gajim 1.8 does otherwise",
    "## RFC 6120: XMPP: Core",
    "| XEP-0191 | 7 | 2 |",
  ];
  const found = places.map((place) => text.indexOf(place));
  assert.ok(!found.includes(-1), found.join());
  assert.deepEqual(
    found.toSorted((a, b) => a - b),
    found,
  );
});

test("a row has the place and the files, and signs of the line stand for themselves", () => {
  const text = conformanceDocument(coverage, []);
  const row = String.raw`| 1-01 | MUST | S | tested | An &lt;iq/> is \*so\* \| ${"`<so/>`"} | kit/a.ts#a | kit/a.test.ts ×2 |`;
  assert.ok(text.includes(row), text);
});

test("the picture has a bar for each state that there is", () => {
  const text = picture(coverage.covered);
  assert.equal(text.match(/<title>1 tested<\/title>/gu)?.length, 1);
  assert.equal(text.match(/<title>1 open<\/title>/gu)?.length, 1);
  assert.ok(!text.includes("not ours</title>"));
});
