import type { ClientSession } from "./client-session.ts";

/** How long what was told change by change must have stayed as it is, in milliseconds: longer than anything is under way. */
export const caughtUpMs = 90_000;

/**
 * What rosters were shown to be under their versions, which never come to stand for anything else (RFC 6121 §2.6): all sessions
 * that are told one version show the same, whenever that is.
 */
export class RosterHistory {
  /** By account and version: who showed it first, and what. */
  readonly #shown = new Map<string, { readonly by: string; readonly roster: string }>();
  /** By session: how many changes there were in the newest that it was told. */
  readonly #newest = new WeakMap<ClientSession, number>();

  /**
   * A session shows a roster of which it has been told a version. Says what is wrong with that. Changes that were told once more,
   * behind newer ones, make nothing older than it is.
   */
  show(session: ClientSession): string | undefined {
    const { account, name, roster, rosterVersion } = session;
    if (roster === undefined || rosterVersion === undefined) return undefined;
    const count = Number(rosterVersion.split("-").at(-1));
    if (count < (this.#newest.get(session) ?? 0)) return undefined;
    this.#newest.set(session, count);
    const key = `${account} ${rosterVersion}`;
    const text = [...roster]
      .map((entry) => entry.join(" "))
      .toSorted()
      .join("; ");
    const before = this.#shown.get(key);
    if (before === undefined) this.#shown.set(key, { by: name, roster: text });
    else if (before.roster !== text)
      return `${name} shows under the version ${rosterVersion} "${text}", and ${before.by} showed "${before.roster}"`;
    return undefined;
  }
}
