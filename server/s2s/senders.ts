import { bareOf, domainOf, type DomainJid } from "#protocol/jid/jid.ts";
import { isAnswer } from "#protocol/stanza/stanza-error.ts";
import type { Stanza } from "#kit/stanza.ts";

/** What part of what there is for all one sender may take: ways, and bytes that wait. */
export const senderShare = 1 / 4;

/**
 * Whose doing it is that a stanza goes out, so that whoever writes to ten thousand domains takes his own part of what
 * there is and not the others' (A36). Who is answered has brought it about himself, under whatever names below his own.
 */
export function senderOf(stanza: Stanza): string {
  const { from, to } = stanza;
  if (to === undefined || !isAnswer(stanza)) return bareOf(from);
  return `answers to ${registeredPart(domainOf(to))}`;
}

/** Its last two labels: about as much as somebody must have registered. */
export function registeredPart(domain: DomainJid): string {
  return domain.split(".").slice(-2).join(".");
}

/** How much of something each sender has. */
export class SenderShares {
  readonly #taken = new Map<string, number>();

  of(sender: string): number {
    return this.#taken.get(sender) ?? 0;
  }

  change(sender: string, by: number): void {
    const taken = this.of(sender) + by;
    if (taken === 0) this.#taken.delete(sender);
    else this.#taken.set(sender, taken);
  }
}
