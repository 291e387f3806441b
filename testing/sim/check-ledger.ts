import type { Entry, Ledger } from "./ledger.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * What was acknowledged to its sender has arrived, at one of the recipient's clients at least, or has come back
 * (ARCHITECTURE.md, "Acked means durable").
 */
export function checkLedger(ledger: Ledger, model: WorldModel): readonly string[] {
  return ledger.entries
    .filter((entry) => entry.acknowledgedAt !== undefined && entry.receipts.length === 0)
    .filter((entry) => entry.bouncedAt === undefined && !mayBeGone(entry, model))
    .map((entry) => `${entry.id} of ${entry.from.name} for ${entry.to} was acknowledged and is lost`);
}

/** A message that nobody promised to keep. */
function mayBeGone(entry: Entry, model: WorldModel): boolean {
  const { kind, from, account, to } = entry;
  if (kind === "headline" || kind === "state" || kind === "nobody") return true;
  // A normal message to a device that is gone is returned to those who may know, and dropped for others.
  if (kind === "normal" && to !== account) return true;
  if (model.everBlocked(from.account, account)) return true;
  return false;
}
