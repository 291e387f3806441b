/* For the tests of this folder: what a stream says, as data that can be compared. */
import type { XmlElement, XmlNode } from "./element.ts";
import { type XmlLimits, defaultXmlLimits } from "./limits.ts";
import { XmlStreamReader } from "./read.ts";
import type { DecodeUtf8 } from "./source.ts";

export const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

/** A tree as plain data, attributes in order of their names. */
export interface PlainElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (PlainElement | string)[];
}

export type StreamEvent =
  | { readonly opened: PlainElement }
  | { readonly element: PlainElement }
  | { readonly closed: true }
  | { readonly failed: string; readonly text: string };

/** Not for deep trees: it calls itself. */
export function plain(element: XmlElement): PlainElement {
  const attributes = [...element.attributes].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: `{${element.ns}}${element.name}`,
    attributes: Object.fromEntries(attributes),
    children: element.children.map((node: XmlNode) => (typeof node === "string" ? node : plain(node))),
  };
}

export function decodeUtf8(bytes: string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
    Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
  );
}

/** The byte string of a text. */
export function toBytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/** How the stream is read; bytes by the usual bounds, unless said otherwise. */
export interface RecordingOptions {
  readonly limits?: Partial<XmlLimits>;
  readonly contentNamespace?: string;
  readonly input?: "bytes" | "utf16";
  readonly decodeUtf8?: DecodeUtf8;
}

export interface RecordedStream {
  readonly reader: XmlStreamReader;
  readonly events: StreamEvent[];
  readonly elements: XmlElement[];
}

export function recordedStream(options: RecordingOptions = {}): RecordedStream {
  const events: StreamEvent[] = [];
  const elements: XmlElement[] = [];
  const reader = new XmlStreamReader(
    {
      streamOpened: (element) => events.push({ opened: plain(element) }),
      elementRead: (element) => {
        elements.push(element);
        events.push({ element: plain(element) });
      },
      streamClosed: () => events.push({ closed: true }),
      failed: ({ condition, text }) => events.push({ failed: condition, text }),
    },
    { input: "bytes", decodeUtf8, ...options, limits: { ...defaultXmlLimits, ...options.limits } },
  );
  return { reader, events, elements };
}

/** The events of an input that comes in these pieces. */
export function eventsOf(pieces: Iterable<string>, options: RecordingOptions = {}): readonly StreamEvent[] {
  const { reader, events } = recordedStream(options);
  for (const piece of pieces) reader.write(piece);
  return events;
}
