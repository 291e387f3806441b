import { type XmlElement, xml } from "#protocol/xml/element.ts";
import type { XmlFault } from "#protocol/xml/fault.ts";
import { NS_STREAM, NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { type StreamCondition, streamConditionOf } from "./stream-conditions.ts";

export interface StreamErrorDetails {
  /** For people who debug; never decide by it. [rfc6120-4.9.2-10] */
  readonly text?: string | undefined;
  /** BCP 47 tag of the text. */
  readonly language?: string | undefined;
  /** Application-specific condition, in a namespace of its own. RFC 6120 §4.9.4. */
  readonly specific?: XmlElement | undefined;
  /** Where to go instead, `host` or `host:port`, IPv6 in brackets; only with see-other-host. [rfc6120-4.9.3.19-01] */
  readonly otherHost?: string | undefined;
  readonly cause?: unknown;
}

/** A stream is over: what was sent as `<stream:error/>`, or will be. RFC 6120 §4.9. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly condition: StreamCondition;
  readonly text: string | undefined;
  readonly language: string | undefined;
  readonly specific: XmlElement | undefined;
  readonly otherHost: string | undefined;

  constructor(condition: StreamCondition, details: StreamErrorDetails = {}) {
    super(
      details.text === undefined ? condition : `${condition}: ${details.text}`,
      "cause" in details ? { cause: details.cause } : undefined,
    );
    this.condition = condition;
    this.text = details.text;
    this.language = details.language;
    this.specific = details.specific;
    this.otherHost = details.otherHost;
  }
}

/** [rfc6120-4.9.2-05] [rfc6120-4.9.2-06] [rfc6120-4.9.2-07] */
export function buildStreamError(error: StreamError): XmlElement {
  return xml(
    NS_STREAM,
    "error",
    {},
    xml(NS_STREAMS, error.condition, {}, error.otherHost),
    error.text === undefined ? undefined : xml(NS_STREAMS, "text", { "xml:lang": error.language ?? "en" }, error.text),
    error.specific,
  );
}

/** What a peer's `<stream:error/>` says; a condition that we do not know is undefined-condition. [rfc6120-4.9.2-04] */
export function readStreamError(element: XmlElement): StreamError {
  const children = element.elements();
  const defined = children.find((child) => child.ns === NS_STREAMS && child.name !== "text");
  const condition = (defined && streamConditionOf(defined.name)) ?? "undefined-condition";
  const text = element.child(NS_STREAMS, "text");
  const otherHost = condition === "see-other-host" ? defined?.text.trim() : undefined;
  return new StreamError(condition, {
    text: text?.text,
    language: text?.attr("xml:lang"),
    specific: children.find((child) => child.ns !== NS_STREAMS),
    otherHost: otherHost === "" ? undefined : otherHost,
  });
}

export function isStreamError(element: XmlElement): boolean {
  return element.ns === NS_STREAM && element.name === "error";
}

/** The error that a reader's fault leads to. */
export function errorOfFault(fault: XmlFault): StreamError {
  return new StreamError(fault.condition, { text: fault.text });
}
