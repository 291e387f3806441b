import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import type { MessageType } from "#protocol/stanza/message-type.ts";
import { presenceSlot, sentDirectedTo, sharesPresence } from "../presence/slots.ts";

/** What becomes of a message. */
export type Decision =
  | { readonly do: "deliver"; readonly to: readonly Session[] }
  /** Nobody is there who should have it: keep it, or give it back. */
  | { readonly do: "keep" }
  | { readonly do: "return" }
  | { readonly do: "drop" };

/**
 * Where a message goes: the table of RFC 6121 §8.5.4, with the choices among its alternatives that this folder's README
 * gives the reasons for.
 *
 * @param resource the resource that it is addressed to; undefined for the bare JID
 */
export function decide(account: Account, type: MessageType, resource: string | undefined, sender: Jid): Decision {
  const matching = resource === undefined ? undefined : account.sessions.get(resource);
  // [rfc6121-8.5.3.1-03] [rfc6121-5.2.2-04]
  // [rfc6120-8-01] [rfc6120-10.5.4-02]
  if (matching !== undefined) return { do: "deliver", to: [matching] };
  // [rfc6121-8.5.2.1.1-11] [rfc6121-8.5.2.2.1-03] [rfc6121-8.5.3.2.1-06]
  if (type === "error") return { do: "drop" };
  // [rfc6121-8.5.2.1.1-07] [rfc6121-8.5.3.2.1-01]
  if (type === "groupchat") return { do: "return" };
  if (type === "headline") {
    // [rfc6121-8.5.2-01] [rfc6121-8.5.2.1.1-09] [rfc6121-8.5.2.1.1-10] [rfc6121-8.5.3.2.1-01]
    const to = resource === undefined ? nonNegative(account) : [];
    // [rfc6121-5.2.2-04]
    return to.length > 0 ? { do: "deliver", to } : { do: "drop" };
  }
  // A normal message to a resource that is gone is returned, a chat message finds another way. That a resource is gone
  // is told to those who may know that it was there. [rfc6121-8.5.3-01]
  if (resource !== undefined && type === "normal")
    // [rfc6121-8.5.3.2.1-01] [rfc6121-8.5.4-01] [rfc6121-8.1-01] [rfc6121-11-02]
    return { do: mayKnow(account, sender) ? "return" : "drop" };
  const to = mostAvailable(account);
  // [rfc6121-8.5.2.1.1-02] [rfc6121-8.5.2.1.1-03] [rfc6121-8.5.2.1.1-05] [rfc6121-8.5.2.1.1-06] [rfc6121-8.5.3.2.1-04]
  // [rfc6121-8.5.3.2.1-05] [rfc3921-11.1-06]
  // [rfc6120-8.2.1-01] [rfc6120-10.5.3.2-01] [rfc6120-10.5.4-01] [xep0334-4.3-01]
  if (to.length > 0) return { do: "deliver", to };
  // [rfc6120-10.5.3.2-02]
  // [rfc6121-8.5.2.1.1-01] [rfc6121-8.5.2.1.1-04] [rfc6121-8.5.2.2.1-01] [rfc6121-8.5.3.2.1-02] [rfc6121-8.5.3.2.1-03]
  return { do: "keep" };
}

/** The resources with the highest priority among those that take messages at all. */
export function mostAvailable(account: Account): readonly Session[] {
  let highest = 0;
  let found: Session[] = [];
  for (const session of account.sessions.values()) {
    const priority = priorityOf(session);
    // [rfc6121-8.5.2.1.1-12]
    if (priority < highest) continue;
    // [rfc6121-8.5.4-02]
    if (priority > highest) found = [];
    highest = priority;
    found.push(session);
  }
  return found;
}

/** Whether somebody may learn which resources of the account are there: by subscription, or by directed presence. */
export function mayKnow(account: Account, sender: Jid): boolean {
  if (sharesPresence(account, sender)) return true;
  for (const session of account.sessions.values()) if (sentDirectedTo(session, sender)) return true;
  return false;
}

function nonNegative(account: Account): readonly Session[] {
  // [rfc6121-8.5.2.1.1-08] [rfc6121-8.5.2.1.1-12]
  return [...account.sessions.values()].filter((session) => priorityOf(session) >= 0);
}

/** Who is not available takes no part, as if of negative priority. */
function priorityOf(session: Session): number {
  return session.get(presenceSlot)?.priority ?? -1;
}
