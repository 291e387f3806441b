import { mayComeAgain } from "./between-servers.ts";
import type { ClientSession } from "./client-session.ts";
import { hadTaken, mayBeDecidedAgain } from "./given-messages.ts";
import type { Entry, Ledger } from "./ledger.ts";
import type { Ask, WorldModel } from "./world-model.ts";

/**
 * Nothing comes twice on a stream, nothing both arrives and comes back from another server, and who asks is answered.
 *
 * @param archiving accounts that have an archive
 */
export function checkWays(
  ledger: Ledger,
  model: WorldModel,
  { sessions, archiving }: { readonly sessions: readonly ClientSession[]; readonly archiving: readonly string[] },
): readonly string[] {
  const again = ledger.again
    .filter(({ entry, at }) => !mayComeAgain(model, entry, at))
    .filter(
      ({ entry, session, at }) =>
        !(archiving.includes(session.account) && mayBeDecidedAgain(session, entry, at, { model, sessions })),
    )
    .map(({ text }) => text);
  const both = ledger.entries
    .filter((entry) => hasBothFates(entry, model))
    .map(({ id, from, account }) => `${id} of ${from.name} for ${account} arrived and came back`);
  const unanswered = model.asks
    .filter(({ session, answers }) => answers === 0 && session.endedAt === undefined)
    .filter((ask) => !mayBeLost(ask, model))
    .map(({ session, to }) => `${session.name} asked ${to} and was not answered`);
  return [...again, ...both, ...unanswered];
}

/** It came back though the recipient's server had been told that a client has it. */
function hasBothFates(entry: Entry, model: WorldModel): boolean {
  const { account, bouncedAt, from, receipts } = entry;
  if (bouncedAt === undefined || !model.onDifferentServers(from.account, account)) return false;
  const isTaken = receipts.some(({ count, session }) => count > 0 && hadTaken(session, entry, bouncedAt));
  return isTaken && !mayComeAgain(model, entry, Math.max(bouncedAt, ...receipts.map(({ at }) => at)));
}

/** A request may be lost with a process that had it, and its answer too. */
function mayBeLost({ session, to, at }: Ask, model: WorldModel): boolean {
  return model.troubled(at - 5_000, at + answerMsMax, ["kill", "restart", "commits", "reads"], [session.account, to]);
}

/** Until a request for somebody who does not answer has gone back, in milliseconds. */
const answerMsMax = 120_000;
