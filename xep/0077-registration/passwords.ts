import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { AccountChange, Host } from "#kit/host.ts";
import { passwordLengthMin } from "./options.ts";

/** @throws StanzaError `not-acceptable` for a password that the host does not take */
export function checkPassword(host: Host, password: string): void {
  const min = host.setting(passwordLengthMin);
  // People count characters, not UTF-16 units.
  // [rfc6120-13.9.4-04]
  if (Array.from(password).length < min)
    throw new StanzaError("not-acceptable", { text: `a password has at least ${min} characters` });
}

/** The error that tells a client why its account was not made or changed. */
export function refusalOf(change: AccountChange & { readonly ok: false }): StanzaError {
  const conditions = {
    exists: "conflict",
    // What was deleted is not told apart from what is there (A54).
    tombstone: "conflict",
    lookalike: "conflict",
    "no-such-account": "registration-required",
    "bad-name": "not-acceptable",
    "bad-password": "not-acceptable",
    "too-busy": "resource-constraint",
    store: "resource-constraint",
  } as const;
  const text = change.reason === "tombstone" || change.reason === "exists" ? "this username is taken" : change.text;
  return new StanzaError(conditions[change.reason], { text });
}
