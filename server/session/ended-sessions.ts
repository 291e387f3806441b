import type { BareJid } from "#protocol/jid/jid.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";

/** Ended sessions that are remembered. */
const endedSessionsMax = 10_000;

/** How far sessions got that ended without being resumed: who comes back too late is told so (XEP-0198 §5, S8). */
export class EndedSessions {
  readonly #handled = new Map<string, number | (() => number)>();

  /** @param handled how far it got; what it sent last may still be on its way to safety */
  remember(account: BareJid, resumptionId: string, handled: number | (() => number)): void {
    this.#handled.set(keyOf(account, resumptionId), handled);
    keepYoungest(this.#handled, endedSessionsMax);
  }

  /** Only the account itself may know. */
  handledBy(account: BareJid, resumptionId: string): number | undefined {
    const handled = this.#handled.get(keyOf(account, resumptionId));
    return typeof handled === "function" ? handled() : handled;
  }
}

function keyOf(account: BareJid, resumptionId: string): string {
  return `${account} ${resumptionId}`;
}
