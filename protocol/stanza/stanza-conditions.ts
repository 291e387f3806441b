/**
 * What can go wrong with a stanza, and who could do something about it. RFC 6120 §8.3.3. The value beside each
 * condition is the error type that the RFC expects with it; an error may carry another one where that fits better.
 */
export const stanzaConditionTypes = {
  /** The stanza breaks the schema or cannot be made sense of. */
  "bad-request": "modify",
  /** The name or address wanted is taken. */
  conflict: "cancel",
  /** Nothing here implements what is asked, though the namespace is known. */
  "feature-not-implemented": "cancel",
  /** The sender is known and lacks the permission. */
  forbidden: "auth",
  /** The addressee moved away for good; may name the new address. */
  gone: "cancel",
  /** Our own fault. The RFC says cancel; storage that is down is better said with wait. */
  "internal-server-error": "cancel",
  /** The address or the item does not exist, and the sender may know that. */
  "item-not-found": "cancel",
  /** An address that RFC 7622 does not allow. */
  "jid-malformed": "modify",
  /** Understood, and refused because it misses a criterion of ours. */
  "not-acceptable": "modify",
  /** Nobody may do this. */
  "not-allowed": "cancel",
  /** Credentials are missing or wrong. */
  "not-authorized": "auth",
  /** A local rule forbids it. */
  "policy-violation": "modify",
  /** The addressee is away for a while. */
  "recipient-unavailable": "wait",
  /** The addressee is elsewhere for a while; names the other address. */
  redirect: "modify",
  /** Registration comes first. */
  "registration-required": "auth",
  /** The other domain does not exist. */
  "remote-server-not-found": "cancel",
  /** The other domain exists and cannot be reached. */
  "remote-server-timeout": "wait",
  /** Too busy, or a bound was hit. */
  "resource-constraint": "wait",
  /** Not served here; also the answer that gives nothing away. */
  "service-unavailable": "cancel",
  /** A subscription comes first. */
  "subscription-required": "auth",
  /** None of these; only together with an application-specific condition. */
  "undefined-condition": "cancel",
  /** Understood, but not at this moment. */
  "unexpected-request": "wait",
} as const satisfies Readonly<Record<string, StanzaErrorType>>;

export type StanzaCondition = keyof typeof stanzaConditionTypes;

/** Who can mend it: after giving credentials, never, it was only a warning, after changing the data, later. */
export type StanzaErrorType = "auth" | "cancel" | "continue" | "modify" | "wait";

export function isStanzaCondition(name: string): name is StanzaCondition {
  return Object.hasOwn(stanzaConditionTypes, name);
}

export function isStanzaErrorType(name: string): name is StanzaErrorType {
  return name === "auth" || name === "cancel" || name === "continue" || name === "modify" || name === "wait";
}
