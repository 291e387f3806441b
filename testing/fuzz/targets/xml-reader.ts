import assert from "node:assert/strict";
import { type XmlElement, equalElements } from "#protocol/xml/element.ts";
import { type XmlLimits, unboundedXmlLimits } from "#protocol/xml/limits.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { eventsOf, recordedStream } from "#protocol/xml/recorded-stream.ts";
import { serialize, serializeBytes } from "#protocol/xml/serialize.ts";
import { decodeUtf8, textOf, toBytes } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { equalEvents } from "../equal-events.ts";
import { streamOf, streams, xmlWords } from "../xml-inputs.ts";

/** Small ones, so that inputs go over them. */
const limits: XmlLimits = {
  elementBytesMax: 1_024,
  headerBytesMax: 512,
  depthMax: 12,
  attributesMax: 8,
  namespacesMax: 8,
  nameLengthMax: 24,
  childrenMax: 24,
  elementsMax: 48,
};

export const target = fuzzTarget({
  summary:
    "the stream reader keeps its limits, delivers nothing after a fault, and what it reads can be written and read again",
  bytesMax: 4_096,
  roundExecutions: 220_000,
  words: xmlWords,
  seeds: streams,
  mutations: xmlMutations,
  run: (input) => {
    const stream = streamOf(input);
    const { reader, events, elements } = recordedStream({ limits, decodeUtf8 });
    reader.write(stream);
    for (const element of elements) checkLimits(element);
    for (const element of elements) checkRoundTrip(element);
    assert.ok(reader.bytesBuffered <= limits.elementBytesMax, `${reader.bytesBuffered} bytes are kept`);
    assert.ok(reader.scanned <= 2 * stream.length, `${reader.scanned} characters looked at of ${stream.length}`);
    checkEnd(events.map((event) => Object.keys(event)[0] ?? ""));
    const before = events.length;
    const isOver = events.some((event) => "failed" in event || "closed" in event);
    reader.write("<a/>");
    if (isOver) assert.equal(events.length, before, "something is delivered after the end");
    checkText(stream);
  },
});

/** In the order in which a stream can happen. */
function checkEnd(kinds: readonly string[]): void {
  const story = kinds.join(" ");
  assert.match(story, /^(?:failed|(?:opened(?: element)*(?: closed| failed)?)?)$/u);
}

function checkLimits(root: XmlElement): void {
  let elements = 0;
  const open: [XmlElement, number][] = [[root, 1]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [element, depth] = next;
    elements++;
    assert.ok(depth <= limits.depthMax, "too deep");
    assert.ok(element.attributes.length <= limits.attributesMax, "too many attributes");
    assert.ok(element.elements().length <= limits.childrenMax, "too many children");
    assert.ok(toBytes(element.name).length <= limits.nameLengthMax, "a name that is too long");
    for (const child of element.elements()) open.push([child, depth + 1]);
  }
  assert.ok(elements <= limits.elementsMax, "too many elements");
}

const bytes = { limits: unboundedXmlLimits, decodeUtf8 };
const units = { limits: unboundedXmlLimits };

function checkRoundTrip(element: XmlElement): void {
  for (const inherited of [NS_CLIENT, ""]) {
    const written = serialize(element, inherited);
    const writtenBytes = serializeBytes(element, inherited);
    assert.equal(writtenBytes, toBytes(written), "written differently in bytes");
    const read = parseElement(written, inherited, units);
    const readBytes = parseElement(writtenBytes, inherited, bytes);
    assert.ok(equalElements(read, element), `read again it is ${written}`);
    assert.ok(equalElements(readBytes, element), `read again in bytes it is ${written}`);
  }
}

/** A stream says the same whether it comes in bytes or as text. */
function checkText(stream: string): void {
  const text = textOf(stream);
  if (text === undefined) return;
  const options = { limits: unboundedXmlLimits, decodeUtf8 } as const;
  equalEvents(eventsOf([text], { ...options, input: "utf16" }), eventsOf([stream], options));
}
