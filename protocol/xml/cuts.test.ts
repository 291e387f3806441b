import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsOf, header, toBytes } from "./recorded-stream.ts";

/** Streams that have a bit of everything, good and bad. */
const corpus: readonly string[] = [
  "<message to='a@b/c' type='chat' xml:lang='en'><body>Grüße &amp; 😀</body><x xmlns='u'/></message> <iq id='1'/>",
  "<a><![CDATA[<x/>]]]]><![CDATA[>]]>&#x1F600;&lt;</a></stream:stream>ignored",
  "<p:a xmlns:p='u' p:b='1' c=\"'>'\"><p:d/></p:a ><e f='&apos;&#10;'/>",
  "<имя été='ñ'>мир</имя><a></b>",
  "<a b='c' b='d'/><e/>",
  "<a>&nbsp;</a>",
  "<a>x]]>y</a>",
  "<a><!-- --></a>",
  "<a/>text<b/>",
  "<a b=c>'</a>'><d/>",
  "<a b='<'>\u0001</a>",
];

for (const text of corpus) {
  test(`all cuts in two and three of ${text}`, () => {
    const input = header + toBytes(text);
    const whole = eventsOf([input]);
    for (let first = 0; first <= input.length; first++) {
      const pieces = [input.slice(0, first), input.slice(first)];
      assert.deepEqual(eventsOf(pieces), whole, `cut at ${first}`);
    }
    for (let first = header.length; first < input.length; first++) {
      for (const width of [1, 2, 3, 5, 8, 9, 10, 13]) {
        const second = first + width;
        const pieces = [input.slice(0, first), input.slice(first, second), input.slice(second)];
        assert.deepEqual(eventsOf(pieces), whole, `cut at ${first} and ${second}`);
      }
    }
  });

  test(`a beginning of ${text} says the same in one piece and in pieces of one byte`, () => {
    const input = header + toBytes(text);
    for (let end = header.length; end < input.length; end++) {
      const beginning = input.slice(0, end);
      assert.deepEqual(eventsOf(beginning), eventsOf([beginning]), `first ${end}`);
    }
  });
}

const declarations = [
  "<?xml version='1.0' encoding='UTF-8'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>",
  "<?xml version='1.0?>\n<a>",
  "<?xml 0'?>",
  '<?xml "?>?>',
  "<?xml version='1.0'>'?>",
  "<?xml ??>",
];
for (const declaration of declarations) {
  test(`an XML declaration, right or wrong, is judged the same however it is cut: ${declaration}`, () => {
    const whole = eventsOf([declaration]);
    assert.equal(whole.length, 1);
    assert.deepEqual(eventsOf(declaration), whole, "cut everywhere");
    for (let at = 1; at < declaration.length; at++)
      assert.deepEqual(eventsOf([declaration.slice(0, at), declaration.slice(at)]), whole, `cut at ${at}`);
  });
}

const bounds = { headerBytesMax: 160, elementBytesMax: 120, nameLengthMax: 24, depthMax: 4, attributesMax: 3 };
const long = "x".repeat(200);
const passed: readonly { readonly what: string; readonly input: string; readonly bound: string }[] = [
  { what: "a name in a header", input: `<a ${long}='1'>`, bound: "headerBytesMax" },
  { what: "an attribute that stands twice in a header", input: `<a b='${long}' b='1'>`, bound: "headerBytesMax" },
  { what: "a header right but for its length", input: `<a b='${long}'>`, bound: "headerBytesMax" },
  { what: "a declaration of another version", input: `<?xml version='${long}'?>`, bound: "headerBytesMax" },
  { what: "an instruction behind white space", input: `${" ".repeat(160)}<?a?>`, bound: "headerBytesMax" },
  { what: "a comment behind white space", input: `${" ".repeat(159)}<!-- -->`, bound: "headerBytesMax" },
  { what: "the name of an end tag", input: `${header}</${long}>`, bound: "headerBytesMax" },
  { what: "white space in the end tag", input: `${header}</stream:stream${" ".repeat(200)}>`, bound: "headerBytesMax" },
  { what: "a name in an element", input: `${header}<${long}/>`, bound: "elementBytesMax" },
  { what: "a tag that is wrong", input: `${header}<a b='${long}' b='<'/>`, bound: "elementBytesMax" },
  { what: "depth at the edge", input: `${header}<a><a><a><a><a ${" ".repeat(120)}/>`, bound: "elementBytesMax" },
  { what: "a comment at the edge", input: `${header}<a>${"x".repeat(117)}<!-- -->`, bound: "elementBytesMax" },
  { what: "a doctype at the edge", input: `${header}<a>${"x".repeat(117)}<![CDAT]`, bound: "elementBytesMax" },
];
for (const { bound, input, what } of passed) {
  test(`what is too long is that and nothing else, however it is cut: ${what}`, () => {
    const events = (pieces: Iterable<string>) => eventsOf(pieces, { limits: bounds });
    const whole = events([input]);
    assert.deepEqual(whole.at(-1), { failed: "policy-violation", text: `${bound} exceeded` });
    assert.deepEqual(events(input), whole, "cut everywhere");
    for (let at = 1; at < input.length; at++)
      assert.deepEqual(events([input.slice(0, at), input.slice(at)]), whole, `cut at ${at}`);
  });
}
