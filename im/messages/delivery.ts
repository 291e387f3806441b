import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import type { MessageType } from "#protocol/stanza/message-type.ts";
import { presenceSlot } from "../presence/slots.ts";

/** What becomes of a message. */
export type Decision =
  | { readonly do: "deliver"; readonly to: readonly Session[] }
  /** Nobody is there who should have it: keep it, or give it back. */
  | { readonly do: "keep" }
  | { readonly do: "return" }
  | { readonly do: "drop" };

/**
 * Where a message goes (RFC 6121 §8.5.2.1.1, §8.5.2.2.1, §8.5.3; the table of §8.5.4). Of the choices that the RFC leaves
 * we take: chat and normal to all resources of the highest non-negative priority; keep rather than return; return
 * rather than drop where the sender would else not know.
 *
 * @param resource the resource that it is addressed to; undefined for the bare JID
 */
export function decide(account: Account, type: MessageType, resource: string | undefined): Decision {
  const matching = resource === undefined ? undefined : account.sessions.get(resource);
  if (matching !== undefined) return { do: "deliver", to: [matching] };
  switch (type) {
    case "chat":
    case "normal": {
      // A normal message to a resource that is gone is returned, a chat message finds another way. §8.5.3.2.1
      if (resource !== undefined && type === "normal") return { do: "return" };
      const to = mostAvailable(account);
      return to.length > 0 ? { do: "deliver", to } : { do: "keep" };
    }
    case "headline": {
      const to = resource === undefined ? nonNegative(account) : [];
      return to.length > 0 ? { do: "deliver", to } : { do: "drop" };
    }
    case "groupchat":
      return { do: "return" };
    default:
      return { do: "drop" };
  }
}

/** The resources with the highest priority among those that take messages at all. */
export function mostAvailable(account: Account): readonly Session[] {
  let highest = 0;
  let found: Session[] = [];
  for (const session of account.sessions.values()) {
    const priority = session.get(presenceSlot)?.priority ?? -1;
    if (priority < highest) continue;
    if (priority > highest) found = [];
    highest = priority;
    found.push(session);
  }
  return found;
}

function nonNegative(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => (session.get(presenceSlot)?.priority ?? -1) >= 0);
}
