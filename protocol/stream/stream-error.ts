import { assert } from "#protocol/assert.ts";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import type { XmlFault } from "#protocol/xml/fault.ts";
import { NS_STREAM, NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { isOtherHost } from "./other-host.ts";
import { type StreamCondition, streamConditionOf } from "./stream-conditions.ts";

export interface StreamErrorDetails {
  /** For people who debug; never decide by it. */
  readonly text?: string | undefined;
  /** BCP 47 tag of the text. */
  readonly language?: string | undefined;
  /** Application-specific condition, in a namespace of its own. RFC 6120 §4.9.4. */
  readonly specific?: XmlElement | undefined;
  /** Where to go instead, `host` or `host:port`, IPv6 in brackets; only with see-other-host. */
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

/** The element that is sent. `undefined-condition` takes an application-specific one, which says what it is. */
export function buildStreamError(error: StreamError): XmlElement {
  // [rfc6120-4.9.3.21-01]
  assert(error.condition !== "undefined-condition" || error.specific !== undefined, "an error says what went wrong");
  // [rfc6120-4.9.3.19-01] [rfc6120-4.9.3.19-03]
  assert(error.otherHost === undefined || isOtherHost(error.otherHost), "the other host is a domain, perhaps a port");
  return xml(
    NS_STREAM,
    // [rfc6120-4.9-01]
    "error",
    {},
    // Always, whatever else there is. [rfc6120-4.9.2-05] [rfc6120-4.9.2-09] [rfc6120-4.9.4-02]
    xml(NS_STREAMS, error.condition, {}, error.otherHost),
    // [rfc6120-4.9.2-06] [rfc6120-4.9.2-08]
    error.text === undefined ? undefined : xml(NS_STREAMS, "text", { "xml:lang": error.language ?? "en" }, error.text),
    // [rfc6120-4.9.2-07] [rfc6120-4.9.4-01]
    error.specific,
  );
}

/** What a peer's `<stream:error/>` says; a condition that we do not know is undefined-condition. */
export function readStreamError(element: XmlElement): StreamError {
  const children = element.elements();
  // The text means nothing. [rfc6120-4.9.2-10]
  const defined = children.find((child) => child.ns === NS_STREAMS && child.name !== "text");
  // [rfc6120-4.9.2-04]
  const condition = (defined && streamConditionOf(defined.name)) ?? "undefined-condition";
  const text = element.child(NS_STREAMS, "text");
  const otherHost = condition === "see-other-host" ? defined?.text.trim() : undefined;
  return new StreamError(condition, {
    text: text?.text,
    language: text?.attr("xml:lang"),
    specific: children.find((child) => child.ns !== NS_STREAMS),
    otherHost: otherHost === undefined || !isOtherHost(otherHost) ? undefined : otherHost,
  });
}

export function isStreamError(element: XmlElement): boolean {
  return element.ns === NS_STREAM && element.name === "error";
}

/** The error that a reader's fault leads to. */
export function errorOfFault(fault: XmlFault): StreamError {
  // [rfc6120-4.9.3.1-01]
  return new StreamError(fault.condition, { text: fault.text });
}
