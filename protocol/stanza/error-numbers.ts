import type { StanzaCondition } from "./stanza-conditions.ts";

/** The numbers that errors had before they had names. XEP-0086 §2. */
const errorNumbers: Readonly<Record<StanzaCondition, number>> = {
  "bad-request": 400,
  conflict: 409,
  "feature-not-implemented": 501,
  forbidden: 403,
  gone: 302,
  "internal-server-error": 500,
  "item-not-found": 404,
  "jid-malformed": 400,
  "not-acceptable": 406,
  "not-allowed": 405,
  "not-authorized": 401,
  "policy-violation": 400,
  "recipient-unavailable": 404,
  redirect: 302,
  "registration-required": 407,
  "remote-server-not-found": 404,
  "remote-server-timeout": 504,
  "resource-constraint": 500,
  "service-unavailable": 503,
  "subscription-required": 407,
  "undefined-condition": 500,
  "unexpected-request": 400,
};

export function numberOf(condition: StanzaCondition): string {
  return String(errorNumbers[condition]);
}
