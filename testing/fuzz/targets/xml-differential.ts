import assert from "node:assert/strict";
import { XmlError } from "#protocol/xml/fault.ts";
import { unboundedXmlLimits } from "#protocol/xml/limits.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { type PlainElement, eventsOf, plain } from "#protocol/xml/recorded-stream.ts";
import { readBySaxes } from "#testing/read-by-saxes.ts";
import { decodeUtf8, textOf } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { documents, xmlWords } from "../xml-inputs.ts";

export const target = fuzzTarget({
  summary:
    "the reader accepts what saxes accepts of XMPP's XML, as text, as bytes and in a stream, and sees the same tree",
  bytesMax: 4_096,
  roundExecutions: 250_000,
  words: xmlWords,
  seeds: [...documents, "<?xml version='1.0'?><a/>", ' <a b="1"> </a>\n'],
  mutations: xmlMutations,
  run: (input) => {
    const text = textOf(input);
    const inBytes = readByUs(input, "", true);
    if (text === undefined) {
      assert.equal(inBytes, undefined, "bytes are accepted that are no UTF-8");
      return;
    }
    const inText = readByUs(text, "", false);
    assertSame(inBytes, inText, "bytes and text");
    assertSame(inText, readBySaxes(text), "ours and saxes'");
    checkStream(input);
  },
});

function assertSame(ours: PlainElement | undefined, theirs: PlainElement | undefined, what: string): void {
  if (JSON.stringify(ours) !== JSON.stringify(theirs)) assert.deepEqual(ours, theirs, what);
}

function readByUs(document: string, inherited: string, bytes: boolean): PlainElement | undefined {
  try {
    const limits = unboundedXmlLimits;
    return plain(parseElement(document, inherited, bytes ? { limits, decodeUtf8 } : { limits }));
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** In a stream an element is read as it is read alone, where nothing stands before it. */
function checkStream(input: string): void {
  if (!input.startsWith("<")) return;
  const alone = readByUs(input, NS_CLIENT, true);
  if (input.startsWith("<?") || alone === undefined) return;
  const [, first] = eventsOf(
    [`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>${input}`],
    { limits: unboundedXmlLimits, decodeUtf8 },
  );
  assertSame(first !== undefined && "element" in first ? first.element : undefined, alone, "in a stream and alone");
}
