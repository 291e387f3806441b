import { mayComeAgain } from "./between-servers.ts";
import type { Ledger } from "./ledger.ts";
import type { Ask, WorldModel } from "./world-model.ts";

/** Nothing comes twice on a stream, nothing both arrives and comes back from another server, and who asks is answered. */
export function checkWays(ledger: Ledger, model: WorldModel): readonly string[] {
  const again = ledger.again.filter(({ entry, at }) => !mayComeAgain(model, entry, at)).map(({ text }) => text);
  const both = ledger.entries
    .filter(({ from, account }) => model.onDifferentServers(from.account, account))
    .filter(({ bouncedAt, receipts }) => bouncedAt !== undefined && receipts.length > 0)
    .filter(
      (entry) => !mayComeAgain(model, entry, Math.max(entry.bouncedAt ?? 0, ...entry.receipts.map(({ at }) => at))),
    )
    .map(({ id, from, account }) => `${id} of ${from.name} for ${account} arrived and came back`);
  const unanswered = model.asks
    .filter(({ session, answers }) => answers === 0 && session.endedAt === undefined)
    .filter((ask) => !mayBeLost(ask, model))
    .map(({ session, to }) => `${session.name} asked ${to} and was not answered`);
  return [...again, ...both, ...unanswered];
}

/** A request may be lost with a process that had it, and its answer too. */
function mayBeLost({ session, to, at }: Ask, model: WorldModel): boolean {
  return model.troubled(at - 5_000, at + answerMsMax, ["kill", "restart", "commits", "reads"], [session.account, to]);
}

/** Until a request for somebody who does not answer has gone back, in milliseconds. */
const answerMsMax = 120_000;
