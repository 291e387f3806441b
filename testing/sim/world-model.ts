import type { ClientSession } from "./client-session.ts";
import { Register, type RegisterWrite } from "./register.ts";
import { resumeSecondsMax } from "./sim-server.ts";
import type { SubscriptionWord } from "./steps.ts";

/** One word about a subscription that a user said to a contact. */
export interface Said {
  readonly word: SubscriptionWord | "remove";
  readonly at: number;
  /** When it was certain that the user's server had heard it. */
  heardAt: number | undefined;
}

/** A time during which what is not settled may be lost, in the clock of the world. */
export interface Trouble {
  readonly kind: "kill" | "restart" | "commits" | "reads" | "slow" | "jump";
  readonly from: number;
  until: number;
}

/** How long words may be on their way to the other side, in milliseconds. */
export const crossingMs = 15_000;

/** What users have asked of the server, and when things went wrong: what their views at the end are compared with. */
export class WorldModel {
  readonly troubles: Trouble[] = [];
  readonly #names = new Map<string, Register<string | undefined>>();
  readonly #blocks = new Map<string, Register<boolean>>();
  readonly #said = new Map<string, Said[]>();

  /** The name that a user gave to a contact. */
  name(user: string, contact: string): Register<string | undefined> {
    return within(this.#names, `${user} ${contact}`, () => new Register<string | undefined>(undefined));
  }

  blocks(user: string, contact: string): Register<boolean> {
    return within(this.#blocks, `${user} ${contact}`, () => new Register(false));
  }

  said(user: string, contact: string): Said[] {
    return within(this.#said, `${user} ${contact}`, () => []);
  }

  say(user: string, contact: string, word: Said["word"], at: number): Said {
    const said: Said = { word, at, heardAt: undefined };
    this.said(user, contact).push(said);
    return said;
  }

  /** Whether either of them may have blocked the other at some time. */
  everBlocked(one: string, other: string): boolean {
    return this.blocks(one, other).writes.length > 0 || this.blocks(other, one).writes.length > 0;
  }

  /**
   * Whether a word about their subscriptions may have been lost between them: it is not kept until the other side has
   * heard it, and a crash or a disc that fails in between leaves the two at odds.
   */
  lostForWords(one: string, other: string): boolean {
    return [...this.said(one, other), ...this.said(other, one)].some(({ at, heardAt }) =>
      this.troubled(at, (heardAt ?? at + 120_000) + crossingMs, ["kill", "commits", "reads"]),
    );
  }

  /**
   * Whether a contact's roster may rightly go on saying that the user is let in, though the user's own says no more of
   * it. RFC 6121 has no remedy where
   *
   * - the user wanted no more while the contact may have blocked the user: what a blocked user says of subscriptions is
   *   dropped without an answer (XEP-0191 §3.3), and blocking ends no subscription by itself;
   * - the user asked again before the answer to that had come: `unsubscribed`, which the contact's server sends by
   *   itself (§A.3.2), reads like a refusal of the new request, and the approval behind it is one that nobody waits for
   *   (§A.3.3).
   */
  mayBeLetInUnasked(user: string, contact: string): boolean {
    const said = this.said(user, contact);
    return said.some(({ word, at, heardAt }) => {
      if (word !== "unsubscribe" && word !== "remove") return false;
      const until = (heardAt ?? at + 120_000) + crossingMs;
      const askedAgain = said.some((later) => later.word === "subscribe" && later.at >= at && later.at <= until);
      return askedAgain || this.blocks(contact, user).mayHaveBeen(true, { from: at, until });
    });
  }

  /**
   * Whether a refusal may have crossed the last request of the user to see the contact: it reads like the answer to that,
   * while the contact goes on being asked. RFC 6121 has no remedy. It may be the user's own doing: `unsubscribed` is also
   * what the contact's server answers to an `unsubscribe` just ahead of the request (§A.3.2).
   */
  mayBeRefusedUnheard(user: string, contact: string): boolean {
    const asked = this.said(user, contact).findLast(({ word }) => word === "subscribe");
    if (asked === undefined) return false;
    const endedBefore = this.said(user, contact).some(
      ({ word, at, heardAt }) =>
        (word === "unsubscribe" || word === "remove") &&
        at <= asked.at &&
        (heardAt ?? at + 120_000) + crossingMs >= asked.at,
    );
    if (endedBefore) return true;
    return this.said(contact, user).some(
      ({ word, at, heardAt }) =>
        (word === "unsubscribed" || word === "remove") &&
        at <= (asked.heardAt ?? asked.at + 120_000) + crossingMs &&
        (heardAt ?? at + 120_000) + crossingMs >= asked.at,
    );
  }

  /**
   * Whether a session must be there still for its client to go on with, which the server said now that it is not: within
   * its time, after whatever cut its stream, a restart of the server in peace too.
   */
  mustResume({ broken }: Pick<ClientSession, "broken">, now: number): boolean {
    if (broken === undefined || broken.by === "client" || now >= broken.at + resumeSecondsMax * 1_000) return false;
    // Otherwise the server ended it, and that was not heard.
    if (broken.by === "server" && !this.troubled(broken.at, broken.at, ["restart"])) return false;
    return !this.troubled(broken.at - 3_000, now, ["kill", "commits", "reads", "slow", "jump"]);
  }

  /**
   * Whether a session may rightly go on seeing a full address, though nobody is there or nobody there shows it anything:
   * presence was directed at its account, and a kill that it outlived, as it hibernated, ended the session that had
   * directed it, or took the last word of that. Whom a session showed itself to is gone with it (RFC 6121 §4.6.1), so that
   * nobody can be told; whoever was shown it may probe (§4.6.6).
   */
  mayBeShownInVain(
    session: Pick<ClientSession, "account" | "beganAt">,
    jid: string,
    sessions: readonly ClientSession[],
  ): boolean {
    const shown = sessions.filter((other) => other.jid === jid && other.everDirectedTo.has(session.account));
    return this.troubles.some(
      ({ kind, from, until }) =>
        kind === "kill" &&
        session.beganAt <= from &&
        shown.some(({ beganAt, endedAt = Infinity }) => beganAt <= until && endedAt >= from - resumeSecondsMax * 1_000),
    );
  }

  /** Whether something went wrong, of these kinds, while what began and ended at these times was under way. */
  troubled(from: number, until: number, kinds: readonly Trouble["kind"][]): boolean {
    return this.troubles.some(
      (trouble) => kinds.includes(trouble.kind) && trouble.from <= until && trouble.until >= from,
    );
  }
}

/** Notes the answer to a request that writes. */
export function noteAnswer<T>(write: RegisterWrite<T>, type: string | undefined, now: number): void {
  write.answeredAt = now;
  write.done = type === "result";
}

function within<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
