/** What can break a whole stream. RFC 6120 §4.9.3; each closes the stream for good. */
export type StreamCondition =
  /** The XML cannot be processed; only where none of the more exact conditions fits. §4.9.3.1 */
  | "bad-format"
  /** A prefix we do not take, or one is missing. §4.9.3.2 */
  | "bad-namespace-prefix"
  /** Another stream of the same entity takes over, or one more is not allowed. §4.9.3.3 */
  | "conflict"
  /** The peer no longer answers what we send. §4.9.3.4 */
  | "connection-timeout"
  /** We used to serve that domain. §4.9.3.5 */
  | "host-gone"
  /** We do not serve that domain. §4.9.3.6 */
  | "host-unknown"
  /** An address on a server-to-server stanza or a header is missing or none. §4.9.3.7 */
  | "improper-addressing"
  /** Our own fault. §4.9.3.8 */
  | "internal-server-error"
  /** `from` is not who the peer proved to be. §4.9.3.9 */
  | "invalid-from"
  /** The stream or content namespace is not one of ours. §4.9.3.10 */
  | "invalid-namespace"
  /** Validation failed. §4.9.3.11 */
  | "invalid-xml"
  /** Sent before authentication, or a step of negotiation that the peer is not entitled to. §4.9.3.12 */
  | "not-authorized"
  /** Not well-formed. §4.9.3.13 */
  | "not-well-formed"
  /** A local rule or bound. §4.9.3.14 */
  | "policy-violation"
  /** The other domain needed for this stream cannot be reached. §4.9.3.15 */
  | "remote-connection-failed"
  /** Features changed: connect again. §4.9.3.16 */
  | "reset"
  /** No room for this stream. §4.9.3.17 */
  | "resource-constraint"
  /** Comment, processing instruction, DTD, entity. §4.9.3.18 */
  | "restricted-xml"
  /** Connect to the host named in the condition. §4.9.3.19 */
  | "see-other-host"
  /** The server stops. §4.9.3.20 */
  | "system-shutdown"
  /** None of these: see the application-specific condition. §4.9.3.21 */
  | "undefined-condition"
  /** Not UTF-8. §4.9.3.22 */
  | "unsupported-encoding"
  /** A mandatory feature is not supported. §4.9.3.23 */
  | "unsupported-feature"
  /** A first-level element nobody here knows. §4.9.3.24 */
  | "unsupported-stanza-type"
  /** A version we cannot speak. §4.9.3.25 */
  | "unsupported-version";

/** All of them, in the order of the RFC. [rfc6120-4.9.2-03] */
export const streamConditions: readonly StreamCondition[] = [
  "bad-format",
  "bad-namespace-prefix",
  "conflict",
  "connection-timeout",
  "host-gone",
  "host-unknown",
  "improper-addressing",
  "internal-server-error",
  "invalid-from",
  "invalid-namespace",
  "invalid-xml",
  "not-authorized",
  "not-well-formed",
  "policy-violation",
  "remote-connection-failed",
  "reset",
  "resource-constraint",
  "restricted-xml",
  "see-other-host",
  "system-shutdown",
  "undefined-condition",
  "unsupported-encoding",
  "unsupported-feature",
  "unsupported-stanza-type",
  "unsupported-version",
];

/** The condition that an element's name stands for; RFC 3920 spelt one of them otherwise. */
export function streamConditionOf(name: string): StreamCondition | undefined {
  // COMPAT RFC 3920 §4.7.3 said xml-not-well-formed, a name that XML reserves. RFC 6120 §4.9.3.13.
  if (name === "xml-not-well-formed") return "not-well-formed";
  return streamConditions.find((condition) => condition === name);
}
