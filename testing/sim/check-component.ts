import { mayHaveBeenReturned } from "./check-ledger.ts";
import type { Entry, Ledger } from "./ledger.ts";
import type { ComponentStay, SimComponent } from "./sim-component.ts";
import type { WorldModel } from "./world-model.ts";

/** What of a component is compared with the ledger. */
type Watched = Pick<SimComponent, "domain" | "stays" | "violations" | "wasAway">;

/**
 * What was sent to the component and acknowledged has come to it, or has come back, or was taken by the system for a
 * connection that broke: nothing in its protocol acknowledges (XEP-0114). On one connection each message comes once and in
 * the order in which its sender sent it.
 */
export function checkComponent(component: Watched, ledger: Ledger, model: WorldModel): readonly string[] {
  const there = new Set(component.stays.flatMap(({ had, taken }) => [...had.map(({ id }) => id), ...wholeIds(taken)]));
  const lost = ledger.entries
    .filter(({ account }) => isItsOwn(component, account))
    .filter((entry) => entry.acknowledgedAt !== undefined && entry.bouncedAt === undefined && !there.has(entry.id))
    .filter((entry) => !(entry.from.endedEarly && mayHaveGoneBack(entry, component, ledger, model)))
    .map((entry) => `${entry.id} of ${entry.from.name} for ${entry.to} was acknowledged and is lost`);
  return [
    ...component.violations,
    ...lost,
    ...component.stays.flatMap((stay) => checkStay(stay, component, ledger, model)),
  ];
}

/** Whether an address is one that the component speaks for. */
export function isItsOwn({ domain }: Pick<SimComponent, "domain">, address: string): boolean {
  return address.endsWith(`@${domain}`);
}

function checkStay({ had }: ComponentStay, component: Watched, ledger: Ledger, model: WorldModel): readonly string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const last = new Map<string, Entry>();
  for (const { id, at } of had) {
    const entry = ledger.find(id);
    if (entry === undefined || !isItsOwn(component, entry.account)) {
      found.push(`the component got ${id}, which was not sent to it`);
      continue;
    }
    // What the dead process had sent, or meant to, the next one sends again.
    const mayBeAgain = model.troubled(entry.sentAt, at, ["kill", "restart"], [entry.from.account]);
    if (seen.has(id) && !mayBeAgain)
      found.push(`the component got ${id} of ${entry.from.name} twice on one connection`);
    seen.add(id);
    const flow = `${entry.from.name} ${entry.to}`;
    const before = last.get(flow);
    if (before !== undefined && before.number > entry.number && !mayBeAgain)
      found.push(`the component got ${id} of ${entry.from.name} after ${before.id}`);
    last.set(flow, entry);
  }
  return found;
}

/** There was a reason to return it, and the error found nobody: the component was away for long, or too much waited. */
function mayHaveGoneBack(entry: Entry, component: Watched, ledger: Ledger, model: WorldModel): boolean {
  return component.wasAway(entry.sentAt, entry.sentAt + patienceMs) || mayHaveBeenReturned(ledger, entry, model);
}

/** How long what is for a component may wait, with all that may hold up the answer, in milliseconds. */
const patienceMs = 60_000;

/** Messages of which the system took the last byte. */
function* wholeIds(taken: string): Generator<string, void, undefined> {
  for (const { 1: id = "", index } of taken.matchAll(/<message[^>]* id='(m\d+)'/gu))
    if (taken.includes("</message>", index)) yield id;
}
