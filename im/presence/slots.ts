import type { XmlElement } from "#protocol/xml/element.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { sessionSlot } from "#kit/slots.ts";

/** What an available resource last said about itself (RFC 6121 §4.2, §4.7). */
export interface AvailablePresence {
  /** The stanza as the client sent it, `from` stamped, kept apart from the input that it came in. */
  readonly element: XmlElement;
  /** -128 to 127. */
  readonly priority: number;
  /** When it was sent, in milliseconds since the epoch. */
  readonly at: number;
}

/** Undefined while the resource is connected and not available. */
export const presenceSlot = sessionSlot<AvailablePresence | undefined>("presence", () => undefined);

/** No addresses. */
export const nobody: ReadonlySet<Jid> = new Set();

/** Who was sent directed presence and must hear when it ends (RFC 6121 §4.6.3). */
export const directedSlot = sessionSlot<ReadonlySet<Jid>>("directed-presence", () => nobody);

/** The resources that are available (RFC 6121 §4.2.1), in the order in which they were bound. */
export function availableSessions(account: Account): readonly Session[] {
  return [...account.sessions.values()].filter((session) => session.get(presenceSlot) !== undefined);
}
