import type { XmlFault } from "#protocol/xml/fault.ts";
import { type StreamContext, type XmlStreamHandler, XmlStreamReader } from "#protocol/xml/read.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import { unreachable } from "#protocol/assert.ts";
import type { BareJid } from "#protocol/jid/jid.ts";
import { isEstablished, receive } from "#protocol/stream/receive.ts";
import { startReceiving } from "#protocol/stream/receiving/receive.ts";
import type { ReceivingFacts } from "#protocol/stream/receiving/state.ts";
import type { StreamState } from "#protocol/stream/stream-state.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import type { StreamEffect } from "#protocol/stream/stream-effect.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { formatStreamHeader, streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { StreamInput, StreamTimer } from "#protocol/stream/stream-input.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import { DerivationRefused, type Timer } from "#kit/env.ts";
import type { LocalSession } from "../session/session.ts";
import type { ConnectionFacts, SessionLink } from "../session/session-link.ts";
import { isOutage } from "../store-log.ts";
import type { LinkServices, TokenWish } from "./link-services.ts";
import type { SharedRates } from "./address-rates.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/**
 * The end of one client connection: socket, reader and stream machine. It carries out what the machine asks for, and
 * once a resource is bound passes stanzas straight to the session.
 */
export class Link implements SessionLink, XmlStreamHandler, TransportHandler {
  readonly id: string;
  readonly #transport: Transport;
  readonly #services: LinkServices;
  readonly #reader: XmlStreamReader;
  readonly #timers: Record<StreamTimer, Timer | undefined> = { negotiation: undefined, closing: undefined };
  readonly #own: SharedRates;
  readonly #shared: SharedRates;
  /** When the peer sent something last, in milliseconds since the epoch. */
  #heardAt: number;
  /** When it was asked whether it is there; undefined when it need not be. */
  #pingedAt: number | undefined;
  #state: StreamState;
  /** What the negotiation has found out so far. */
  #facts: ReceivingFacts;
  #session: LocalSession | undefined;
  #established = false;
  #out = "";
  #flushing = false;
  #waiters: ((taken: boolean) => void)[] = [];
  /** Nothing reaches the peer any more. */
  #unreachable = false;
  /** That has been dealt with. */
  #gone = false;
  /** Our closing tag is sent. */
  #closed = false;
  /** Both sides have closed; what still comes is nobody's. Runs out when the peer must have had all. */
  #lingering: Timer | undefined;
  /** Reasons not to read on: the machine waits for an answer, or the client sends too fast. */
  #held = 0;

  constructor(id: string, transport: Transport, services: LinkServices) {
    this.id = id;
    this.#transport = transport;
    this.#services = services;
    const begun = startReceiving(services.receiving, transport.channel);
    this.#state = begun.state;
    this.#facts = begun.state.facts;
    const { env, limits } = services;
    this.#reader = new XmlStreamReader(this, {
      limits: limits.xmlBeforeAuthentication,
      trees: services.treeReaders,
    });
    this.#heardAt = env.now();
    this.#own = {
      bytes: limits.bytesRate && new TokenBucket(limits.bytesRate, this.#heardAt),
      stanzas: limits.stanzasRate && new TokenBucket(limits.stanzasRate, this.#heardAt),
    };
    this.#shared = services.addressRates.enter(transport.remoteAddress, this.#heardAt);
    services.log.debug({ stream: id, peer: transport.remoteAddress }, "connection opened");
    for (const effect of begun.effects) this.#carryOut(effect);
    transport.open(this);
  }

  /** The connection is over. */
  get gone(): boolean {
    return this.#gone;
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }

  get facts(): ConnectionFacts {
    // For administrators only; no stanza is made of it. [rfc6120-13.10.1-01]
    return { stream: this.id, remoteAddress: this.#transport.remoteAddress };
  }

  write(bytes: string): void {
    if (this.#gone || this.#closed) return;
    this.#out += bytes;
    if (this.#flushing) return;
    this.#flushing = true;
    this.#services.env.defer(this.#flush);
  }

  whenTaken(run: (taken: boolean) => void): void {
    if (this.#gone) run(false);
    else this.#waiters.push(run);
  }

  close(error?: StreamError): void {
    this.#session = undefined;
    this.#feed(error === undefined ? { type: "close" } : { type: "close", error });
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
    if (this.#held > 0) {
      // What it says is not read at present.
      this.#session.waitLonger(now);
      return;
    }
    if (now - (this.#session.askedAt ?? now) >= ackAnswerMsMax) {
      this.#giveUp("ack-answer");
      return;
    }
    if (pingAfterMs === undefined) return;
    if (this.#pingedAt !== undefined) {
      if (now - this.#pingedAt >= pingAnswerMsMax) this.#giveUp("ping-answer");
      // [rfc6120-4.6.4-01] [xep0198-1-01]
    } else if (now - this.#heardAt >= pingAfterMs) {
      this.#pingedAt = now;
      this.#session.ping();
    }
  }

  #giveUp(limit: "ping-answer" | "ack-answer"): void {
    this.#services.limitHit(limit);
    this.#services.log.info({ stream: this.id }, "the client has not answered for long; its connection counts as cut");
    this.#transport.destroy();
    this.lost(undefined);
  }

  /** Cuts the connection, without a word. */
  destroy(): void {
    this.#transport.destroy();
  }

  /** The session that this connection serves from now on. */
  attach(session: LocalSession): void {
    if (this.#gone) session.cut(this);
    else this.#session = session;
  }

  streamOpened(header: XmlElement, context: StreamContext): void {
    this.#feed({ type: "opened", header, context });
  }

  /** The path of every stanza of an established stream goes past the machine. */
  elementRead(element: XmlElement): void {
    if (!this.#established || !isStanza(element)) {
      this.#feed({ type: "element", element });
      return;
    }
    this.#services.tally.stanzasReceived += 1;
    this.#draw("stanzas", 1, this.#heardAt);
    this.#session?.receive(element);
  }

  streamClosed(): void {
    this.#feed({ type: "closed" });
  }

  failed(fault: XmlFault): void {
    if (fault.condition === "policy-violation") this.#services.limitHit("stanza-size");
    // What was read so far is not repeated. [rfc6120-8.3.1-09] [rfc6120-13.12-11]
    this.#feed({ type: "fault", fault });
  }

  data(bytes: string): void {
    if (this.#lingering !== undefined) return;
    const now = this.#services.env.now();
    this.#heardAt = now;
    this.#pingedAt = undefined;
    this.#services.tally.bytesReceived += bytes.length;
    this.#draw("bytes", bytes.length, now);
    try {
      this.#reader.write(bytes);
    } catch (error) {
      this.#breakDown(error);
    }
  }

  /** A bug came to light on this stream: it ends, and every other goes on. */
  #breakDown(error: unknown): void {
    if (this.#gone) return;
    this.#services.log.error({ stream: this.id, error }, "a stream broke down; this is a bug");
    this.#transport.destroy();
    this.lost(error);
  }

  secured(channel: SecureChannel): void {
    this.#feed({ type: "secured", channel });
  }

  /** Takes from the connection's own bucket and from its address's. */
  #draw(what: keyof SharedRates, units: number, now: number): void {
    const own = this.#own[what]?.take(units, now) ?? 0;
    const shared = this.#shared[what]?.take(units, now) ?? 0;
    if (own > 0 || shared > 0) this.#slowDown(Math.max(own, shared), what);
  }

  /** Reads no further for a while; the peer's own connection backs up and nothing is lost. */
  #slowDown(waitMs: number, what: "bytes" | "stanzas"): void {
    this.#services.limitHit(what === "bytes" ? "rate-bytes" : "rate-stanzas");
    this.#hold();
    this.#services.env.setTimer(waitMs, () => this.#letGo());
  }

  #hold(): void {
    this.#held += 1;
    if (this.#held > 1) return;
    this.#reader.pause();
    this.#transport.pause();
  }

  #letGo(): void {
    this.#held -= 1;
    if (this.#held > 0 || this.#gone) return;
    this.#transport.resume();
    try {
      this.#reader.resume();
    } catch (error) {
      this.#breakDown(error);
    }
  }

  #feed(input: StreamInput): void {
    if (this.#gone) return;
    const step = receive(this.#state, input);
    this.#state = step.state;
    this.#established = isEstablished(step.state);
    if (step.state.role === "receiving" && "facts" in step.state) this.#facts = step.state.facts;
    try {
      for (const effect of step.effects) this.#carryOut(effect);
    } catch (error) {
      this.#breakDown(error);
    }
  }

  #carryOut(effect: StreamEffect): void {
    switch (effect.type) {
      case "sendHeader":
        return this.write(formatStreamHeader(effect.header));
      case "send":
        return this.write(serializeBytes(effect.element));
      case "sendClose":
        return this.#sendClose();
      case "startTls":
        this.#flush();
        // The domain that the stream is for. [rfc6120-5.4.3.1-05]
        return this.#transport.startTls(this.#facts.host?.domain);
      case "restartInput":
        return effect.rest === "drop" ? this.#reader.drop() : this.#reader.restart();
      case "pauseInput":
        return this.#hold();
      case "resumeInput":
        return this.#letGo();
      case "disconnect":
        return this.#disconnect();
      case "lookupCredentials":
        return this.#ask(this.#services.credentials(this, this.#facts.host?.domain, effect.username));
      case "lookupTokens":
        return this.#ask(this.#services.tokens(this, this.#facts.host?.domain, effect));
      case "keepCredentials":
        return this.#ask(this.#services.keepCredentials(this, effect.user, effect.renewal));
      case "issueToken":
        return this.#issueToken(effect);
      case "derive":
        return this.#derive(effect);
      case "authorize":
        return this.#ask(this.#services.authorize(this, effect));
      case "renewCredentials":
        return this.#services.renewCredentials(this, effect.user, effect.renewal);
      case "earlyRequest":
        return this.#askEarly(effect.element);
      case "bindResource":
        return this.#bind(effect);
      case "enableSm":
        return this.#enableManagement(effect.resume, effect.secondsMax);
      case "resumeSm":
        return this.#resume(effect.user, effect.previous, effect.h);
      case "established":
        this.#reader.setLimits(this.#services.limits.xml);
        if (effect.how === "resumed") this.#session?.repeat();
        return this.#services.established(this, effect.jid, effect.how);
      case "ackRequested":
        return this.#session?.acknowledgementWanted();
      case "ackReceived":
        return this.#session?.acknowledged(effect.h);
      case "stanza":
        return this.#session?.receive(effect.element);
      case "nonza":
        return this.#session?.receiveNonza(effect.element);
      case "peerClosed":
        this.#endSession();
        return this.#feed({ type: "close" });
      case "ended":
        return this.#tellEnd(effect.end);
      case "startTimer":
        return this.#startTimer(effect.timer);
      case "stopTimer":
        return this.#stopTimer(effect.timer);
      case "log":
        return this.#services.streamEvent(this, effect.event);
      case "smEnabled":
      case "smFailed":
      case "tokenReceived":
        // News for the initiating role only.
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  /** The peer has some time to take what is under way and to close its end; who holds on to it is cut. */
  #disconnect(): void {
    if (this.#unreachable) return;
    const { env, limits } = this.#services;
    this.#flush();
    this.#lingering ??= env.setTimer(limits.closingMsMax, () => this.#transport.destroy());
    // Its end can only be seen by reading up to it.
    this.#transport.resume();
    this.#transport.end();
  }

  /** Nothing is sent after the closing tag, and what the session still owes is decided about now. */
  #sendClose(): void {
    this.write(streamClosingTag);
    this.#closed = true;
    this.#endSession();
  }

  #tellEnd(end: StreamEnd): void {
    const condition = end.type === "errorSent" || end.type === "errorReceived" ? end.error.condition : undefined;
    this.#services.streamClosed(condition);
    const fields = { stream: this.id, end: end.type, condition, text: "error" in end ? end.error.text : undefined };
    if (end.type === "errorSent") this.#services.log.info(fields, "stream ended with an error from us");
    else this.#services.log.debug(fields, "stream ended");
  }

  #startTimer(timer: StreamTimer): void {
    this.#stopTimer(timer);
    const { env, limits } = this.#services;
    const delayMs = timer === "negotiation" ? limits.negotiationMsMax : limits.closingMsMax;
    this.#timers[timer] = env.setTimer(delayMs, () => {
      if (timer === "negotiation") this.#services.limitHit("negotiation-time");
      this.#feed({ type: "timeout", timer });
    });
  }

  #stopTimer(timer: StreamTimer): void {
    this.#timers[timer]?.cancel();
    this.#timers[timer] = undefined;
  }

  /** A question of authentication. */
  #ask(answer: Promise<StreamInput>): void {
    answer.then(
      (input) => this.#feed(input),
      (error: unknown) => this.#temporaryFailure(error),
    );
  }

  #derive(request: Extract<StreamEffect, { type: "derive" }>): void {
    this.#ask(this.#services.env.deriveKey(request).then((key) => ({ type: "derived", key })));
  }

  /** Without a token the client is in all the same. */
  #issueToken(wish: TokenWish): void {
    this.#services.issueToken(this, wish).then(
      (answer) => this.#feed(answer),
      (error: unknown) => {
        this.#services.log.warn({ stream: this.id, error }, "no token can be issued at present");
        this.#feed({ type: "tokenIssued" });
      },
    );
  }

  #temporaryFailure(error: unknown): void {
    if (error instanceof DerivationRefused) this.#services.limitHit("key-derivations");
    const level = isOutage(error) ? "debug" : "warn";
    this.#services.log[level]({ stream: this.id, error }, "authentication is not possible at present");
    this.#feed({ type: "authenticationFailed", condition: "temporary-auth-failure" });
  }

  #askEarly(element: XmlElement): void {
    void this.#services
      .earlyRequest(this, this.#facts.host?.domain, element)
      .then((reply) => this.#feed({ type: "earlyReply", element: reply }));
  }

  #bind({ user, requested, bind2 }: Extract<StreamEffect, { type: "bindResource" }>): void {
    const { language } = this.#facts;
    const wish = { resource: requested, language, ...(bind2 === undefined ? {} : { bind2 }) };
    this.#services.bind(this, user, wish, (answer) => this.#feed(answer));
  }

  #enableManagement(resume: boolean, secondsMax: number | undefined): void {
    const session = this.#session;
    if (session === undefined) return this.#feed({ type: "smFailed", condition: "unexpected-request" });
    const { id, seconds } = session.enableManagement({ resume, secondsMax });
    if (id === undefined) return this.#feed({ type: "smEnabled" });
    const { location } = this.#services;
    // [xep0198-3-07] [xep0198-5-09]
    const where = location === undefined ? {} : { location };
    return this.#feed({ type: "smEnabled", resumption: { id, secondsMax: seconds, ...where } });
  }

  #resume(user: BareJid, previous: string, h: number): void {
    this.#services.resume(this, user, previous, h, (answer) => this.#feed(answer));
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#unreachable) return;
    const bytes = this.#out;
    const waiters = this.#waiters;
    this.#out = "";
    if (waiters.length > 0) {
      this.#waiters = [];
      this.#transport.writeThen(bytes, (taken) => {
        for (const waiter of waiters) waiter(taken);
      });
    } else if (bytes !== "") this.#transport.write(bytes);
    this.#services.tally.bytesSent += bytes.length;
    if (this.#transport.bytesQueued > this.#services.limits.unsentBytesMax) this.#tooSlow();
  };

  /** The peer does not read what it is sent (A10): nothing more can be said to it, so the connection is cut. */
  #tooSlow(): void {
    this.#services.limitHit("unsent-bytes");
    this.#services.log.info({ stream: this.id, bytes: this.#transport.bytesQueued }, "the client reads too slowly");
    this.#transport.destroy();
    this.lost(undefined);
  }

  #endSession(): void {
    const session = this.#session;
    session?.close();
    this.#session = undefined;
  }

  lost(cause: unknown): void {
    if (this.#unreachable) return;
    this.#unreachable = true;
    this.#feed({ type: "disconnected" });
    this.#gone = true;
    this.#out = "";
    this.#stopTimer("negotiation");
    this.#stopTimer("closing");
    this.#lingering?.cancel();
    for (const waiter of this.#waiters.splice(0)) waiter(false);
    this.#session?.cut(this);
    this.#session = undefined;
    this.#services.log.debug({ stream: this.id, error: cause }, "connection closed");
    this.#services.addressRates.leave(this.#transport.remoteAddress);
    this.#services.closed(this);
  }
}
