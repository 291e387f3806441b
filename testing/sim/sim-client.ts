import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { ClientLogIn } from "./client-log-in.ts";
import { ClientManagement } from "./client-management.ts";
import { ClientSession, type Sent } from "./client-session.ts";
import { ClientStream } from "./client-stream.ts";
import type { ClientPhase } from "./client-phase.ts";
import type { ClientWorld } from "./client-world.ts";
import type { Connection } from "./connection.ts";
import type { Draws } from "./draws.ts";
import type { MessageKind } from "./ledger.ts";
import type { ClientPart } from "./steps.ts";
import { askForBlockList, askForRoster, catchUp } from "./look-ups.ts";
import { caughtUpMs } from "./roster-history.ts";
import { takeStanza } from "./take-stanza.ts";

/** A client that speaks the protocol by itself: it logs in, counts, resumes, repeats, and remembers what it was told. */
export class SimClient {
  readonly name: string;
  readonly account: string;
  readonly part: ClientPart;
  readonly world: ClientWorld;
  readonly draws: Draws;
  session: ClientSession | undefined;
  /** Every session that it has had. */
  readonly sessions: ClientSession[] = [];
  wanted = false;
  acks = true;
  /** The roster of its last session with its version, if it keeps it. */
  rosterKept: { readonly version: string; readonly items: ReadonlyMap<string, string> } | undefined;
  /** What it says of itself when it logs in. */
  priority = 0;
  /** Called with each answer to a request of its own. */
  readonly requests = new Map<string, (answer: XmlElement) => void>();
  phase: ClientPhase = "offline";
  readonly management = new ClientManagement(this);
  readonly #logIn: ClientLogIn;
  /** The server said that it goes down. */
  #shutDown = false;
  readonly #stream: ClientStream;
  #requestsMade = 0;
  /** Up to where it has read the archive to its end. */
  readTo: string | undefined;
  readonly #waiting: ((session: ClientSession) => void)[] = [];

  constructor(parts: {
    readonly account: string;
    readonly part: ClientPart;
    readonly world: ClientWorld;
    readonly draws: Draws;
  }) {
    this.account = parts.account;
    this.part = parts.part;
    this.world = parts.world;
    this.draws = parts.draws;
    this.name = `${parts.account}/${parts.part.resource}`;
    this.#logIn = new ClientLogIn(this);
    this.#stream = new ClientStream(this, {
      element: (element) => this.#take(element),
      closed: () => this.#closedByServer(),
      gone: () => this.#gone(),
    });
  }

  get online(): boolean {
    return this.phase === "online";
  }

  get connection(): Connection | undefined {
    return this.#stream.connection;
  }

  /** What the server has written on its connection. */
  get written(): readonly string[] {
    return this.#stream.written;
  }

  /** Wants to be online from now on, whatever happens. */
  logIn(): void {
    this.wanted = true;
    if (this.phase === "offline") this.#connect();
  }

  /** Closes its stream in peace. */
  logOut(): void {
    this.wanted = false;
    if (this.phase !== "online") {
      this.#drop();
      return;
    }
    this.phase = "closing";
    this.session?.breakAt(this.world.clock.now, "client");
    this.#endSession();
    this.write("</stream:stream>");
    const connection = this.connection;
    this.world.clock.after(8_000, () => {
      if (this.connection !== connection || this.phase !== "closing") return;
      this.#drop();
      // It may want to be back by now, and nothing else calls it.
      if (this.wanted) this.#connect();
    });
  }

  /** The connection breaks, and the client does not come back. */
  vanish(): void {
    this.wanted = false;
    this.connection?.cut({
      serverNoticesMs: this.draws.chance(0.7) ? this.draws.below(500) : undefined,
      clientNoticesMs: 0,
    });
  }

  /** Does something as soon as there is a session. */
  whenOnline(act: (session: ClientSession) => void): void {
    if (this.phase === "online" && this.session !== undefined) act(this.session);
    else if (this.wanted && this.#waiting.length < waitingMax) this.#waiting.push(act);
  }

  /** Sends a stanza, counts it, and keeps it until it is acknowledged. */
  sendStanza(bytes: string, kept: Omit<Sent, "bytes"> = {}): void {
    const { session } = this;
    if (session === undefined) return;
    this.world.stanzaSent();
    if (session.managed) {
      this.management.send(session, bytes, kept);
      return;
    }
    if (kept.settled !== undefined) session.uncertain.push(kept.settled);
    if (kept.message !== undefined) session.unheard.push(kept.message);
    this.write(bytes);
  }

  /** Sends a request; the answer is told unless the session ends before. */
  request(type: "get" | "set", to: string | undefined, payload: string, answered: (answer: XmlElement) => void): void {
    this.#requestsMade += 1;
    const id = `q${this.#requestsMade}`;
    const { session } = this;
    const ahead = [...(session?.unheard ?? [])];
    this.requests.set(id, (answer) => {
      if (session !== undefined && to === undefined) session.heard(ahead, this.world.clock.now);
      answered(answer);
    });
    const address = to === undefined ? "" : ` to='${to}'`;
    this.sendStanza(`<iq type='${type}' id='${id}'${address}>${payload}</iq>`);
  }

  sendPresence(): void {
    const { session } = this;
    if (session === undefined) return;
    if (session.priority === undefined) session.sees.clear();
    session.prefer(this.priority, this.world.clock.now);
    this.sendStanza(`<presence><priority>${this.priority}</priority></presence>`);
  }

  /** Somebody looks at it again: it is available, and has read what it can read. */
  comeBack(): void {
    const { session } = this;
    if (!this.online || session === undefined) return;
    if (this.part.reads === "never") this.sendPresence();
    else catchUp(this, session, this.readTo, () => this.sendPresence());
  }

  /** Something that no client should see. */
  violation(text: string): void {
    this.world.ledger.violations.push(text);
  }

  /** What came change by change is looked at when there are no more. */
  showsRoster(session: ClientSession): void {
    const { clock, rosters } = this.world;
    const check = (): void => {
      const wrong = rosters.show(session);
      if (wrong !== undefined) this.violation(wrong);
    };
    if (!session.catchesUp) return check();
    const { rosterVersion } = session;
    clock.after(caughtUpMs, () => {
      if (this.online && this.session === session && session.rosterVersion === rosterVersion) check();
    });
    return undefined;
  }

  #connect(): void {
    if (this.#stream.connect()) return this.open("opening");
    this.phase = "offline";
    this.world.clock.after(this.draws.between(300, 3_000), () => {
      if (this.wanted && this.phase === "offline") this.#connect();
    });
    return undefined;
  }

  /** Begins a stream on the connection that there is. */
  open(phase: ClientPhase): void {
    this.phase = phase;
    this.#shutDown = false;
    this.#stream.open();
  }

  #gone(): void {
    this.world.trace.note(this.world.clock.now, `${this.name} is cut`);
    this.#forget();
    if (!this.wanted) return;
    const away = this.draws.chance(0.2) ? this.draws.between(5_000, 60_000) : this.draws.between(50, 4_000);
    this.world.clock.after(away, () => {
      if (this.wanted && this.phase === "offline") this.#connect();
    });
  }

  /** The connection is no more. A session with a way back waits for it. */
  #forget(): void {
    this.#stream.leave();
    this.phase = "offline";
    this.management.forget();
    if (this.session !== undefined && (this.session.resumptionId === undefined || !this.wanted)) this.#endSession();
  }

  #drop(): void {
    this.session?.breakAt(this.world.clock.now, "chance");
    this.connection?.close();
    this.#forget();
  }

  #endSession(): void {
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    // Until then an answer may come on a resumed stream.
    this.requests.clear();
    session.end(this.world.clock.now);
    if (this.part.versioned && session.roster !== undefined && session.rosterVersion !== undefined)
      this.rosterKept = { version: session.rosterVersion, items: new Map(session.roster) };
  }

  #closedByServer(): void {
    if (this.phase !== "closing") {
      this.write("</stream:stream>");
      // The stream was ended and not cut: there is nothing to resume, unless the server goes down and means to be back.
      if (!this.#shutDown) this.#endSession();
    }
    this.#drop();
    if (this.wanted)
      this.world.clock.after(this.draws.between(200, 3_000), () => {
        if (this.wanted && this.phase === "offline") this.#connect();
      });
  }

  #take(element: XmlElement): void {
    if (element.ns === NS_STREAM && element.name === "error") {
      const condition = element.elements()[0]?.name;
      this.#shutDown = condition === "system-shutdown";
      if (condition !== undefined && !expectedEnds.has(condition))
        this.violation(`${this.name}: the server ended the stream with ${condition}: ${element.text}`);
      return;
    }
    if (!this.#logIn.take(element) && this.online) this.#takeOnline(element);
  }

  /** The server cannot at present, as with a disc that fails: once more, later. */
  giveUp(why: string): void {
    this.world.trace.note(this.world.clock.now, `${this.name}: ${why}`);
    this.session?.breakAt(this.world.clock.now, "chance");
    this.#stream.leave()?.close();
    this.#gone();
  }

  /** Sends a message that the ledger knows of. */
  sendMessage(
    session: ClientSession,
    parts: {
      readonly to: string;
      readonly account: string;
      readonly kind: MessageKind;
      /** How much longer than need be it is. */
      readonly chars?: number | undefined;
    },
  ): void {
    const { to, account, kind, chars = 0 } = parts;
    const entry = this.world.ledger.send({ from: session, to, account, kind, chars, now: this.world.clock.now });
    const type = kind === "headline" || kind === "normal" ? kind : "chat";
    const payload =
      kind === "state"
        ? "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
        : `<body>${entry.id}${" and so on".repeat(chars / 10)}</body>`;
    this.sendStanza(`<message to='${to}' type='${type}' id='${entry.id}'>${payload}</message>`, { message: entry });
  }

  /** A resource was bound. */
  newSession(jid: string): ClientSession {
    const session = new ClientSession({
      name: `${this.name}#${this.sessions.length + 1}`,
      account: this.account,
      jid,
      now: this.world.clock.now,
    });
    session.taken = this.#stream.taken;
    session.written.push(this.written);
    session.reads = this.part.reads !== "never";
    this.session = session;
    this.sessions.push(session);
    this.world.began(session);
    return session;
  }

  /** A session begins, with all that it asks for first. */
  begin(session: ClientSession): void {
    this.phase = "online";
    askForRoster(this);
    askForBlockList(this, session);
    if (this.part.copies && session.copiesSince === Infinity)
      this.request("set", undefined, "<enable xmlns='urn:xmpp:carbons:2'/>", (answer) => {
        if (answer.attr("type") === "result") session.copiesSince = this.world.clock.now;
      });
    const { reads } = this.part;
    if (reads === "first") catchUp(this, session, this.readTo, () => this.sendPresence());
    else this.sendPresence();
    if (reads === "later") catchUp(this, session, this.readTo, () => undefined);
    this.#actWaiting(session);
  }

  /** Its session was resumed. */
  goOn(session: ClientSession): void {
    this.phase = "online";
    session.broken = undefined;
    session.connectedAt = this.world.clock.now;
    for (const { bytes } of session.unacknowledged) this.write(bytes);
    if (session.unacknowledged.length > 0) this.management.askNow();
    this.#actWaiting(session);
  }

  /** Its session cannot be resumed: what may be lost is said again in the next one, as new messages. */
  sayAgain(session: ClientSession): void {
    const again = session.unacknowledged.flatMap(({ message }) => message ?? []).slice(0, waitingMax);
    this.#endSession();
    for (const { to, account, kind } of again)
      this.#waiting.push((next) => this.sendMessage(next, { to, account, kind }));
  }

  #actWaiting(session: ClientSession): void {
    for (const act of this.#waiting.splice(0)) act(session);
  }

  #takeOnline(element: XmlElement): void {
    const { session } = this;
    // Of a stream that one is logged in to.
    if (session === undefined || element.ns === NS_STREAM) return;
    if (element.ns === NS_SM) {
      this.management.take(session, element);
      return;
    }
    session.handled += 1;
    takeStanza(this, session, element);
  }

  write(bytes: string): void {
    this.#stream.write(bytes);
  }

  /** Writes how much of a session's it has handled. */
  writeCount(session: ClientSession, bytes: string): void {
    this.#stream.writeCount(session, bytes);
  }
}

/** What waits for a client to come online. */
const waitingMax = 200;

/** Conditions with which a server may end a stream of a client that did nothing wrong. */
const expectedEnds = new Set(["conflict", "system-shutdown", "connection-timeout", "policy-violation"]);
