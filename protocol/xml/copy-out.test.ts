import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { copyOut } from "./copy-out.ts";
import { type XmlElement, withAttributes, xml } from "./element.ts";
import { XmlStreamReader } from "./read.ts";
import { decodeUtf8, header, recordedStream } from "./recorded-stream.ts";
import { serialize } from "./serialize.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

function heapBytes(): number {
  assert.ok(typeof collectGarbage === "function");
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const chunkBytes = 1_000_000;
const chunks = 20;

/** Bytes of heap for each element that is kept of a chunk of a million. */
function bytesKept(keep: (element: XmlElement) => unknown, kept: unknown[]): number {
  const before = heapBytes();
  for (let index = 0; index < chunks; index++) {
    const { reader, elements } = recordedStream({ limits: { elementBytesMax: chunkBytes * 2 } });
    const body = "x".repeat(chunkBytes - 200);
    // Joined, so that the chunk is one string as it is when it comes from a socket.
    reader.write([header, `<a to='romeo@montague.example/${index}'/><b>`, body, "</b>"].join(""));
    const [element] = elements;
    assert.ok(element !== undefined);
    kept.push(keep(element));
  }
  return (heapBytes() - before) / chunks;
}

test("an element that was copied out lets its chunk go", () => {
  const kept: unknown[] = [];
  const bytes = bytesKept(
    (element) => copyOut(withAttributes(element, { from: "juliet@capulet.example/balcony" })),
    kept,
  );
  assert.ok(bytes < chunkBytes / 10, `${bytes} bytes`);
  assert.equal(kept.length, chunks);
});

test("an element that was not copied out keeps its chunk, or this test shows nothing", () => {
  const kept: unknown[] = [];
  const bytes = bytesKept((element) => element, kept);
  assert.ok(bytes > chunkBytes / 2, `${bytes} bytes`);
  assert.equal(kept.length, chunks);
});

test("a reader that waits for the rest of a stanza lets the chunk go", () => {
  const before = heapBytes();
  const waiting = Array.from({ length: chunks }, () => {
    const { reader } = recordedStream();
    reader.write(
      [header, " ".repeat(chunkBytes), "<message to='romeo@montague.example'><body>so far, and no"].join(""),
    );
    return reader;
  });
  const bytes = (heapBytes() - before) / chunks;
  assert.ok(bytes < chunkBytes / 10, `${bytes} bytes`);
  assert.equal(
    waiting.reduce((sum, reader) => sum + reader.bytesBuffered, 0),
    chunks * 57,
  );
});

test("a reader that has nothing to do lets the last chunk go", () => {
  const before = heapBytes();
  const idle = Array.from({ length: chunks }, (_, index) => {
    const events: string[] = [];
    const reader = new XmlStreamReader(
      {
        streamOpened: () => events.push("opened"),
        elementRead: ({ name }) => events.push(name),
        streamClosed: () => undefined,
        failed: () => undefined,
      },
      { input: "bytes", decodeUtf8 },
    );
    const odd = `<a-name-of-more-than-twelve-${index} xmlns='urn:>:${index}'><p:b xmlns:p='urn:&lt;:${index}'/></a-name-of-more-than-twelve-${index}>`;
    reader.write([header, " ".repeat(chunkBytes), odd].join(""));
    assert.equal(events.length, 2);
    return reader;
  });
  const bytes = (heapBytes() - before) / chunks;
  assert.ok(bytes < chunkBytes / 10, `${bytes} bytes`);
  assert.equal(idle.length, chunks);
});

test("what was built is copied as well", () => {
  const element = xml("u", "a", { b: "ü" }, "é", xml("", "c"), xml("http://etherx.jabber.org/streams", "d"));
  assert.equal(serialize(copyOut(element)), serialize(element));
  assert.notEqual(copyOut(element), element);
});

test("a copy reads its bytes as the original does", () => {
  const { reader, elements } = recordedStream({ decodeUtf8 });
  reader.write(`${header}<a b='\xc3\xbc'>\xf0\x9f\x98\x80&amp;</a>`);
  const [element] = elements;
  assert.ok(element !== undefined);
  const copy = copyOut(element);
  assert.equal(copy.attr("b"), "ü");
  assert.equal(copy.text, "😀&");
  assert.equal(copy.canonical, true);
});
