import type { XmlElement } from "#protocol/xml/element.ts";
import { assert } from "#protocol/assert.ts";
import type { BareJid, DomainJid } from "#protocol/jid/jid.ts";
import { isEstablished, receive } from "#protocol/stream/receive.ts";
import type { ReceivingConfig } from "#protocol/stream/receiving/config.ts";
import { startReceiving } from "#protocol/stream/receiving/receive.ts";
import type { ReceivingFacts } from "#protocol/stream/receiving/state.ts";
import type { StreamState } from "#protocol/stream/stream-state.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import type { StreamEffect, StreamEvent } from "#protocol/stream/stream-effect.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { StreamInput } from "#protocol/stream/stream-input.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Binder, BindingLink } from "../session/binder.ts";
import type { LocalSession } from "../session/session.ts";
import type { ConnectionFacts } from "../session/session-link.ts";
import type { Connection, ConnectionServices } from "./connection.ts";
import type { LinkLimits } from "./link-limits.ts";
import { LogIn, type LogInQuestion, type LogInServices } from "../log-in/log-in.ts";
import { Silence } from "./silence.ts";
import { StreamDriver, type StreamOwner } from "./stream-driver.ts";
import type { Transport } from "./transport.ts";

/** What links ask of the server around them. */
export interface LinkServices extends ConnectionServices {
  readonly limits: LinkLimits;
  readonly receiving: ReceivingConfig;
  readonly logIns: LogInServices;
  readonly binder: Binder;
  /** Where clients are to come back to (XEP-0198), as an address or name with or without a port. */
  readonly location: string | undefined;
  readonly streamClosed: (condition: string | undefined) => void;
  readonly closed: (link: Link) => void;
}

const machine = { receive, isEstablished };

/** How long a client whose account cannot keep up is not read behind each stanza, in milliseconds. */
const crowdedMs = 20;

/**
 * The end of one client's stream: a connection and the stream machine. It carries out what the machine asks for, and
 * once a resource is bound passes stanzas straight to the session.
 */
export class Link implements BindingLink, StreamOwner<StreamState, StreamEffect> {
  readonly id: string;
  readonly connection: Connection;
  readonly #stream: StreamDriver<StreamState, StreamInput, StreamEffect>;
  readonly #services: LinkServices;
  readonly #silence = new Silence();
  /** What the negotiation has found out so far. */
  #facts: ReceivingFacts;
  /** Until a resource is bound, or a stream resumed. */
  #logIn: LogIn | undefined;
  #session: LocalSession | undefined;

  /** @param authenticated told when somebody has logged in on it */
  constructor(id: string, transport: Transport, services: LinkServices, authenticated?: () => void) {
    this.id = id;
    this.#services = services;
    const begun = startReceiving(services.receiving, transport.channel);
    this.#facts = begun.state.facts;
    this.#stream = new StreamDriver(id, transport, { machine, state: begun.state, owner: this, services });
    this.connection = this.#stream.connection;
    this.#logIn = new LogIn(this.connection, services.logIns, authenticated);
    for (const effect of begun.effects) this.carryOut(effect);
    this.connection.open();
  }

  /** The host of ours that the stream is for, once the peer has named it. */
  get domain(): DomainJid | undefined {
    return this.#facts.host?.domain;
  }

  /** Who is logging in on it, or has logged in and has no session yet. */
  get loggingIn(): BareJid | undefined {
    return this.#logIn?.user;
  }

  get isGuest(): boolean {
    return this.#logIn?.isGuest === true;
  }

  get facts(): ConnectionFacts {
    // For administrators only; no stanza is made of it. [rfc6120-13.10.1-01]
    return { stream: this.id, remoteAddress: this.connection.remoteAddress };
  }

  close(error?: StreamError): void {
    this.#session = undefined;
    this.#stream.close(error);
  }

  /**
   * Asks a peer that has been silent for long whether it is there, and gives it up when it does not answer. White space
   * is an answer like any other (RFC 6120 §4.6.1). Ends a stream whose client has proven itself by a certificate that
   * has expired since.
   */
  checkAlive(now: number): void {
    const { pingAfterMs, pingAnswerMsMax, ackAnswerMsMax } = this.#services.limits;
    // [rfc6120-13.7.2.3-01]
    if (now >= (this.#facts.channel?.certifiedUntil ?? Infinity)) {
      this.#services.log.info({ stream: this.id }, "the client's certificate has expired");
      this.close(new StreamError("reset", { text: "the certificate has expired" }));
      return;
    }
    if (this.#session === undefined) return;
    if (this.connection.isHeld) {
      // What it says is not read at present.
      this.#session.management?.waitLonger(now);
      return;
    }
    if (now - (this.#session.management?.askedAt ?? now) >= ackAnswerMsMax) {
      this.#giveUp("ack-answer");
      return;
    }
    if (pingAfterMs === undefined) return;
    // [rfc6120-4.6.4-01] [xep0198-1-01]
    const what = this.#silence.check(now, this.connection.heardAt, {
      afterMs: pingAfterMs,
      answerMsMax: pingAnswerMsMax,
    });
    if (what === "giveUp") this.#giveUp("ping-answer");
    else if (what === "ask") this.#session.ping();
  }

  #giveUp(limit: "ping-answer" | "ack-answer"): void {
    this.#services.limitHit(limit);
    this.#services.log.info({ stream: this.id }, "the client has not answered for long; its connection counts as cut");
    this.connection.cut();
  }

  /** The session that this connection serves from now on. */
  attach(session: LocalSession): void {
    if (this.connection.gone) session.cut(this);
    else this.#session = session;
  }

  stanzaRead(stanza: XmlElement): void {
    this.connection.countStanza();
    this.#session?.receive(stanza);
    if (this.#session?.account.crowded === true) this.#slowDown();
  }

  /**
   * The client's account cannot keep up, as when the disc is slow: its connection backs up for a moment, so that nothing has
   * to be refused. It goes on one stanza at a time: whoever else it is that the account is busy with cannot silence it.
   */
  #slowDown(): void {
    this.connection.hold();
    this.#services.env.setTimer(crowdedMs, () => this.connection.letGo());
  }

  secured(channel: SecureChannel): void {
    this.#stream.feed({ type: "secured", channel });
  }

  peerTooSlow(bytesQueued: number): void {
    this.#services.log.info({ stream: this.id, bytes: bytesQueued }, "the client reads too slowly");
  }

  connectionLost(): void {
    this.#session?.cut(this);
    this.#session = undefined;
    this.#services.closed(this);
  }

  moved(state: StreamState): void {
    if (state.role === "receiving" && "facts" in state) this.#facts = state.facts;
  }

  carryOut(effect: StreamEffect): void {
    switch (effect.type) {
      case "sendClose":
        return this.#sendClose();
      case "startTls":
        // The domain that the stream is for. [rfc6120-5.4.3.1-05]
        return this.connection.startTls(this.domain);
      case "lookupCredentials":
      case "lookupTokens":
      case "derive":
      case "authorize":
      case "keepCredentials":
      case "issueToken":
        return this.#ask(effect);
      case "earlyRequest":
        return this.#askEarly(effect);
      case "renewCredentials":
        return this.#negotiation.renewCredentials(effect.user, effect.renewal);
      case "bindResource":
        return this.#bind(effect);
      case "enableSm":
        return this.#enableManagement(effect.resume, effect.secondsMax);
      case "resumeSm":
        return this.#services.binder.resume(this, effect, (answer) => this.#stream.feed(answer));
      case "established":
        return this.#establish(effect);
      case "ackRequested":
        return this.#session?.management?.handled.answer();
      case "ackReceived":
        return this.#session?.acknowledged(effect.h);
      case "stanza":
        return this.#session?.receive(effect.element);
      case "nonza":
        return this.#session?.receiveNonza(effect.element);
      case "peerClosed":
        this.#endSession();
        return this.#stream.feed({ type: "close" });
      case "ended":
        return this.#tellEnd(effect.end);
      case "log":
        return this.#tell(effect.event);
      case "smEnabled":
      case "smFailed":
      case "tokenReceived":
        // News for the initiating role only.
        return undefined;
      default:
        return this.#stream.perform(effect);
    }
  }

  /** Nothing is sent after the closing tag, and what the session still owes is decided about now. */
  #sendClose(): void {
    this.connection.writeLast(streamClosingTag);
    this.#endSession();
  }

  #tellEnd(end: StreamEnd): void {
    const condition = end.type === "errorSent" || end.type === "errorReceived" ? end.error.condition : undefined;
    this.#services.streamClosed(condition);
    const fields = { stream: this.id, end: end.type, condition, text: "error" in end ? end.error.text : undefined };
    if (end.type === "errorSent") this.#services.log.info(fields, "stream ended with an error from us");
    else this.#services.log.debug(fields, "stream ended");
  }

  get #negotiation(): LogIn {
    assert(this.#logIn !== undefined, "who has a session does not log in");
    return this.#logIn;
  }

  #ask(question: LogInQuestion): void {
    void this.#negotiation.answer(question, this.domain).then((answer) => this.#stream.feed(answer));
  }

  #askEarly(request: Extract<StreamEffect, { type: "earlyRequest" }>): void {
    this.#negotiation.answerEarly(request, this.domain).then(
      (answer) => this.#stream.feed(answer),
      (error: unknown) => this.connection.breakDown(error),
    );
  }

  #bind({ user, requested, bind2 }: Extract<StreamEffect, { type: "bindResource" }>): void {
    const { language } = this.#facts;
    const wish = { user, resource: requested, language, ...(bind2 === undefined ? {} : { bind2 }) };
    this.#services.binder.bind(this, wish, (answer) => this.#stream.feed(answer));
  }

  #establish({ jid, how }: Extract<StreamEffect, { type: "established" }>): void {
    const { log, binder } = this.#services;
    this.connection.widenLimits();
    this.#logIn = undefined;
    if (how === "resumed") this.#session?.repeat();
    log.debug({ stream: this.id, session: jid }, how === "bound" ? "resource bound" : "stream resumed");
    if (how === "bound") binder.announce(jid);
  }

  #tell(event: StreamEvent): void {
    if (event.name === "authentication-failed") this.#negotiation.failed(event);
    else this.#services.log.debug({ stream: this.id, ...event }, event.name);
  }

  #enableManagement(resume: boolean, secondsMax: number | undefined): void {
    const session = this.#session;
    if (session === undefined) return this.#stream.feed({ type: "smFailed", condition: "unexpected-request" });
    const { id, seconds } = session.enableManagement({ resume, secondsMax });
    if (id === undefined) return this.#stream.feed({ type: "smEnabled" });
    const { location } = this.#services;
    // [xep0198-3-07] [xep0198-5-09]
    const where = location === undefined ? {} : { location };
    return this.#stream.feed({ type: "smEnabled", resumption: { id, secondsMax: seconds, ...where } });
  }

  #endSession(): void {
    const session = this.#session;
    session?.close();
    this.#session = undefined;
  }
}
