import { announcementHash } from "./announcement-hash.ts";
import { concatBytes, equalBytes } from "./bytes.ts";
import type { ChannelBinding } from "./channel-binding.ts";
import { fakeScramKeys } from "./fake-credentials.ts";
import { isPlus } from "./mechanism.ts";
import { encodeBase64 } from "./sasl-base64.ts";
import { prepareUsername } from "./prepare.ts";
import type { ScramHash } from "./scram-hash.ts";
import { authMessageOf, isProof, serverSignature } from "./scram-keys.ts";
import {
  readClientFinal,
  readClientFirst,
  scramNonceCharsMax,
  writeServerFirst,
  type ClientFirstRead,
  type ServerFirst,
} from "./scram-message.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { admit, challenge, clientFirst, fail, lookup, serverExchange, type ServerStep } from "./server-steps.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Bytes of randomness in our part of the nonce. */
export const scramNonceBytes = 18;

/** SCRAM-*, with -PLUS if `plus`. RFC 5802, RFC 7677 */
export function scramServer(
  scram: { readonly hash: ScramHash; readonly plus: boolean },
  context: SaslServerContext,
): SaslServerExchange {
  return serverExchange(
    clientFirst((data) => {
      const first = readClientFirst(decodeUtf8(data) ?? "");
      if (first === undefined || first.nonce.length > scramNonceCharsMax) return fail("malformed-request");
      const binding = bindingAskedFor(first, scram.plus, context);
      if (!binding.ok) return fail("not-authorized", binding.text);
      const username = prepareUsername(first.username);
      if (username === undefined) return fail("not-authorized");
      return lookup(username, (found) =>
        sendServerFirst({ hash: scram.hash, context, first, binding: binding.data, username, found }),
      );
    }),
  );
}

interface Attempt {
  readonly hash: ScramHash;
  readonly context: SaslServerContext;
  readonly first: ClientFirstRead;
  readonly binding: Uint8Array;
  readonly username: string;
  readonly found: StoredCredentials | undefined;
}

function sendServerFirst(attempt: Attempt): ServerStep {
  const { context, first, found, hash, username } = attempt;
  const fake = fakeScramKeys(context, hash, username);
  const keys = found?.scram[hash] ?? fake;
  const nonce = first.nonce + encodeBase64(context.random(scramNonceBytes));
  const announcement = context.announced && announcementHash(hash, context.announced);
  const serverFirst: ServerFirst = { nonce, salt: keys.salt, iterations: keys.iterations, announcement };
  const text = writeServerFirst(serverFirst);
  return challenge(encodeUtf8(text), (response) => {
    const final = readClientFinal(decodeUtf8(response) ?? "");
    if (final === undefined) return fail("malformed-request");
    // All is computed before anything is answered: what is wrong cannot be read off the time it takes.
    const authMessage = authMessageOf(first.bare, text, final.bare);
    const proven = isProof(hash, keys, authMessage, final.proof);
    const signature = serverSignature(hash, keys.serverKey, authMessage);
    // [rfc5802-6-10]
    const bound = equalBytes(final.bindingInput, concatBytes(encodeUtf8(first.gs2Header), attempt.binding));
    // [rfc5802-5.1-10]
    const fresh = equalBytes(encodeUtf8(final.nonce), encodeUtf8(nonce));
    if (!(proven && bound && fresh && keys !== fake)) return fail("not-authorized");
    const claim = { authcid: username, authzid: first.authzid, credentials: found };
    const { output, next } = admit(context, claim, encodeUtf8(`v=${encodeBase64(signature)}`));
    return output.type !== "success" || found === undefined
      ? { output, next }
      : { output: { ...output, credentials: found }, next };
  });
}

type BindingCheck = { readonly ok: true; readonly data: Uint8Array } | { readonly ok: false; readonly text: string };

/** Whether what the client says about channel binding fits what it chose and what we offered. RFC 5802 §6 */
function bindingAskedFor(first: ClientFirstRead, plus: boolean, context: SaslServerContext): BindingCheck {
  const { flag } = first;
  if (typeof flag === "object") {
    if (!plus) return { ok: false, text: "channel binding needs a -PLUS mechanism" };
    const binding = context.bindings.find((known: ChannelBinding) => known.type === flag.binding);
    // [rfc5802-6-09]
    return binding === undefined
      ? { ok: false, text: "this type of channel binding is not supported here" }
      : { ok: true, data: binding.data };
  }
  if (plus) return { ok: false, text: "a -PLUS mechanism needs channel binding" };
  // Somebody has taken our -PLUS mechanisms out of the list. [rfc5802-6-08]
  if (flag === "y" && context.offered.some(isPlus)) {
    return { ok: false, text: "channel binding was offered, yet the client did not see it" };
  }
  return { ok: true, data: new Uint8Array() };
}
