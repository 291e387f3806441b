import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { NS_STANZA_IDS, stanzaIdBy, withoutStanzaIds, withStanzaId } from "./elements.ts";

const juliet = parseJid("juliet@capulet.example") ?? assert.fail();
const id = (by: string, name = "stanza-id"): string => `<${name} xmlns='${NS_STANZA_IDS}' id='1' by='${by}'/>`;
const message = (inside: string): ReturnType<typeof parseElement> =>
  parseElement(`<message>${inside}</message>`, NS_CLIENT);

test("an id that is put in is found, and only under its owner, with nothing in it [xep0359-3-05] [xep0359-3-06] [xep0359-3-07]", () => {
  const kept = withStanzaId(message("<body>Hi</body>"), juliet, "x");
  assert.equal(stanzaIdBy(kept, juliet), "x");
  assert.deepEqual(kept.child(NS_STANZA_IDS, "stanza-id")?.children, []);
  assert.equal(stanzaIdBy(kept, parseJid("romeo@montague.example") ?? assert.fail()), undefined);
});

for (const [what, inside, left] of [
  ["ours", id("juliet@capulet.example"), ""],
  ["A39 ours, twice", id("juliet@capulet.example") + id("juliet@capulet.example"), ""],
  ["A39 ours, spelt otherwise", id("JULIET@capulet.EXAMPLE"), ""],
  ["a resource's", id("juliet@capulet.example/balcony"), id("juliet@capulet.example/balcony")],
  ["somebody else's", id("room@muc.example"), id("room@muc.example")],
  ["nobody's", id(""), id("")],
  [
    "an origin's [xep0359-2.2-03]",
    id("juliet@capulet.example", "origin-id"),
    id("juliet@capulet.example", "origin-id"),
  ],
] as const)
  test(`${what} is ${left === "" ? "taken out" : "left"} [xep0359-3-02] [xep0359-3-03]`, () => {
    const text = "<body>Hi</body>";
    assert.equal(serialize(withoutStanzaIds(message(inside + text), juliet)), serialize(message(left + text)));
  });

test("a message without ids stays the very same", () => {
  const plain = message("<body>Hi</body>");
  assert.equal(withoutStanzaIds(plain, juliet), plain);
});
