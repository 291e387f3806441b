import type { Entry } from "./ledger.ts";

/** A stanza that a client sent and that the server has not acknowledged. */
export interface Sent {
  readonly bytes: string;
  readonly message?: Entry;
  /** What it asks for is done and safe: it was acknowledged. */
  readonly settled?: (() => void) | undefined;
}

/**
 * A client's side of one session: a bound resource from binding to its end, over all resumptions. It counts and keeps
 * what stream management counts and keeps (XEP-0198), by itself.
 */
export class ClientSession {
  readonly name: string;
  readonly account: string;
  readonly jid: string;
  readonly beganAt: number;
  /** When it was connected last: when it began, or was resumed. */
  connectedAt: number;
  /** When the client knew that it is over. */
  endedAt: number | undefined;
  /** It was over before things had settled: what came for it after that found nobody. */
  endedEarly = false;
  managed = false;
  resumptionId: string | undefined;
  /** Stanzas of the server's that were handled. */
  handled = 0;
  /** Stanzas sent since management is on, and how many of them the server has acknowledged. */
  sent = 0;
  acknowledged = 0;
  unacknowledged: Sent[] = [];
  /** Before or without management: what an answer to a later request makes certain. */
  uncertain: (() => void)[] = [];
  /** Before or without management: messages of which nothing is known. */
  unheard: Entry[] = [];
  /** Before or without management: what the server's system has taken for the client, which counts as delivered. */
  taken: readonly string[] = [];
  /** What the server has written for it, a list a connection; some of it may never have come. */
  readonly written: (readonly string[])[] = [];
  /** Acknowledgements that have reached the server, and when: up to which stanza, as it counts. */
  readonly acknowledgedToServer: { readonly h: number; readonly at: number }[] = [];
  /** Its connection ended, or it ended itself, and it was not resumed: from then on the server may know. */
  broken: { readonly at: number; readonly by: "chance" | "server" | "client" } | undefined;
  /** What the client said of itself; undefined while it is not available. */
  priority: number | undefined;
  /** When it last became available. */
  availableSince = Infinity;
  /** When it last said that it is not available any more. */
  leftAt: number | undefined;
  /** When it last began to be one that kept messages come to. */
  #takesKeptSince = Infinity;
  /** Whom the session has sent directed presence since it became available. */
  readonly directedTo = new Set<string>();
  /** Whom it has ever sent directed presence. */
  readonly everDirectedTo = new Set<string>();
  /** Full addresses that are available, as the client sees it. */
  readonly sees = new Set<string>();
  /** Bare addresses that ask to see the account's presence. */
  readonly asked = new Set<string>();
  /** The roster as the client shows it; undefined until it has come. */
  roster: Map<string, string> | undefined;
  rosterVersion: string | undefined;
  /** It showed a roster that it remembered, and is told what has changed since. */
  catchesUp = false;
  /** The block list as the client shows it. */
  blocked: Set<string> | undefined;
  /** Since when it is certain that the session gets copies of what other devices send and receive. */
  copiesSince = Infinity;

  /** Its client reads the archive. */
  reads = false;

  constructor(parts: { readonly name: string; readonly account: string; readonly jid: string; readonly now: number }) {
    this.name = parts.name;
    this.account = parts.account;
    this.jid = parts.jid;
    this.beganAt = this.connectedAt = parts.now;
  }

  /**
   * The server has handled `h` stanzas.
   *
   * @returns what is wrong with that
   */
  acknowledge(h: number, now: number): string | undefined {
    if (h > this.sent) return `${this.name}: the server acknowledges ${h} stanzas and was sent ${this.sent}`;
    if (h < this.acknowledged) return `${this.name}: the server acknowledged ${this.acknowledged} and now ${h}`;
    for (const { message, settled } of this.unacknowledged.splice(0, h - this.acknowledged)) {
      if (message !== undefined) message.acknowledgedAt ??= now;
      settled?.();
    }
    this.acknowledged = h;
    return undefined;
  }

  /** An answer has come to a request: what was sent before it was handled. */
  answered(): void {
    if (!this.managed) for (const settled of this.uncertain.splice(0)) settled();
  }

  /** The server has answered what came behind these messages: it handles what comes on a stream in order (RFC 6120 §10.1). */
  heard(messages: readonly Entry[], now: number): void {
    for (const message of messages) message.handledAt ??= now;
    this.unheard = this.unheard.filter(({ handledAt }) => handledAt === undefined);
  }

  /** The client says that it is available. */
  prefer(priority: number, now: number): void {
    const takesKept = (this.priority ?? -1) >= 0;
    if (this.priority === undefined) this.availableSince = now;
    this.priority = priority;
    if (priority >= 0 && !takesKept) this.#takesKeptSince = now;
  }

  /** Whether the server, as far as the client can know, may hold kept messages back while others come to the full address. */
  maySkipKept(now: number): boolean {
    return (this.priority ?? -1) < 0 || now < this.#takesKeptSince + heardLateMs;
  }

  /** The first reason counts. */
  breakAt(at: number, by: "chance" | "server" | "client"): void {
    this.broken ??= { at, by };
  }

  end(now: number): void {
    this.endedAt ??= now;
  }
}

/** What a client says of itself reaches the server, and what was under way to the client has come. */
const heardLateMs = 5_000;
