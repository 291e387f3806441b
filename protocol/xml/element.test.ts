import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { equalElements, withAttributes, withChildren, xml } from "./element.ts";
import { parseElement } from "./read.ts";
import { decodeUtf8, toBytes } from "./recorded-stream.ts";

const source =
  "<message to='a@b' xml:lang='en' ü='ö' p:c='&lt;d' xmlns:p='urn:p' e='&amp;'>x &amp; <body>é</body>y<x xmlns='u'/>" +
  "<body xmlns='v'>second</body><![CDATA[]]></message>";

/** The same element, come about in three ways. */
const elements = {
  "read from text": parseElement(source),
  "read from bytes": parseElement(toBytes(source), undefined, { decodeUtf8 }),
  built: xml(
    "jabber:client",
    "message",
    { to: "a@b", "xml:lang": "en", ü: "ö", e: "&", "{urn:p}c": "<d" },
    "x & ",
    xml("jabber:client", "body", {}, "é"),
    "y",
    xml("u", "x"),
    xml("v", "body", {}, "second"),
  ),
};

for (const [how, element] of Object.entries(elements)) {
  suite(`an element that was ${how}`, () => {
    test("has a name and a namespace", () => {
      assert.equal(element.ns, "jabber:client");
      assert.equal(element.name, "message");
    });
    test("has attributes by local name, by xml: and by expanded name", () => {
      assert.equal(element.attr("to"), "a@b");
      assert.equal(element.attr("e"), "&");
      assert.equal(element.attr("ü"), "ö");
      assert.equal(element.attr("xml:lang"), "en");
      assert.equal(element.attr("{http://www.w3.org/XML/1998/namespace}lang"), "en");
      assert.equal(element.attr("{urn:p}c"), "<d");
      assert.equal(element.attr("c"), undefined);
      assert.equal(element.attr("lang"), undefined);
      assert.equal(element.attr("xmlns:p"), undefined);
      assert.equal(element.attr(""), undefined);
    });
    test("lists its attributes without declarations", () => {
      assert.deepEqual(element.attributes, [
        ["to", "a@b"],
        ["xml:lang", "en"],
        ["ü", "ö"],
        ["e", "&"],
        ["{urn:p}c", "<d"],
      ]);
    });
    test("has text and elements in order", () => {
      const shape = element.children.map((node) => (typeof node === "string" ? node : `<${node.name}>`));
      assert.deepEqual(shape, ["x & ", "<body>", "y", "<x>", "<body>"]);
      assert.equal(element.text, "x & y");
      assert.deepEqual(
        element.elements().map(({ name }) => name),
        ["body", "x", "body"],
      );
      assert.equal(element.firstElement?.text, "é");
    });
    test("finds children by name and namespace", () => {
      assert.equal(element.child("v", "body")?.text, "second");
      assert.equal(element.child("jabber:client", "body")?.text, "é");
      assert.equal(element.child("u", "body"), undefined);
    });
    test("is equal to the same element, however that came about", () => {
      for (const other of Object.values(elements)) assert.ok(equalElements(element, other));
    });
    test("does not change when another is made of it", () => {
      const changed = withAttributes(withChildren(element, ["only"]), { to: undefined, "{urn:p}c": "1", n: "2" });
      assert.deepEqual(changed.attributes, [
        ["xml:lang", "en"],
        ["ü", "ö"],
        ["e", "&"],
        ["{urn:p}c", "1"],
        ["n", "2"],
      ]);
      assert.equal(changed.text, "only");
      assert.equal(changed.firstElement, undefined);
      assert.equal(element.attr("to"), "a@b");
      assert.equal(element.elements().length, 3);
    });
    test("shares its children with one of other attributes", () => {
      assert.equal(withAttributes(element, { to: "c" }).firstElement, element.firstElement);
    });
  });
}

suite("elements differ", () => {
  const base = parseElement("<a b='c'>d<e/></a>");
  const others = {
    "in name": "<x b='c'>d<e/></x>",
    "in namespace": "<a xmlns='u' b='c'>d<e xmlns='jabber:client'/></a>",
    "in an attribute's value": "<a b='x'>d<e/></a>",
    "in an attribute's name": "<a x='c'>d<e/></a>",
    "in an attribute's namespace": "<a xmlns:p='u' p:b='c'>d<e/></a>",
    "in the number of attributes": "<a b='c' f=''>d<e/></a>",
    "in text": "<a b='c'>x<e/></a>",
    "in the place of text": "<a b='c'><e/>d</a>",
    "in a child": "<a b='c'>d<x/></a>",
    "in the number of children": "<a b='c'>d<e/><e/></a>",
    "in depth": "<a b='c'>d<e><f/></e></a>",
  };
  for (const [how, text] of Object.entries(others)) {
    test(how, () => {
      assert.ok(!equalElements(base, parseElement(text)));
      assert.ok(!equalElements(parseElement(text), base));
    });
  }
  test("but not in the order of attributes", () => {
    assert.ok(equalElements(parseElement("<a b='1' c='2'/>"), parseElement("<a c='2' b='1'/>")));
  });
});
