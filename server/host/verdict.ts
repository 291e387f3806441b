import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Verdict } from "#kit/server-module.ts";
import type { Steps } from "./steps.ts";

// Three loops rather than one with a callback: a closure for each stanza and step would be made on the common path.

/** What the guards say to a stanza that a session sends. Refusals go before silence, whatever the modules' order. */
export function outboundVerdict(steps: Steps, account: Account, stanza: Stanza, session: Session): Verdict | undefined {
  let found: Verdict | undefined;
  for (const guard of steps.guardOutbound) found = stronger(found, guard(account, stanza, session));
  return found;
}

/** What the guards say to a stanza that arrives for an account. */
export function inboundVerdict(steps: Steps, account: Account, stanza: Stanza): Verdict | undefined {
  let found: Verdict | undefined;
  for (const guard of steps.guardInbound) found = stronger(found, guard(account, stanza));
  return found;
}

/** What the guards say to a stanza that is about to be sent to a session. */
export function sessionVerdict(steps: Steps, session: Session, stanza: Stanza): Verdict | undefined {
  let found: Verdict | undefined;
  for (const guard of steps.guardSession) found = stronger(found, guard(session, stanza));
  return found;
}

function stronger(before: Verdict | undefined, verdict: Verdict | undefined): Verdict | undefined {
  if (before === undefined || verdict === undefined) return before ?? verdict;
  return "refuse" in before ? before : verdict;
}
