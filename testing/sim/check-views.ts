import { mayBeAGhost, mayBeMissed } from "./between-servers.ts";
import type { ClientSession } from "./client-session.ts";
import { factOf } from "./shown-item.ts";
import type { WorldModel } from "./world-model.ts";

/** One account at the end: its sessions, the last of which has seen everything afresh. */
export interface AccountView {
  readonly account: string;
  readonly sessions: readonly ClientSession[];
  readonly witness: ClientSession;
}

/** Whether a session may go on seeing a full address that nobody takes back from it. */
type StillShown = (session: ClientSession, jid: string) => boolean;
/** Whether nobody may have told a session that another one is there. */
type MayMiss = (session: ClientSession, other: ClientSession) => boolean;

/**
 * Every view of rosters, block lists and presence agrees with every other one that shows the same.
 *
 * @param sessions those that there have ever been
 */
export function checkViews(
  views: readonly AccountView[],
  model: WorldModel,
  sessions: readonly ClientSession[],
): readonly string[] {
  const stillShown: StillShown = (session, jid) =>
    model.mayBeShownInVain(session, jid, sessions) || mayBeAGhost(model, session, jid, sessions);
  return views.flatMap((view) => [
    ...checkDevices(view),
    ...checkOwnPresence(view),
    ...views.flatMap((other) =>
      other === view
        ? []
        : [
            ...checkWrites(view, other.account, model),
            ...checkSubscription(view, other, model),
            ...checkWords(view, other, model),
            ...checkPresence(view, other, model, stillShown),
          ],
    ),
    ...checkGhosts(view, views, stillShown),
  ]);
}

/** All devices of an account show the same roster and the same block list. */
function checkDevices({ sessions, witness }: AccountView): readonly string[] {
  const found: string[] = [];
  for (const session of sessions) {
    if (session.roster === undefined) found.push(`${session.name} has no roster`);
    else found.push(...differences(session.name, session.roster, witness.roster ?? new Map()));
    const blocked = [...(session.blocked ?? [])].toSorted().join();
    const wanted = [...(witness.blocked ?? [])].toSorted().join();
    if (blocked !== wanted) found.push(`${session.name} shows as blocked ${blocked}, and blocked are ${wanted}`);
  }
  return found;
}

/** Who is available sees every device of the account's that is, whatever its priority; the witness has just come. */
function checkOwnPresence({ sessions }: AccountView): readonly string[] {
  const there = sessions.filter(({ priority }) => priority !== undefined);
  return there.flatMap(({ name, jid, sees }) =>
    there.flatMap((other) =>
      other.jid === jid || sees.has(other.jid) ? [] : `${name} does not see its own ${other.jid}`,
    ),
  );
}

function differences(
  name: string,
  shown: ReadonlyMap<string, string>,
  real: ReadonlyMap<string, string>,
): readonly string[] {
  return [...new Set([...shown.keys(), ...real.keys()])]
    .filter((jid) => shown.get(jid) !== real.get(jid))
    .map((jid) => `${name} shows ${jid} as "${shown.get(jid)}", and it is "${real.get(jid)}"`);
}

/** What a user was told is written is written. */
function checkWrites({ account, witness }: AccountView, contact: string, model: WorldModel): readonly string[] {
  const found: string[] = [];
  const names = model.name(account, contact).candidates();
  const name = factOf(witness.roster?.get(contact), "name");
  if (!names.some((each) => (each ?? "") === name))
    found.push(`${account} calls ${contact} "${name}", not ${names.map((each) => `"${each ?? ""}"`).join(" or ")}`);
  const blocks = model.blocks(account, contact).candidates();
  const blocked = witness.blocked?.has(contact) === true;
  if (!blocks.includes(blocked))
    found.push(`${account} ${blocked ? "blocks" : "does not block"} ${contact}, against what it was told`);
  return found;
}

/** Both sides say the same about who sees whom, and about who waits for an answer. */
function checkSubscription(mine: AccountView, theirs: AccountView, model: WorldModel): readonly string[] {
  if (model.shutOutForWords(mine.account, theirs.account, lookingAt(mine))) return [];
  if (model.lostForWords(mine.account, theirs.account)) return [];
  const here = mine.witness.roster?.get(theirs.account);
  const there = theirs.witness.roster?.get(mine.account);
  const sees = seesPresence(here);
  const shows = showsPresence(there);
  const found: string[] = [];
  if (sees !== shows && !isShownInVain(mine, theirs, model))
    found.push(`${mine.account} ${sees ? "sees" : "does not see"} ${theirs.account}, which thinks otherwise`);
  const asks = factOf(here, "ask") === "subscribe";
  const asked = theirs.witness.asked.has(mine.account);
  if (asks !== asked && !(asked && model.mayBeRefusedUnheard(mine.account, theirs.account)))
    found.push(`${mine.account} ${asks ? "waits" : "does not wait"} for ${theirs.account}, which thinks otherwise`);
  return found;
}

/**
 * What users said last has come about: who asked, and was or is let in, sees; who was put out or wanted no more does
 * not. Only where no words crossed.
 */
function checkWords(mine: AccountView, theirs: AccountView, model: WorldModel): readonly string[] {
  if (model.shutOutForWords(mine.account, theirs.account, lookingAt(mine))) return [];
  const asking = model.said(mine.account, theirs.account);
  const letting = model.said(theirs.account, mine.account);
  const last = (said: typeof asking, ...words: readonly (typeof asking)[number]["word"][]) =>
    said.findLast(({ word }) => words.includes(word));
  const wish = last(asking, "subscribe");
  const end = last(asking, "unsubscribe", "remove");
  const grant = last(letting, "subscribed");
  const refusal = last(letting, "unsubscribed", "remove");
  const all = [wish, end, grant, refusal].flatMap((said) => said ?? []);
  if (all.some(({ heardAt }) => heardAt === undefined)) return [];
  if (model.lostForWords(mine.account, theirs.account)) return [];
  if (doubtful([...asking, ...letting], all)) return [];
  const sees = seesPresence(mine.witness.roster?.get(theirs.account));
  const [wishAt, grantAt] = [wish?.at ?? -Infinity, grant?.at ?? -Infinity];
  const [endAt, refusalAt] = [end?.heardAt ?? -Infinity, refusal?.heardAt ?? -Infinity];
  const crossed = (at: number): number => at + model.crossingMs(mine.account, theirs.account, at);
  const over = crossed(Math.max(endAt, refusalAt));
  if (wishAt > over && grantAt > over && !sees)
    return [`${mine.account} asked to see ${theirs.account} and was let in, and does not see`];
  const said = crossed(Math.max(wish?.heardAt ?? -Infinity, grant?.heardAt ?? -Infinity));
  if (((end?.at ?? -Infinity) > said || (refusal?.at ?? -Infinity) > said) && sees)
    return [`${mine.account} sees ${theirs.account}, which was ended`];
  return [];
}

/** Words that may or may not have been heard, behind the ones that count. */
function doubtful(
  said: readonly { readonly at: number; readonly heardAt: number | undefined }[],
  counting: readonly { readonly at: number }[],
): boolean {
  const earliest = Math.min(...counting.map(({ at }) => at));
  return said.some(({ at, heardAt }) => heardAt === undefined && at > earliest - 120_000);
}

/** Who may see somebody sees exactly the devices that are there; who may not sees none. */
function checkPresence(
  mine: AccountView,
  theirs: AccountView,
  model: WorldModel,
  stillShown: StillShown,
): readonly string[] {
  if (model.lostForWords(mine.account, theirs.account)) return [];
  const inVain = isShownInVain(mine, theirs, model);
  const mayMiss: MayMiss = (session, other) => mayBeMissed(model, session, other);
  const blocked = [
    ...model.blocks(mine.account, theirs.account).candidates(),
    ...model.blocks(theirs.account, mine.account).candidates(),
  ];
  if (blocked.includes(true) && blocked.includes(false)) {
    const certain =
      mine.witness.blocked?.has(theirs.account) === true || theirs.witness.blocked?.has(mine.account) === true;
    return checkSeen(mine, theirs, { blocked: certain, inVain, stillShown, mayMiss });
  }
  return checkSeen(mine, theirs, { blocked: blocked[0] === true, inVain, stillShown, mayMiss });
}

/** The two rosters are at odds for good, so that presence comes that nobody asked for: only then. */
function isShownInVain(mine: AccountView, theirs: AccountView, model: WorldModel): boolean {
  return (
    !seesPresence(mine.witness.roster?.get(theirs.account)) &&
    showsPresence(theirs.witness.roster?.get(mine.account)) &&
    model.mayBeLetInUnasked(mine.account, theirs.account)
  );
}

interface Excuses {
  readonly blocked: boolean;
  readonly inVain: boolean;
  readonly stillShown: StillShown;
  readonly mayMiss: MayMiss;
}

function checkSeen(
  mine: AccountView,
  theirs: AccountView,
  { blocked, inVain, stillShown, mayMiss }: Excuses,
): readonly string[] {
  const maySee = seesPresence(mine.witness.roster?.get(theirs.account)) && !blocked;
  const there = theirs.sessions.filter(({ priority }) => priority !== undefined);
  const found: string[] = [];
  for (const session of mine.sessions) {
    if (session.priority === undefined) continue;
    for (const other of there) {
      const { jid, directedTo } = other;
      const sees = session.sees.has(jid);
      if (maySee && !sees && !mayMiss(session, other)) found.push(`${session.name} does not see ${jid}`);
      else if (maySee || !sees || stillShown(session, jid)) continue;
      else if (blocked || !(inVain || directedTo.has(session.account)))
        found.push(`${session.name} sees ${jid}${blocked ? " in spite of a block" : ""}`);
    }
  }
  return found;
}

/** Nobody sees who is not there. */
function checkGhosts(
  { sessions }: AccountView,
  views: readonly AccountView[],
  stillShown: StillShown,
): readonly string[] {
  const there = new Set(
    views.flatMap((view) => view.sessions.filter(({ priority }) => priority !== undefined).map(({ jid }) => jid)),
  );
  return sessions.flatMap((session) =>
    [...session.sees]
      .filter((jid) => !there.has(jid) && !stillShown(session, jid))
      .map((jid) => `${session.name} sees the ghost ${jid}`),
  );
}

/** When the views were looked at. */
function lookingAt({ witness }: AccountView): number {
  return witness.beganAt;
}

function seesPresence(shown: string | undefined): boolean {
  return ["to", "both"].includes(factOf(shown, "subscription"));
}

function showsPresence(shown: string | undefined): boolean {
  return ["from", "both"].includes(factOf(shown, "subscription"));
}
