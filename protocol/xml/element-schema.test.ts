import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { base64, boolean, integer, oneOf, text } from "./codec.ts";
import { type Infer, ShapeError, element } from "./element-schema.ts";
import { xml } from "./element.ts";
import { parseElement } from "./read.ts";
import {
  attr,
  child,
  childName,
  childText,
  childTexts,
  children,
  content,
  flag,
  optional,
  payload,
  payloads,
  rawChild,
  texts,
  withDefault,
} from "./schema-fields.ts";
import { serialize } from "./serialize.ts";

const NS = "urn:example";

const Item = element(NS, "item", {
  jid: attr("jid", {
    ...text,
    decode: (value: string) => (value.includes("@") ? value : undefined),
    refusal: "jid-malformed",
  }),
  name: optional(attr("name", text)),
  subscription: withDefault(attr("subscription", oneOf("none", "to", "from", "both")), "none"),
  approved: withDefault(attr("approved", boolean), false),
  priority: optional(attr("priority", integer({ min: -128, max: 127 }))),
  groups: texts(NS, "group"),
});
type Item = Infer<typeof Item>;

const Query = element(NS, "query", {
  version: optional(attr("ver", text)),
  items: children(Item),
  when: optional(childName(NS, "always", "roster", "never")),
  strict: flag(NS, "strict"),
  data: optional(childText(NS, "data", base64)),
  numbers: childTexts(NS, "number", integer()),
  extra: optional(rawChild("urn:other", "x")),
});

const Nick = element(NS, "nick", { value: content(text), lang: optional(attr("xml:lang", text)) });
const Ping = element(NS, "ping");
const Wrapped = element(NS, "wrapped", { item: child(Item), nick: optional(child(Nick)) });
const Any = element(NS, "any", { first: payload(), all: payloads() });

test("a value is what its element says, and its element is what the value says", () => {
  const source =
    "<query xmlns='urn:example' ver='1'><item jid='a@b'/>" +
    "<item jid='c@d' name='C' subscription='both' approved='true' priority='-1'><group>x</group><group>y</group></item>" +
    "<roster/><strict/><data>AAEC</data><number>7</number><number>8</number><x xmlns='urn:other'><z/></x></query>";
  const value = Query.parse(parseElement(source));
  const { extra, ...rest } = value;
  assert.deepEqual(rest, {
    version: "1",
    items: [
      { jid: "a@b", subscription: "none", approved: false, groups: [] },
      { jid: "c@d", name: "C", subscription: "both", approved: true, priority: -1, groups: ["x", "y"] },
    ],
    when: "roster",
    strict: true,
    data: Uint8Array.of(0, 1, 2),
    numbers: [7, 8],
  });
  assert.equal(extra?.firstElement?.name, "z");
  assert.equal(serialize(Query.build(value)), source);
});

test("what is absent is no property, and the least element is the least value", () => {
  const value = Query.parse(parseElement("<query xmlns='urn:example'/>"));
  assert.deepEqual(value, { items: [], strict: false, numbers: [] });
  assert.deepEqual(Object.keys(value), ["items", "strict", "numbers"]);
  assert.equal(serialize(Query.build(value)), "<query xmlns='urn:example'/>");
});

test("what no field asks for is ignored [rfc6120-11.4-02]", () => {
  const source =
    "<item xmlns='urn:example' jid='a@b' colour='red'>text<other/><group xmlns='urn:other'>z</group></item>";
  const value: Item = Item.parse(parseElement(source));
  assert.deepEqual(value, { jid: "a@b", subscription: "none", approved: false, groups: [] });
});

test("content, language and children of other definitions", () => {
  const wrapped = Wrapped.parse(
    parseElement("<wrapped xmlns='urn:example'><nick xml:lang='de'>Ü &amp; ß</nick><item jid='a@b'/></wrapped>"),
  );
  assert.deepEqual(wrapped.nick, { value: "Ü & ß", lang: "de" });
  assert.equal(wrapped.item.jid, "a@b");
  assert.equal(serialize(Nick.build({ value: "" })), "<nick xmlns='urn:example'/>");
  assert.deepEqual(Nick.parse(Nick.build({ value: "" })), { value: "" });
});

test("payloads are elements as they are", () => {
  const any = Any.parse(parseElement("<any xmlns='urn:example'>text<a xmlns='u'/><b xmlns='v'/></any>"));
  assert.equal(any.first.ns, "u");
  assert.deepEqual(
    any.all.map(({ name }) => name),
    ["a", "b"],
  );
});

test("a definition without fields, and children that it does not know", () => {
  assert.deepEqual(Ping.parse(xml(NS, "ping")), {});
  assert.equal(
    serialize(Ping.build({}, xml("u", "a"), undefined, "b")),
    "<ping xmlns='urn:example'><a xmlns='u'/>b</ping>",
  );
  assert.equal(Ping.ns, NS);
  assert.equal(Ping.name, "ping");
});

test("a definition knows its elements", () => {
  assert.ok(Item.is(xml(NS, "item")));
  assert.ok(!Item.is(xml("urn:other", "item")));
  assert.ok(!Item.is(xml(NS, "items")));
  assert.ok(!Item.is(undefined));
  assert.equal(Item.within(xml(NS, "query")), undefined);
  assert.equal(Item.within(xml(NS, "query", {}, Ping.build({}), xml(NS, "item", { jid: "a@b" })))?.jid, "a@b");
});

suite("another shape is told once, with the condition for its sender", () => {
  const wrong: readonly { readonly name: string; readonly read: () => unknown; readonly condition: string }[] = [
    { name: "another element", read: () => Item.parse(xml(NS, "x")), condition: "bad-request" },
    { name: "an attribute that is missing", read: () => Item.parse(xml(NS, "item")), condition: "bad-request" },
    {
      name: "a value that its codec refuses",
      read: () => Item.parse(xml(NS, "item", { jid: "x" })),
      condition: "jid-malformed",
    },
    {
      name: "a word that is none of them",
      read: () => Item.parse(xml(NS, "item", { jid: "a@b", subscription: "half" })),
      condition: "bad-request",
    },
    {
      name: "an optional value of the wrong kind",
      read: () => Item.parse(xml(NS, "item", { jid: "a@b", priority: "128" })),
      condition: "bad-request",
    },
    { name: "a child that is missing", read: () => Wrapped.parse(xml(NS, "wrapped")), condition: "bad-request" },
    {
      name: "a child that is wrong",
      read: () => Wrapped.parse(xml(NS, "wrapped", {}, xml(NS, "item"))),
      condition: "bad-request",
    },
    { name: "a payload that is missing", read: () => Any.parse(xml(NS, "any")), condition: "bad-request" },
    {
      name: "content of the wrong kind",
      read: () => Query.parse(xml(NS, "query", {}, xml(NS, "data", {}, "A"))),
      condition: "bad-request",
    },
  ];
  for (const { name, read, condition } of wrong) {
    test(name, () => {
      assert.throws(read, (error) => error instanceof ShapeError && error.condition === condition);
    });
  }
});
