import { prepareLocalpart } from "#protocol/jid/localpart.ts";
import { saslprep } from "#protocol/jid/stringprep.ts";

/** Bytes of a user name, password or authorization identity that we read; [rfc4616-2-04] wants at least 255. */
export const saslFieldBytesMax = 1023;

/** A simple user name made ready for look-up and comparison; `undefined` if it cannot be one. [rfc5802-5.1-04] */
export function prepareUsername(username: string): string | undefined {
  return prepareField(username, "allowed");
}

/** A password that somebody presents, made ready for hashing; `undefined` if it cannot be one. [rfc4616-2-07] */
export function preparePassword(password: string): string | undefined {
  return prepareField(password, "allowed");
}

/**
 * A password that is to be kept. What SASLprep does not know, such as emoji, is refused here, where its owner can be
 * told, because strict clients could never send it. [rfc4616-2-06], RFC 5802 §2.2
 */
export function prepareNewPassword(password: string): string | undefined {
  return prepareField(password, "refused");
}

/** The one spelling of all user names that mean the same account, so that they get the same salt. */
export function accountName(username: string): string {
  return prepareLocalpart(username) ?? username;
}

function prepareField(text: string, unassigned: "allowed" | "refused"): string | undefined {
  if (text.length > saslFieldBytesMax) return undefined;
  const prepared = saslprep(text, { unassigned });
  return prepared === "" ? undefined : prepared;
}
