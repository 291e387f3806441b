import type { ClientSession } from "./client-session.ts";
import type { Entry } from "./ledger.ts";
import { Register, type RegisterWrite } from "./register.ts";
import { resumeSecondsMax } from "./sim-server.ts";
import type { SubscriptionWord } from "./steps.ts";

/** One word about a subscription that a user said to a contact. */
export interface Said {
  readonly word: SubscriptionWord | "remove";
  /** Of the device that said it. */
  readonly session: ClientSession | undefined;
  readonly at: number;
  /** When it was certain that the user's server had heard it. */
  heardAt: number | undefined;
}

/** A time during which what is not settled may be lost, in the clock of the world. */
export interface Trouble {
  readonly kind: "kill" | "restart" | "commits" | "reads" | "slow" | "jump" | "apart" | "late";
  /** Whom it concerns: a server, or the two that cannot talk. */
  readonly servers: readonly number[];
  readonly from: number;
  until: number;
}

/** A request to somebody, and whether it was answered. */
export interface Ask {
  readonly session: ClientSession;
  readonly to: string;
  readonly at: number;
  answers: number;
}

/** How long words may be on their way to the other side, in milliseconds, where nothing is between servers. */
const crossingMs = 15_000;
/** How much longer while servers cannot talk: until it goes back, and who is to try again has done so. */
const waitingMsMax = 90_000;
/** What keeps servers apart for less than this breaks no stream between them for good, in milliseconds. */
const apartMsMin = 6_000;

/** What users have asked of the server, and when things went wrong: what their views at the end are compared with. */
export class WorldModel {
  readonly troubles: Trouble[] = [];
  readonly asks: Ask[] = [];
  /** Messages that went to another server by a stream on which nobody acknowledges, and of which nothing is known. */
  readonly unproven = new Set<string>();
  readonly #names = new Map<string, Register<string | undefined>>();
  readonly #blocks = new Map<string, Register<boolean>>();
  readonly #said = new Map<string, Said[]>();
  readonly #serverOf = new Map<string, number>();

  /**
   * @param servers by server: its domains
   * @param component the domain of the first one's component
   */
  constructor(servers: readonly (readonly string[])[], component?: string) {
    for (const [server, domains] of servers.entries()) for (const domain of domains) this.#serverOf.set(domain, server);
    if (component !== undefined) this.#serverOf.set(component, 0);
  }

  /** The server of an address, by number. */
  serverOf(jid: string): number {
    const [bare = ""] = jid.split("/");
    return this.#serverOf.get(bare.slice(bare.indexOf("@") + 1)) ?? -1;
  }

  /** Whether what one writes to the other goes from server to server. */
  onDifferentServers(one: string, other: string): boolean {
    return this.serverOf(one) !== this.serverOf(other);
  }

  /** Something goes wrong with servers for so long. */
  trouble(kind: Trouble["kind"], servers: readonly number[], now: number, forMs: number): void {
    // What is under way as it ends is still concerned.
    this.troubles.push({ kind, servers, from: now, until: now + forMs + 3_000 });
  }

  /** What a server says to another may arrive late, or their streams are given up. */
  apart(servers: readonly number[], now: number, forMs: number): void {
    this.trouble(forMs < apartMsMin ? "late" : "apart", servers, now, forMs);
  }

  /** How long what is said at this moment may be on its way from one to the other, in milliseconds. */
  crossingMs(one: string, other: string, at: number): number {
    if (!this.onDifferentServers(one, other)) return crossingMs;
    const isLate = this.troubled(at, at + crossingMs, ["apart", "kill", "restart"], [one, other]);
    return isLate ? crossingMs + waitingMsMax : crossingMs;
  }

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

  say(user: string, contact: string, word: Said["word"], by: Pick<Said, "session" | "at">): Said {
    const said: Said = { word, session: by.session, at: by.at, heardAt: undefined };
    this.said(user, contact).push(said);
    return said;
  }

  /** Whether either of them may have blocked the other at some time between these two. */
  mayHaveBlocked(one: string, other: string, time: { readonly from: number; readonly until: number }): boolean {
    return this.blocks(one, other).mayHaveBeen(true, time) || this.blocks(other, one).mayHaveBeen(true, time);
  }

  /** Whether a message may be for, or from, somebody who is blocked by the time that it, or what answers it, arrives. */
  mayBeShutOut({ account, from, sentAt }: Pick<Entry, "account" | "from" | "sentAt">): boolean {
    return this.mayHaveBlocked(from.account, account, { from: sentAt, until: Infinity });
  }

  /** Whether a word about their subscriptions may have been dropped as one of them blocked the other, or may still be hidden so. */
  shutOutForWords(one: string, other: string, now: number): boolean {
    const said = [...this.said(one, other), ...this.said(other, one)];
    return (
      this.mayHaveBlocked(one, other, { from: now, until: now }) ||
      said.some((word) => this.mayHaveBlocked(one, other, { from: word.at, until: this.#crossedBy(word, one, other) }))
    );
  }

  /**
   * Whether a word about their subscriptions may have been lost between them: it is not kept until the other side has
   * heard it, and a crash or a disc that fails in between leaves the two at odds.
   */
  lostForWords(one: string, other: string): boolean {
    const kinds = [
      "kill",
      "commits",
      "reads",
      ...(this.onDifferentServers(one, other) ? (["apart"] as const) : []),
    ] as const;
    return [...this.said(one, other), ...this.said(other, one)].some((said) =>
      this.troubled(said.at, this.#crossedBy(said, one, other), kinds, [one, other]),
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
    return said.some((over) => {
      const { word, at } = over;
      if (word !== "unsubscribe" && word !== "remove") return false;
      const until = this.#crossedBy(over, user, contact);
      const askedAgain = said.some(
        (later) => later.word === "subscribe" && mayFollow(later, over) && later.at <= until,
      );
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
      (over) =>
        (over.word === "unsubscribe" || over.word === "remove") &&
        mayFollow(asked, over) &&
        this.#crossedBy(over, user, contact) >= asked.at,
    );
    if (endedBefore) return true;
    return this.said(contact, user).some(
      ({ word, at, heardAt }) =>
        (word === "unsubscribed" || word === "remove") &&
        at <= this.#crossedBy(asked, user, contact) &&
        this.#crossedBy({ at, heardAt }, user, contact) >= asked.at,
    );
  }

  /** When a word has reached the other side, or never will. */
  #crossedBy({ at, heardAt = at + 120_000 }: Pick<Said, "at" | "heardAt">, one: string, other: string): number {
    return heardAt + this.crossingMs(one, other, heardAt);
  }

  /**
   * Whether a session must be there still for its client to go on with, which the server said now that it is not: within
   * its time, after whatever cut its stream, a restart of the server in peace too.
   */
  mustResume(
    { broken, account, connectedAt }: Pick<ClientSession, "broken" | "account" | "connectedAt">,
    now: number,
  ): boolean {
    if (broken === undefined || broken.by === "client" || now >= broken.at + resumeSecondsMax * 1_000) return false;
    // Otherwise the server ended it, and that was not heard.
    if (broken.by === "server" && !this.troubled(broken.at, broken.at, ["restart"], [account])) return false;
    // Whom a kill cut off may hear of it much later.
    if (this.troubled(connectedAt - 3_000, now, ["kill"], [account])) return false;
    return !this.troubled(broken.at - 3_000, now, ["commits", "reads", "slow", "jump"], [account]);
  }

  /**
   * Whether a session may rightly go on seeing a full address, though nobody is there or nobody there shows it anything:
   * presence was directed at its account, and a kill that it outlived, as it hibernated, ended the session that had
   * directed it, or took the last word of that. A stop while nothing can be written is a kill to whoever is not written down. Whom a session showed itself to is gone with it (RFC 6121 §4.6.1), so that
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
        (kind === "kill" || (kind === "restart" && this.troubled(from, until, ["commits"], [jid]))) &&
        session.beganAt <= from &&
        shown.some(({ beganAt, endedAt = Infinity }) => beganAt <= until && endedAt >= from - resumeSecondsMax * 1_000),
    );
  }

  /**
   * Whether something went wrong, of these kinds, while what began and ended at these times was under way.
   *
   * @param whom those whose servers, or the way between whose servers, it must concern
   */
  troubled(from: number, until: number, kinds: readonly Trouble["kind"][], whom: readonly string[]): boolean {
    const concerned = whom.map((jid) => this.serverOf(jid));
    return this.troubles.some(
      ({ kind, servers, ...trouble }) =>
        kinds.includes(kind) &&
        trouble.from <= until &&
        trouble.until >= from &&
        servers.every((server) => concerned.includes(server)),
    );
  }
}

/** Whether a server may have heard one word behind another: those of two devices come in any order. */
function mayFollow(later: Said, earlier: Said): boolean {
  return later.at >= earlier.at || (later.session !== earlier.session && (later.heardAt ?? Infinity) >= earlier.at);
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
