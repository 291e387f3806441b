import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import { refuse } from "../host/refusal.ts";
import { letGo, type Owed } from "./owed-stanza.ts";

/**
 * The session will not come back for it: a message goes to the one step that decides about it, and whoever asked something is told
 * that nobody answers.
 */
export function handOn(
  { account, messages }: { readonly account: Account; readonly messages: MessageDelivery },
  owed: Owed,
): void {
  const { stanza, secured } = owed;
  if (stanza === undefined) return;
  if (stanza.kind === "message") {
    const kept = typeof secured === "string" ? stanza.storedAs(secured) : stanza;
    // [xep0198-4-09] [xep0198-4-10]
    if (owed.reachedBefore !== "unknown") messages.undelivered(account, kept, "session-ended");
    // Those who are here may have it; whoever comes next may not.
    else if (kept.stored !== undefined) messages.undelivered(account, kept, "no-recipient");
  } else if (stanza.kind === "iq") {
    // Who asked must not wait for an answer that nobody will give. [rfc6120-8.2.3-04]
    refuse(account.host, stanza, new StanzaError("service-unavailable"));
  }
  const release = (): void => letGo(owed, stanza);
  account.whenDurable(release, release);
}
