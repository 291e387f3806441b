import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND2, NS_SASL2, NS_SM, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { Acknowledging } from "./acknowledging.ts";
import { ClientSession, type Sent } from "./client-session.ts";
import type { ClientPhase } from "./client-phase.ts";
import type { ClientWorld } from "./client-world.ts";
import type { Connection } from "./connection.ts";
import { DeviceTokens } from "./device-tokens.ts";
import type { Draws } from "./draws.ts";
import type { Ledger } from "./ledger.ts";
import type { Scheduled } from "./sim-clock.ts";
import type { ClientPart } from "./steps.ts";
import { askForBlockList, askForRoster, catchUp } from "./look-ups.ts";
import { passwordMessage } from "./password-message.ts";
import { takeStanza } from "./take-stanza.ts";
import { haveTokenStolen } from "./thief.ts";

/** Silence after which a client asks whether the server is there, and after which it gives up. */
const silenceMsMax = 20_000;
const givingUpMs = 32_000;
/** Stanzas that are sent before the client asks for an acknowledgement. */
const askAfterStanzas = 5;
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
  #phase: ClientPhase = "offline";
  /** The server said that it goes down. */
  #shutDown = false;
  #connection: Connection | undefined;
  #reader: XmlStreamReader | undefined;
  /** Asks for an acknowledgement of everything at once. */
  readonly #eager: boolean;
  #requestsMade = 0;
  /** Up to where it has read the archive to its end. */
  readTo: string | undefined;
  /** What it logs in with in one request; undefined where it takes every step by itself. */
  readonly #tokens: DeviceTokens | undefined;
  #taken: string[] = [];
  #written: string[] = [];
  #acknowledging = new Acknowledging();
  /** What came ahead of the answer to binding. */
  readonly #early: XmlElement[] = [];
  #heardAt = 0;
  #asked = false;
  #ackDue: Scheduled | undefined;
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
    this.#eager = parts.part.eager;
    this.#tokens = parts.part.atOnce ? new DeviceTokens(parts.account, parts.draws) : undefined;
    this.name = `${parts.account}/${parts.part.resource}`;
  }

  get online(): boolean {
    return this.#phase === "online";
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Wants to be online from now on, whatever happens. */
  logIn(): void {
    this.wanted = true;
    if (this.#phase === "offline") this.#connect();
  }

  /** Closes its stream in peace. */
  logOut(): void {
    this.wanted = false;
    if (this.#phase !== "online") {
      this.#drop();
      return;
    }
    this.#phase = "closing";
    this.session?.breakAt(this.world.clock.now, "client");
    this.#endSession();
    this.#write("</stream:stream>");
    const connection = this.#connection;
    this.world.clock.after(8_000, () => {
      if (this.#connection !== connection || this.#phase !== "closing") return;
      this.#drop();
      // It may want to be back by now, and nothing else calls it.
      if (this.wanted) this.#connect();
    });
  }

  /** The connection breaks, and the client does not come back. */
  vanish(): void {
    this.wanted = false;
    this.#connection?.cut({
      serverNoticesMs: this.draws.chance(0.7) ? this.draws.below(500) : undefined,
      clientNoticesMs: 0,
    });
  }

  /** Does something as soon as there is a session. */
  whenOnline(act: (session: ClientSession) => void): void {
    if (this.#phase === "online" && this.session !== undefined) act(this.session);
    else if (this.wanted && this.#waiting.length < waitingMax) this.#waiting.push(act);
  }

  /** Sends a stanza, counts it, and keeps it until it is acknowledged. */
  sendStanza(bytes: string, kept: Omit<Sent, "bytes"> = {}): void {
    const { session } = this;
    if (session === undefined) return;
    this.world.stanzaSent();
    if (session.managed) {
      session.sent += 1;
      session.unacknowledged.push({ bytes, ...kept });
      if (this.#eager || session.unacknowledged.length % askAfterStanzas === 0)
        this.#write(`${bytes}<r xmlns='${NS_SM}'/>`);
      else {
        this.#write(bytes);
        this.#askLater();
      }
      return;
    }
    if (kept.settled !== undefined) session.uncertain.push(kept.settled);
    this.#write(bytes);
  }

  /** Sends a request; the answer is told unless the session ends before. */
  request(type: "get" | "set", to: string | undefined, payload: string, answered: (answer: XmlElement) => void): void {
    this.#requestsMade += 1;
    const id = `q${this.#requestsMade}`;
    this.requests.set(id, answered);
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

  #connect(): void {
    const { clock, trace } = this.world;
    trace.note(clock.now, `${this.name} connects`);
    // A connection that was given up may still have something to say; it is not listened to.
    const ifCurrent =
      <Args extends readonly unknown[]>(run: (...args: Args) => void) =>
      (...args: Args): void => {
        if (connection === this.#connection) run(...args);
      };
    // Until management is on, what the server's system takes counts as delivered.
    const taken: string[] = [];
    const written: string[] = [];
    const acknowledging = new Acknowledging();
    const connection = this.world.connect({
      data: ifCurrent(this.#data),
      gone: ifCurrent(this.#gone),
      written: (bytes) => void written.push(bytes),
      arrived: (bytes) => acknowledging.arrived(bytes, clock.now),
      broke: ifCurrent((by) => this.session?.breakAt(clock.now, by)),
      taken: (bytes) => {
        if (this.#taken !== taken || this.session?.managed !== true) taken.push(bytes);
      },
    });
    this.#taken = taken;
    this.#written = written;
    this.#acknowledging = acknowledging;
    if (connection === undefined) {
      clock.after(this.draws.between(300, 3_000), () => {
        if (this.wanted && this.#phase === "offline") this.#connect();
      });
      this.#phase = "offline";
      return;
    }
    this.#connection = connection;
    this.#heardAt = clock.now;
    this.#watch(connection);
    this.#open("opening");
  }

  #open(phase: ClientPhase): void {
    this.#phase = phase;
    this.#shutDown = false;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: () => undefined,
        elementRead: (element) => this.#take(element),
        streamClosed: () => this.#closedByServer(),
        failed: (fault) => this.violation(`${this.name} was sent what is no stream: ${fault.text}`),
      },
      { input: "bytes", decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8") },
    );
    const domain = this.account.slice(this.account.indexOf("@") + 1);
    this.#write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
    );
  }

  readonly #data = (bytes: string): void => {
    this.world.trace.note(this.world.clock.now, `${this.name} < ${bytes}`);
    this.#heardAt = this.world.clock.now;
    this.#reader?.write(bytes);
  };

  readonly #gone = (): void => {
    this.world.trace.note(this.world.clock.now, `${this.name} is cut`);
    this.#forget();
    if (!this.wanted) return;
    const away = this.draws.chance(0.2) ? this.draws.between(5_000, 60_000) : this.draws.between(50, 4_000);
    this.world.clock.after(away, () => {
      if (this.wanted && this.#phase === "offline") this.#connect();
    });
  };

  /** The connection is no more. A session with a way back waits for it. */
  #forget(): void {
    this.#connection = undefined;
    this.#phase = "offline";
    this.#ackDue?.cancel();
    this.#ackDue = undefined;
    this.#asked = false;
    if (this.session !== undefined && (this.session.resumptionId === undefined || !this.wanted)) this.#endSession();
  }

  #drop(): void {
    this.session?.breakAt(this.world.clock.now, "chance");
    this.#connection?.close();
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
    if (this.#phase !== "closing") {
      this.#write("</stream:stream>");
      // The stream was ended and not cut: there is nothing to resume, unless the server goes down and means to be back.
      if (!this.#shutDown) this.#endSession();
    }
    this.#drop();
    if (this.wanted)
      this.world.clock.after(this.draws.between(200, 3_000), () => {
        if (this.wanted && this.#phase === "offline") this.#connect();
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
    switch (this.#phase) {
      case "opening":
        if (this.#tokens !== undefined) {
          this.#authenticateAtOnce(this.#tokens);
          return;
        }
        this.#phase = "authenticating";
        this.#write(
          `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${passwordMessage(this.account)}</auth>`,
        );
        return;
      case "authenticating-at-once":
        this.#letIn(element);
        return;
      case "authenticating":
        if (element.name === "success") this.#open("opening-again");
        else this.#giveUp(`log-in failed with ${element.elements()[0]?.name}`);
        return;
      case "opening-again":
        this.#resumeOrBind();
        return;
      case "resuming":
        if (!this.#resumed(element)) this.#bind();
        return;
      case "binding":
        this.#bound(element);
        return;
      case "enabling":
        this.#enabled(element);
        return;
      case "closing":
      case "offline":
        return;
      default:
        this.#online(element);
    }
  }

  /** The server cannot at present, as with a disc that fails: once more, later. */
  #giveUp(why: string): void {
    this.world.trace.note(this.world.clock.now, `${this.name}: ${why}`);
    const connection = this.#connection;
    this.session?.breakAt(this.world.clock.now, "chance");
    this.#connection = undefined;
    connection?.close();
    this.#gone();
  }

  /** One request that says all (XEP-0388, XEP-0386, XEP-0198 §9). */
  #authenticateAtOnce(tokens: DeviceTokens): void {
    this.#phase = "authenticating-at-once";
    const { session, part } = this;
    const features = [
      part.managed ? `<enable xmlns='${NS_SM}' resume='true'/>` : "",
      part.copies ? "<enable xmlns='urn:xmpp:carbons:2'/>" : "",
    ];
    const bind = `<bind xmlns='${NS_BIND2}'><tag>${part.resource}</tag>${features.join("")}</bind>`;
    if (session?.resumptionId === undefined) this.#write(tokens.authenticate(bind));
    else {
      session.written.push(this.#written);
      this.#writeCount(session, tokens.authenticate(`${resumeElement(session)}${bind}`));
    }
  }

  /** Everything is answered, or nothing. */
  #letIn(answer: XmlElement): void {
    const tokens = this.#tokens;
    if (answer.ns !== NS_SASL2 || tokens === undefined) {
      this.violation(`${this.name} was sent ${answer.name} ahead of being let in`);
      return;
    }
    const condition = answer.elements()[0]?.name;
    const wrong =
      answer.name === "success" ? tokens.succeeded(answer, this.world.discFailed()) : tokens.failed(condition);
    if (wrong !== undefined) this.violation(`${this.name}: ${wrong}`);
    if (answer.name !== "success") {
      this.#giveUp(`log-in failed with ${condition}`);
      return;
    }
    haveTokenStolen(this, tokens);
    const resumed = answer.child(NS_SM, "resumed") ?? answer.child(NS_SM, "failed");
    if (resumed !== undefined && this.#resumed(resumed)) return;
    const bound = answer.child(NS_BIND2, "bound");
    const jid = answer.child(NS_SASL2, "authorization-identifier")?.text;
    if (bound === undefined || jid === undefined) {
      this.#giveUp("binding failed");
      return;
    }
    const session = this.#newSession(jid);
    if (this.part.copies) session.copiesSince = this.world.clock.now;
    const enabled = bound.child(NS_SM, "enabled");
    session.managed = enabled !== undefined;
    session.resumptionId = enabled?.attr("id");
    if (this.part.managed && enabled === undefined) this.violation(`${this.name}: management was not switched on`);
    this.#begin(session);
  }

  #resumeOrBind(): void {
    const { session } = this;
    if (session?.resumptionId === undefined) return this.#bind();
    this.#phase = "resuming";
    session.written.push(this.#written);
    return this.#writeCount(session, resumeElement(session));
  }

  #bind(): void {
    this.#phase = "binding";
    this.#early.length = 0;
    this.#write(
      `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${this.part.resource}</resource></bind></iq>`,
    );
  }

  /** False when there is nothing to go on with. */
  #resumed(element: XmlElement): boolean {
    const { session, world } = this;
    if (session === undefined) return true;
    const h = element.attr("h");
    if (h !== undefined) this.#acknowledged(session, Number(h));
    if (element.name === "resumed") {
      this.#phase = "online";
      session.broken = undefined;
      for (const { bytes } of session.unacknowledged) this.#write(bytes);
      if (session.unacknowledged.length > 0) this.#askNow();
      this.#actWaiting(session);
      return true;
    }
    world.trace.note(world.clock.now, `${this.name} cannot resume`);
    if (world.mustResume(session)) {
      const awayMs = world.clock.now - (session.broken?.at ?? 0);
      this.violation(`${session.name} cannot be resumed, ${awayMs} ms after its stream was cut`);
    }
    // What may be lost is said again, as a new message.
    const again = session.unacknowledged.flatMap(({ message }) => message ?? []).slice(0, waitingMax);
    this.#endSession();
    for (const { to, account, kind } of again)
      this.#waiting.push((next) => this.sendMessage(next, { to, account, kind }));
    return false;
  }

  /** Sends a message that the ledger knows of. */
  sendMessage(
    session: ClientSession,
    parts: { readonly to: string; readonly account: string; readonly kind: Parameters<Ledger["send"]>[0]["kind"] },
  ): void {
    const { to, kind } = parts;
    const entry = this.world.ledger.send({ from: session, ...parts, now: this.world.clock.now });
    const type = kind === "headline" || kind === "normal" ? kind : "chat";
    const payload =
      kind === "state" ? "<composing xmlns='http://jabber.org/protocol/chatstates'/>" : `<body>${entry.id}</body>`;
    this.sendStanza(`<message to='${to}' type='${type}' id='${entry.id}'>${payload}</message>`, { message: entry });
  }

  #bound(element: XmlElement): void {
    if (element.name !== "iq" || element.attr("id") !== "bind") {
      // Others know the address as soon as the server does.
      this.#early.push(element);
      return;
    }
    const jid = element.elements()[0]?.elements()[0]?.text;
    if (element.attr("type") !== "result" || jid === undefined) return this.#giveUp("binding failed");
    const session = this.#newSession(jid);
    for (const stanza of this.#early.splice(0)) takeStanza(this, session, stanza);
    if (!this.part.managed) return this.#begin(session);
    this.#phase = "enabling";
    return this.#write(`<enable xmlns='${NS_SM}' resume='true'/>`);
  }

  #newSession(jid: string): ClientSession {
    const session = new ClientSession({
      name: `${this.name}#${this.sessions.length + 1}`,
      account: this.account,
      jid,
      now: this.world.clock.now,
    });
    session.taken = this.#taken;
    session.written.push(this.#written);
    session.reads = this.part.reads !== "never";
    this.session = session;
    this.sessions.push(session);
    this.world.began(session);
    return session;
  }

  #enabled(element: XmlElement): void {
    const { session } = this;
    if (session === undefined) return;
    if (element.name === "enabled") {
      session.managed = true;
      session.resumptionId = element.attr("id");
      this.#begin(session);
    } else if (element.ns !== NS_SM) takeStanza(this, session, element);
    else this.violation(`${this.name}: management was refused: ${element.name}`);
  }

  #begin(session: ClientSession): void {
    this.#phase = "online";
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

  #actWaiting(session: ClientSession): void {
    for (const act of this.#waiting.splice(0)) act(session);
  }

  #online(element: XmlElement): void {
    const { session } = this;
    // Of a stream that one is logged in to.
    if (session === undefined || element.ns === NS_STREAM) return;
    if (element.ns === NS_SM) {
      if (element.name === "r") this.#acknowledgeSoon(session);
      else if (element.name === "a") {
        this.#asked = false;
        this.#acknowledged(session, Number(element.attr("h")));
        if (session.unacknowledged.length > 0) this.#askLater();
      }
      return;
    }
    session.handled += 1;
    takeStanza(this, session, element);
  }

  #acknowledged(session: ClientSession, h: number): void {
    const wrong = session.acknowledge(h, this.world.clock.now);
    if (wrong !== undefined) this.violation(wrong);
  }

  /** Answers with what it has by then. */
  #acknowledgeSoon(session: ClientSession): void {
    if (!this.acks || this.#ackDue !== undefined) return;
    this.#ackDue = this.world.clock.after(this.draws.chance(0.8) ? 0 : this.draws.below(3_000), () => {
      this.#ackDue = undefined;
      if (this.session === session && this.#phase === "online")
        this.#writeCount(session, `<a xmlns='${NS_SM}' h='${session.handled}'/>`);
    });
  }

  #askLater(): void {
    if (this.#asked) return;
    const { session } = this;
    this.#asked = true;
    this.world.clock.after(2_000, () => {
      if (this.session === session && this.#phase === "online" && this.#asked) this.#askNow();
    });
  }

  #askNow(): void {
    this.#asked = true;
    this.#write(`<r xmlns='${NS_SM}'/>`);
  }

  /** Nothing heard for long: a question, and then the connection is given up. */
  #watch(connection: Connection): void {
    this.world.clock.after(silenceMsMax / 2, () => {
      if (this.#connection !== connection) return;
      const silentMs = this.world.clock.now - this.#heardAt;
      if (silentMs >= givingUpMs) {
        connection.cut({ serverNoticesMs: undefined, clientNoticesMs: undefined });
        this.#connection = undefined;
        this.#gone();
        return;
      }
      if (silentMs >= silenceMsMax && this.#phase === "online") {
        if (this.session?.managed === true) this.#askNow();
        else this.request("get", undefined, "<ping xmlns='urn:xmpp:ping'/>", () => undefined);
      }
      this.#watch(connection);
    });
  }

  /** Writes how much of a session's the client has handled. */
  #writeCount(session: ClientSession, bytes: string): void {
    this.#write(bytes);
    this.#acknowledging.wrote(session);
  }

  #write(bytes: string): void {
    this.world.trace.note(this.world.clock.now, `${this.name} > ${bytes}`);
    this.#acknowledging.bytesWritten += bytes.length;
    this.#connection?.send(bytes);
  }
}

/** What waits for a client to come online. */
const waitingMax = 200;

/** Conditions with which a server may end a stream of a client that did nothing wrong. */
const expectedEnds = new Set(["conflict", "system-shutdown", "connection-timeout", "policy-violation"]);

function resumeElement({ handled, resumptionId }: ClientSession): string {
  return `<resume xmlns='${NS_SM}' h='${handled}' previd='${resumptionId}'/>`;
}
