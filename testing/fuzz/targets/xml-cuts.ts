import type { XmlLimits } from "#protocol/xml/limits.ts";
import { type StreamEvent, eventsOf, recordedStream } from "#protocol/xml/recorded-stream.ts";
import { decodeUtf8, textOf } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { Random } from "../engine/random.ts";
import { fuzzTarget } from "../engine/target.ts";
import { equalEvents } from "../equal-events.ts";
import { streamOf, streams, xmlWords } from "../xml-inputs.ts";

/** Near the length of inputs, so that cuts meet them. */
const limits: Partial<XmlLimits> = {
  elementBytesMax: 300,
  headerBytesMax: 160,
  depthMax: 16,
  nameLengthMax: 24,
  childrenMax: 24,
};
/** Cuts in two that are tried of an input: of shorter ones every one, so that no input costs more than its length. */
const cutsInTwoMax = 48;
const randomCuts = 4;

export const target = fuzzTarget({
  summary: "however its bytes are cut into pieces, a stream says the same and fails at the same thing",
  bytesMax: 1_024,
  roundExecutions: 14_000,
  words: xmlWords,
  seeds: streams,
  mutations: xmlMutations,
  run: (input) => {
    const stream = streamOf(input);
    // The header that all have in common need not be cut each time.
    const from = stream.length - input.length;
    const read: Read = (pieces) => eventsOf(pieces, { decodeUtf8 });
    const readBounded: Read = (pieces) => eventsOf(pieces, { limits, decodeUtf8 });
    checkCuts(stream, from, read);
    if (JSON.stringify(readBounded([stream])) !== JSON.stringify(read([stream]))) checkCuts(stream, from, readBounded);
    const text = textOf(stream);
    // Where characters are more than a byte, also between the halves of a surrogate pair.
    if (text !== undefined && text.length < stream.length)
      checkCuts(text, Math.max(0, text.length - input.length), (pieces) => eventsOf(pieces, { input: "utf16" }));
    const whole = eventsOf([stream], { decodeUtf8 });
    equalEvents(pausedEvents([stream]), whole, "paused after each event");
    equalEvents(pausedEvents(cutAnywhere(stream, new Random(seedOf(stream)))), whole, "cut and paused");
  },
});

type Read = (pieces: readonly string[]) => readonly StreamEvent[];

function checkCuts(stream: string, from: number, read: Read): void {
  const whole = read([stream]);
  const random = new Random(seedOf(stream));
  for (const at of cutsInTwo(Math.max(1, from), stream.length, random))
    equalEvents(read([stream.slice(0, at), stream.slice(at)]), whole, `cut at ${at}`);
  equalEvents(read(stream.split("")), whole, "cut everywhere");
  for (let round = 0; round < randomCuts; round++) {
    const pieces = cutAnywhere(stream, random);
    equalEvents(read(pieces), whole, `cut into ${JSON.stringify(pieces)}`);
  }
}

function cutsInTwo(from: number, end: number, random: Random): readonly number[] {
  const count = Math.max(0, end - from);
  if (count <= cutsInTwoMax) return Array.from({ length: count }, (_, index) => from + index);
  return Array.from({ length: cutsInTwoMax }, () => from + random.below(count));
}

/** Inputs of the same length are cut in different places, and the same input always in the same ones. */
function seedOf(text: string): number {
  let hash = text.length;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) >>> 0;
  return hash;
}

function cutAnywhere(stream: string, random: Random): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0; at < stream.length;) {
    const next = at + random.length(64);
    pieces.push(stream.slice(at, next));
    at = next;
  }
  return pieces;
}

/** The events of a reader that stops after each, and is told to go on only when a piece has been written. */
function pausedEvents(pieces: readonly string[]): readonly StreamEvent[] {
  const { events, reader } = recordedStream({ decodeUtf8 });
  for (const piece of pieces) {
    reader.pause();
    reader.write(piece);
    reader.resume();
  }
  return events;
}
