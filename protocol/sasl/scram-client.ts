import { announcementHash } from "./announcement-hash.ts";
import { concatBytes, equalBytes } from "./bytes.ts";
import type { SaslClientContext } from "./client-context.ts";
import type { SaslClientExchange } from "./client-exchange.ts";
import { answer, clientExchange, deriveKey, lastMessage, refuse, type ClientStep } from "./client-steps.ts";
import { encodeBase64 } from "./sasl-base64.ts";
import { preparePassword, prepareUsername } from "./prepare.ts";
import type { ScramHash } from "./scram-hash.ts";
import {
  authMessageOf,
  clientProof,
  saltedPasswordRequest,
  scramKeysFromSalted,
  serverSignature,
} from "./scram-keys.ts";
import {
  readServerFinal,
  readServerFirst,
  scramNonceCharsMax,
  writeClientFinalBare,
  writeClientFirst,
  type ServerFirst,
} from "./scram-message.ts";
import { scramIterationsMax, scramIterationsMin } from "./server-policy.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Bytes of randomness in our part of the nonce. */
export const scramClientNonceBytes = 18;
/** Bytes of salt that a server may send. */
export const scramSaltBytesMax = 512;

/** SCRAM-*, with -PLUS if the context's binding says so. RFC 5802, RFC 7677 */
export function scramClient(hash: ScramHash, context: SaslClientContext): SaslClientExchange {
  return clientExchange(() => {
    const username = prepareUsername(context.username);
    const password = preparePassword(context.password ?? "");
    // [rfc5802-5.1-03]
    if (username === undefined) return refuse("bad-credentials", "the user name has characters that it must not have");
    if (password === undefined) return refuse("bad-credentials", "the password has characters that it must not have");
    const { binding, authzid } = context;
    const nonce = encodeBase64(context.random(scramClientNonceBytes));
    const flag = typeof binding === "string" ? binding : { binding: binding.type };
    const first = writeClientFirst({ flag, authzid, username, nonce });
    const bindingData = typeof binding === "string" ? new Uint8Array() : binding.data;
    const attempt: Attempt = {
      hash,
      password: encodeUtf8(password),
      nonce,
      bare: first.bare,
      bindingInput: concatBytes(encodeUtf8(first.gs2Header), bindingData),
    };
    return answer(encodeUtf8(first.gs2Header + first.bare), {
      challenge: (data) => takeServerFirst(context, attempt, data),
    });
  });
}

interface Attempt {
  readonly hash: ScramHash;
  readonly password: Uint8Array;
  readonly nonce: string;
  readonly bare: string;
  readonly bindingInput: Uint8Array;
}

function takeServerFirst(context: SaslClientContext, attempt: Attempt, data: Uint8Array): ClientStep {
  const text = decodeUtf8(data) ?? "";
  const first = readServerFirst(text);
  if (first === undefined) return refuse("malformed-challenge", "not a first message of SCRAM");
  const objection = objectionTo(first, attempt, context) ?? objectionToOffers(first, attempt.hash, context);
  if (objection !== undefined) return refuse("unacceptable-challenge", objection);
  const { hash, password } = attempt;
  return deriveKey(saltedPasswordRequest(hash, password, first), (salted) => {
    const finalBare = writeClientFinalBare({ bindingInput: attempt.bindingInput, nonce: first.nonce });
    const authMessage = authMessageOf(attempt.bare, text, finalBare);
    const proof = clientProof(hash, salted, authMessage);
    const { serverKey } = scramKeysFromSalted(hash, salted, first);
    const expected = serverSignature(hash, serverKey, authMessage);
    return answer(
      encodeUtf8(`${finalBare},p=${encodeBase64(proof)}`),
      lastMessage((last) => takeServerFinal(last, expected)),
    );
  });
}

/** What is wrong with the server's terms, before any work is done for it (A27). */
function objectionTo(first: ServerFirst, attempt: Attempt, context: SaslClientContext): string | undefined {
  const { nonce, salt, iterations } = first;
  // [rfc5802-5.1-09]
  if (!nonce.startsWith(attempt.nonce)) return "the nonce is not ours";
  if (nonce.length === attempt.nonce.length) return "the server added nothing to the nonce";
  if (nonce.length - attempt.nonce.length > scramNonceCharsMax) return "the nonce is too long";
  if (salt.length > scramSaltBytesMax) return "the salt is too long";
  if (iterations < (context.iterationsMin ?? scramIterationsMin))
    return "too few iterations: whoever reads this could guess the password";
  if (iterations > (context.iterationsMax ?? scramIterationsMax)) return "too many iterations";
  return undefined;
}

/**
 * Whether what the server announced is what arrived (A31). Whoever changes the hash in the challenge too changes what both
 * sides sign, and the password's proof fails. [xep0474-6.2-01]
 */
function objectionToOffers(first: ServerFirst, hash: ScramHash, context: SaslClientContext): string | undefined {
  const { announced, announcementRequired = false } = context;
  if (first.announcement === undefined)
    return announcementRequired ? "the server does not say what it announced, and that looks shortened" : undefined;
  if (announced === undefined || first.announcement === announcementHash(hash, announced)) return undefined;
  return "somebody has changed what the server announced";
}

/** `undefined` when the server has proven that it knows the password. */
function takeServerFinal(data: Uint8Array, expected: Uint8Array): ClientStep | undefined {
  const final = readServerFinal(decodeUtf8(data) ?? "");
  if (final === undefined) return refuse("malformed-challenge", "not a last message of SCRAM");
  if ("error" in final) return refuse("rejected", final.error);
  return equalBytes(final.signature, expected)
    ? undefined
    : refuse("server-not-authenticated", "the server does not know the password");
}
