/** Why authentication failed, as the child of `<failure/>` says it. RFC 6120 §6.5 */
export type SaslCondition = (typeof saslConditions)[number];

/** [rfc6120-6.5-03] */
export const saslConditions = [
  "aborted",
  "account-disabled",
  "credentials-expired",
  "encryption-required",
  "incorrect-encoding",
  "invalid-authzid",
  "invalid-mechanism",
  "malformed-request",
  "mechanism-too-weak",
  "not-authorized",
  "temporary-auth-failure",
] as const;

/** Reads a condition; one that we do not know means the general one. [rfc6120-6.5-04] */
export function saslCondition(name: string): SaslCondition {
  return saslConditions.find((known) => known === name) ?? "not-authorized";
}
