import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readBySaxes } from "#testing/read-by-saxes.ts";
import { XmlError } from "./fault.ts";
import { parseElement } from "./read.ts";
import { type PlainElement, decodeUtf8, plain, toBytes } from "./recorded-stream.ts";

/* saxes is another strict parser: on documents within what XMPP allows, both must say the same. */

function byOurs(text: string, decode?: typeof decodeUtf8): PlainElement | undefined {
  try {
    return plain(parseElement(text, "", decode === undefined ? {} : { decodeUtf8: decode }));
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** Pieces of markup, most of them right where they are put, so that many documents are well-formed and many nearly. */
const word = fc.constantFrom(
  "a",
  "b",
  "body",
  "p:a",
  "q:b",
  "xml:lang",
  "é",
  "a.b-c",
  "_",
  "xmlns",
  "xmlns:p",
  "xmlns:q",
);
const oddWord = fc.constantFrom(
  "",
  "1",
  "-",
  ":",
  "p:",
  ":a",
  "a:b:c",
  "a b",
  "\u0301",
  "\ufffe",
  "=",
  "/",
  "xmlns:xml",
);
const name = fc.oneof({ weight: 20, arbitrary: word }, { weight: 1, arbitrary: oddWord });
const piece = fc.constantFrom(
  ...Array.from("xyz \t\n\r]>'\"éя😀\u0085\ufeff"),
  "&lt;",
  "&amp;",
  "&#10;",
  "&#x1F600;",
  "&apos;",
  "]]",
  "urn:x",
);
const oddPiece = fc.constantFrom("&", "<", "&x;", "&#0;", "]]>", "\u0000", "\uffff", "&#xd800;", "&#x110000;", "&lt");
const text = fc
  .array(fc.oneof({ weight: 40, arbitrary: piece }, { weight: 1, arbitrary: oddPiece }), { maxLength: 6 })
  .map((pieces) => pieces.join(""));
const space = fc.constantFrom(" ", " ", " ", "\n", "\t ", "\r\n");
const maybeSpace = fc.constantFrom("", "", "", "", " ", "\n");
const quoted = fc
  .tuple(text, fc.constantFrom("'", '"'))
  .map(([value, quote]) => quote + value.replaceAll(quote, "") + quote);
const attribute = fc
  .tuple(space, name, maybeSpace, maybeSpace, quoted)
  .map(([a, b, c, d, e]) => `${a}${b}${c}=${d}${e}`);
const attributes = fc.array(attribute, { maxLength: 3 }).map((all) => all.join(""));
const cdata = text.map((inside) => `<![CDATA[${inside}]]>`);

const { element } = fc.letrec<{ element: string; node: string }>((tie) => ({
  node: fc.oneof({ depthSize: "small" }, text, cdata, tie("element")),
  element: fc
    .record({
      tag: name,
      declarations: fc.constantFrom("", "", " xmlns:p='u' xmlns:q='v'", " xmlns:p='u' xmlns:q='u'", " xmlns='u'"),
      attributes,
      spaces: fc.tuple(maybeSpace, maybeSpace),
      nodes: fc.array(tie("node"), { maxLength: 4 }),
      empty: fc.boolean(),
    })
    .map(({ tag, declarations, attributes: own, spaces: [before, after], nodes, empty }) =>
      empty
        ? `<${tag}${declarations}${own}${before}/>`
        : `<${tag}${declarations}${own}${before}>${nodes.join("")}</${tag}${after}>`,
    ),
}));

const seed = 6120;

test("documents that are nearly well-formed are read as saxes reads them", () => {
  let accepted = 0;
  fc.assert(
    fc.property(element, (document) => {
      const expected = readBySaxes(document);
      if (expected !== undefined) accepted++;
      assert.deepEqual(byOurs(document), expected, document);
      assert.deepEqual(byOurs(toBytes(document), decodeUtf8), expected, `${document} in bytes`);
    }),
    { seed, numRuns: 4000 },
  );
  // A generator that makes only rubbish, or only good documents, would compare nothing.
  assert.ok(accepted > 800 && accepted < 3700, String(accepted));
});

test("well-formed documents with one character changed are read as saxes reads them", () => {
  const document =
    "<p:a xmlns:p='u' p:b=\"c\" d='e&amp;f'>g<![CDATA[h]]>&#x69;<j xmlns='v' xml:lang='k'/>]]&gt;<é>я😀</é></p:a>";
  const replacements = ["", "<", ">", "&", "'", '"', "/", "=", ":", ";", "]", "!", " ", "\u0001", "x", "\ufffe"];
  for (let at = 0; at < document.length; at++) {
    for (const replacement of replacements) {
      const changed = document.slice(0, at) + replacement + document.slice(at + 1);
      if (!changed.isWellFormed()) continue;
      assert.deepEqual(byOurs(changed), readBySaxes(changed), changed);
    }
  }
});

for (const { document, accepted } of [
  { document: "<a xmlns=' '/>", accepted: true },
  { document: "<p:a xmlns:p='&#xa0;'/>", accepted: true },
  { document: "<p:a xmlns:p='u ' xmlns:q='u'><q:b p:c='' q:c=''/></p:a>", accepted: true },
  { document: "<p:a xmlns:p='&#xfeff;jabber:client'/>", accepted: true },
  { document: "<a xmlns='&#x2028;http://www.w3.org/2000/xmlns/'/>", accepted: true },
  { document: "<a xmlns:xml='http://www.w3.org/XML/1998/namespace '/>", accepted: false },
  { document: "<a xmlns:p=''/>", accepted: false },
  { document: "<p:\u0300 xmlns:p='u'/>", accepted: false },
  { document: "<a xmlns:-p='u'/>", accepted: false },
  { document: "\ufeff<a/>", accepted: false },
]) {
  test(`what saxes does of its own is known: ${JSON.stringify(document)}`, () => {
    const ours = byOurs(document);
    assert.deepEqual(readBySaxes(document), ours);
    assert.equal(ours !== undefined, accepted);
  });
}
