/**
 * What can go wrong with a stanza, and who could do something about it. RFC 6120 §8.3.3. The value beside each
 * condition is the error type that the RFC expects with it; an error may carry another one where that fits better.
 */
export const stanzaConditionTypes = {
  // [rfc6120-8.3.2-05]
  /** The stanza breaks the schema or cannot be made sense of. [rfc6120-8.3.3.1-01] */
  "bad-request": "modify",
  /** The name or address wanted is taken. [rfc6120-8.3.3.2-01] */
  conflict: "cancel",
  /** Nothing here implements what is asked, though the namespace is known. [rfc6120-8.3.3.3-01] [rfc3920-9.3.3-03] */
  "feature-not-implemented": "cancel",
  /** The sender is known and lacks the permission. [rfc6120-8.3.3.4-01] */
  forbidden: "auth",
  /** The addressee moved away for good; may name the new address. [rfc6120-8.3.3.5-01] */
  gone: "cancel",
  /** Our own fault. The RFC says cancel; storage that is down is better said with wait. [rfc6120-8.3.3.6-01] */
  "internal-server-error": "cancel",
  /** The address or the item does not exist, and the sender may know that. [rfc6120-8.3.3.7-01] */
  "item-not-found": "cancel",
  /** An address that RFC 7622 does not allow. [rfc6120-8.3.3.8-01] */
  "jid-malformed": "modify",
  /** Understood, and refused because it misses a criterion of ours. [rfc6120-8.3.3.9-01] */
  "not-acceptable": "modify",
  /** Nobody may do this. [rfc6120-8.3.3.10-01] */
  "not-allowed": "cancel",
  /** Credentials are missing or wrong. [rfc6120-8.3.3.11-01] */
  "not-authorized": "auth",
  /** A local rule forbids it. [rfc6120-8.3.3.12-01] */
  "policy-violation": "modify",
  /** The addressee is away for a while. [rfc6120-8.3.3.13-01] */
  "recipient-unavailable": "wait",
  /** The addressee is elsewhere for a while; names the other address. [rfc6120-8.3.3.14-01] */
  redirect: "modify",
  /** Registration comes first. [rfc6120-8.3.3.15-01] */
  "registration-required": "auth",
  /** The other domain does not exist. [rfc6120-8.3.3.16-01] */
  "remote-server-not-found": "cancel",
  /** The other domain exists and cannot be reached. [rfc6120-8.3.3.17-01] */
  "remote-server-timeout": "wait",
  /** Too busy, or a bound was hit. [rfc6120-8.3.3.18-01] */
  "resource-constraint": "wait",
  /** Not served here; also the answer that gives nothing away. [rfc6120-8.3.3.19-01] */
  "service-unavailable": "cancel",
  /** A subscription comes first. [rfc6120-8.3.3.20-01] */
  "subscription-required": "auth",
  /** None of these; only together with an application-specific condition. */
  "undefined-condition": "cancel",
  /** Understood, but not at this moment. [rfc6120-8.3.3.22-01] [rfc3920-9.3.3-22] */
  "unexpected-request": "wait",
} as const satisfies Readonly<Record<string, StanzaErrorType>>;

export type StanzaCondition = keyof typeof stanzaConditionTypes;

/** Who can mend it: after giving credentials, never, it was only a warning, after changing the data, later. */
export type StanzaErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

export function isStanzaCondition(name: string): name is StanzaCondition {
  return Object.hasOwn(stanzaConditionTypes, name);
}

export function isStanzaErrorType(name: string): name is StanzaErrorType {
  // [rfc6120-8.3.2-04]
  return name === "auth" || name === "cancel" || name === "continue" || name === "modify" || name === "wait";
}
