import { concatBytes, equalBytes } from "./bytes.ts";
import type { ChannelBinding } from "./channel-binding.ts";
import type { SaslClientExchange } from "./client-exchange.ts";
import { answer, authenticated, clientExchange, refuse } from "./client-steps.ts";
import type { HtMechanism } from "./ht-mechanism.ts";
import { initiatorProof, responderProof } from "./ht-token.ts";
import { prepareUsername } from "./prepare.ts";
import { encodeUtf8 } from "./utf8.ts";

/** What a client logs in with when it has a token. */
export interface HtClientContext {
  /** The localpart of the account. */
  readonly username: string;
  /** As the server handed it out. */
  readonly token: string;
  /** What the channel can be bound to. */
  readonly bindings: readonly ChannelBinding[];
}

/** HT-*, the client's side. draft-schmaus-kitten-sasl-ht-09 §3 */
export function htClient(mechanism: HtMechanism, context: HtClientContext): SaslClientExchange {
  const { hash, binding } = mechanism;
  const key = encodeUtf8(context.token);
  return clientExchange(() => {
    const username = prepareUsername(context.username);
    const data = binding === "none" ? new Uint8Array() : context.bindings.find(({ type }) => type === binding)?.data;
    if (username === undefined || username.includes("\0"))
      return refuse("bad-credentials", "the user name has characters that it must not have");
    // [xep0484-6-02]
    if (data === undefined) return refuse("bad-credentials", `the channel has no ${binding} to bind to`);
    const expected = responderProof(hash, key, data);
    return answer(concatBytes(encodeUtf8(`${username}\0`), initiatorProof(hash, key, data)), {
      success: (reply) =>
        reply !== undefined && equalBytes(withoutMark(reply, expected.length), expected)
          ? authenticated()
          : refuse("server-not-authenticated", "the server does not know the token"),
    });
  });
}

/** Servers of draft -10 put a zero in front. */
function withoutMark(reply: Uint8Array, length: number): Uint8Array {
  return reply.length === length + 1 && reply[0] === 0 ? reply.subarray(1) : reply;
}
