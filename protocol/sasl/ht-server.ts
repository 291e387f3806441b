import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes } from "./bytes.ts";
import type { HtMechanism } from "./ht-mechanism.ts";
import { initiatorProof, responderProof } from "./ht-token.ts";
import { accountName, prepareUsername, saslFieldBytesMax } from "./prepare.ts";
import { scramKeyBytes } from "./scram-hash.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { clientFirst, fail, lookupToken, serverExchange, type ServerStep } from "./server-steps.ts";
import { tokenCandidatesMax, type TokenCandidate } from "./token-candidate.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** HT-*: one message that proves a token, and nothing more is asked. [xep0484-3.1-03] [xep0484-4.2-01] */
export function htServer(name: string, mechanism: HtMechanism, context: SaslServerContext): SaslServerExchange {
  return serverExchange(
    clientFirst((data) => {
      const message = readInitiatorMessage(data);
      const { device } = context;
      if (message === undefined || message.proof.length !== scramKeyBytes[mechanism.hash])
        return fail("malformed-request");
      // Tokens are a device's. [xep0484-4.1-03]
      if (device === undefined) return fail("malformed-request", "a user agent with an id is needed");
      const binding = bindingData(mechanism, context);
      const username = prepareUsername(message.authcid);
      if (binding === undefined || username === undefined) return fail("not-authorized");
      return lookupToken({ username, device }, (found) =>
        check({ name, mechanism, context, username, binding, proof: message.proof, found }),
      );
    }),
  );
}

interface Attempt {
  readonly name: string;
  readonly mechanism: HtMechanism;
  readonly context: SaslServerContext;
  readonly username: string;
  readonly binding: Uint8Array;
  readonly proof: Uint8Array;
  readonly found: readonly TokenCandidate[];
}

/**
 * Always as much work, whether there is such a user, such a device, or one token or two: nothing of that can be read off
 * the time that it takes. [xep0484-3.1-03] [xep0484-5.1-01] [xep0484-6-03]
 */
function check({ name, mechanism, context, username, binding, proof, found }: Attempt): ServerStep {
  const { hash } = mechanism;
  let proven: TokenCandidate | undefined;
  for (let index = 0; index < tokenCandidatesMax; index++) {
    const candidate = found[index];
    const key = candidate?.key ?? fakeKey(context, username, index);
    const fits = equalBytes(initiatorProof(hash, key, binding), proof);
    if (fits && candidate !== undefined) proven = candidate;
  }
  // What was asked for with binding is worth nothing without (A31). [xep0484-3.4-06] [xep0484-3.4-07]
  if (proven === undefined || proven.mechanism !== name) return fail("not-authorized");
  // [xep0484-4.2-02]
  if (proven.expired) return fail("credentials-expired");
  return {
    output: {
      type: "success",
      data: responderProof(hash, proven.key, binding),
      identity: { authcid: username, authzid: undefined, anonymous: false },
      tokenKey: proven.key,
    },
    next: { for: "nothing" },
  };
}

function bindingData({ binding }: HtMechanism, context: SaslServerContext): Uint8Array | undefined {
  if (binding === "none") return new Uint8Array();
  return context.bindings.find(({ type }) => type === binding)?.data;
}

function fakeKey(context: SaslServerContext, username: string, index: number): Uint8Array {
  return hmac(sha256, context.secret, encodeUtf8(`token\0${index}\0${accountName(username)}`));
}

/** A user name and a proof with a NUL between them; `undefined` for anything else. */
export function readInitiatorMessage(
  data: Uint8Array,
): { readonly authcid: string; readonly proof: Uint8Array } | undefined {
  const end = data.indexOf(0);
  if (end < 1 || end > saslFieldBytesMax || end === data.length - 1) return undefined;
  const authcid = decodeUtf8(data.subarray(0, end));
  return authcid === undefined ? undefined : { authcid, proof: data.slice(end + 1) };
}
