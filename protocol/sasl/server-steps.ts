import { assert } from "#protocol/assert.ts";
import { saslMessageBytesMax } from "./sasl-base64.ts";
import type { SaslCondition } from "./sasl-condition.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslDerive, SaslIdentity, SaslOutput, SaslServerExchange } from "./server-exchange.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import type { TokenCandidate } from "./token-candidate.ts";

/** What a mechanism says now, and what it does with what comes next. */
export interface ServerStep {
  readonly output: SaslOutput;
  readonly next: ServerWait;
}

/** What an exchange waits for. */
export type ServerWait =
  | { readonly for: "response"; readonly take: (data: Uint8Array | undefined) => ServerStep }
  | { readonly for: "credentials"; readonly take: (found: StoredCredentials | undefined) => ServerStep }
  | { readonly for: "tokens"; readonly take: (found: readonly TokenCandidate[]) => ServerStep }
  | { readonly for: "key"; readonly take: (key: Uint8Array) => ServerStep }
  | { readonly for: "nothing" };

/** Runs a mechanism that is written as steps. */
export function serverExchange(first: ServerWait): SaslServerExchange {
  let wait = first;
  const enter = (step: ServerStep): SaslOutput => {
    wait = step.next;
    return step.output;
  };
  return {
    respond: (data) => {
      if (data !== undefined && data.length > saslMessageBytesMax) return enter(fail("malformed-request", "too long"));
      // Who talks while a question is open, or after the end, breaks the lock step of RFC 4422 §3.
      return enter(wait.for === "response" ? wait.take(data) : fail("malformed-request", "not your turn"));
    },
    credentials: (found) => {
      assert(wait.for === "credentials" || wait.for === "nothing", "credentials answer a lookup");
      return enter(wait.for === "nothing" ? fail("malformed-request") : wait.take(found));
    },
    tokens: (found) => {
      assert(wait.for === "tokens" || wait.for === "nothing", "tokens answer a lookup of tokens");
      return enter(wait.for === "nothing" ? fail("malformed-request") : wait.take(found));
    },
    derived: (key) => {
      assert(wait.for === "key" || wait.for === "nothing", "a key answers a derive");
      return enter(wait.for === "nothing" ? fail("malformed-request") : wait.take(key));
    },
  };
}

/** The client speaks first; if it did not do so in `<auth/>`, an empty challenge asks it to. [rfc4422-5-03] */
export function clientFirst(take: (data: Uint8Array) => ServerStep): ServerWait {
  return { for: "response", take: (data) => (data === undefined ? challenge(new Uint8Array(), take) : take(data)) };
}

/** In an answer to a challenge, no content and zero bytes are the same. */
export function challenge(data: Uint8Array, take: (response: Uint8Array) => ServerStep): ServerStep {
  return {
    output: { type: "challenge", data },
    next: { for: "response", take: (response) => take(response ?? new Uint8Array()) },
  };
}

export function lookup(username: string, take: (found: StoredCredentials | undefined) => ServerStep): ServerStep {
  return { output: { type: "lookup", username }, next: { for: "credentials", take } };
}

export function lookupToken(
  of: { readonly username: string; readonly device: string },
  take: (found: readonly TokenCandidate[]) => ServerStep,
): ServerStep {
  return { output: { type: "lookupToken", ...of }, next: { for: "tokens", take } };
}

export function derive(request: Omit<SaslDerive, "type">, take: (key: Uint8Array) => ServerStep): ServerStep {
  return { output: { type: "derive", ...request }, next: { for: "key", take } };
}

export function fail(condition: SaslCondition, text?: string): ServerStep {
  return {
    output: text === undefined ? { type: "failure", condition } : { type: "failure", condition, text },
    next: { for: "nothing" },
  };
}

export function succeed(identity: SaslIdentity, data?: Uint8Array): ServerStep {
  return { output: { type: "success", data, identity }, next: { for: "nothing" } };
}

/** Who proved something, and what they want. */
export interface Claim {
  readonly authcid: string;
  /** As the client sent it; absent when it sent none. */
  readonly authzid: string | undefined;
  readonly credentials: StoredCredentials | undefined;
}

/**
 * The last question, after the proof: nothing said here reaches anybody but the owner of the password.
 * `undefined` when nothing stands in the way. [rfc6120-6.3.8-06]
 */
export function objection(context: SaslServerContext, claim: Claim): ServerStep | undefined {
  const status = claim.credentials?.status ?? "active";
  if (status === "disabled") return fail("account-disabled");
  if (status === "expired") return fail("credentials-expired");
  if (claim.authzid !== undefined && !context.mayActAs(claim.authcid, claim.authzid)) return fail("invalid-authzid");
  return undefined;
}

/** Lets a proven user in, unless there is an {@link objection}. */
export function admit(context: SaslServerContext, claim: Claim, data?: Uint8Array): ServerStep {
  const { authcid, authzid } = claim;
  return objection(context, claim) ?? succeed({ authcid, authzid, anonymous: false }, data);
}
