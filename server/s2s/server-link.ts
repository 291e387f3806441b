import type { DomainJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import { keyOfPair, type DomainPair, type HeldPair } from "#protocol/stream/servers/domain-pair.ts";
import type { ServerErrand, ServerSide } from "#protocol/stream/servers/server-config.ts";
import type {
  AuthorizedBy,
  DialbackRequest,
  KeyOutcome,
  ServerEffect,
  ServerStreamEvent,
} from "#protocol/stream/servers/server-effect.ts";
import type { PeerVerdict } from "#protocol/stream/servers/peer-verdict.ts";
import type { ServerAnswer, ServerInput } from "#protocol/stream/servers/server-input.ts";
import type { OpenServerStream, ServerStreamState } from "#protocol/stream/servers/server-state.ts";
import {
  isServerStreamEstablished,
  receiveBetweenServers,
  startInitiatingServer,
  startReceivingServer,
} from "#protocol/stream/servers/receive.ts";
import type { DialbackRefusal } from "#protocol/stream/servers/dialback-elements.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import type { StreamError } from "#protocol/stream/stream-error.ts";
import { streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { Connection, ConnectionServices } from "../link/connection.ts";
import { StreamDriver, type StreamOwner } from "../link/stream-driver.ts";
import type { Transport } from "../link/transport.ts";
import type { DialledPlace } from "./dialer.ts";
import { Questions } from "./questions.ts";
import type { ServerStream, StreamCarrier } from "./server-stream.ts";
import { sideTo } from "./tls-demanded.ts";

/** What a stream that was just established begins with. */
export type Establishment = Extract<ServerEffect, { type: "established" }>;

/** Why a pair cannot go by a link. */
export type PairRefusal = DialbackRefusal | { readonly type: "ended"; readonly end: StreamEnd | undefined };

/** What the link of a server asks of the federation around it. */
export interface ServerLinkServices extends ConnectionServices {
  readonly side: ServerSide;
  readonly checkPeer: (link: ServerLink, pair: DomainPair) => Promise<PeerVerdict>;
  readonly verifyKey: (link: ServerLink, request: DialbackRequest) => void;
  readonly pairAuthorized: (link: ServerLink, pair: HeldPair, by: AuthorizedBy) => void;
  readonly bidirectional: (link: ServerLink) => void;
  readonly established: (link: ServerLink, how: Establishment) => void;
  readonly enableSm: (
    link: ServerLink,
    wish: { readonly resume: boolean; readonly secondsMax: number | undefined },
  ) => ServerAnswer;
  readonly resumeSm: (
    link: ServerLink,
    wish: { readonly previous: string; readonly h: number; readonly pairs: readonly DomainPair[] },
    answer: (input: ServerAnswer) => void,
  ) => void;
  readonly smEnabled: (link: ServerLink, id: string | undefined, secondsMax: number | undefined) => void;
  readonly smFailed: (link: ServerLink, h: number | undefined) => void;
  readonly streamEvent: (link: ServerLink, event: ServerStreamEvent) => void;
  readonly streamEnded: (link: ServerLink, end: StreamEnd) => void;
  readonly closed: (link: ServerLink) => void;
}

/** Of a key, where its server cannot be asked. */
const notVerified: KeyOutcome = { type: "error", condition: "remote-server-timeout" };

const machine = { receive: receiveBetweenServers, isEstablished: isServerStreamEstablished };

/** Whom a link was made to reach, and by which way. */
export interface ServerErrandParts {
  readonly errand: ServerErrand;
  readonly place: DialledPlace;
}

/**
 * One connection between this server and another: it carries out what the machine of streams between servers asks for,
 * and passes stanzas straight to the stream once one is established.
 */
export class ServerLink implements StreamCarrier, StreamOwner<ServerStreamState, ServerEffect> {
  readonly id: string;
  readonly since: number;
  /** Present where we have dialled. */
  readonly errand: ServerErrandParts | undefined;
  /** The stream that it carries, once a pair is authorized. */
  stream: ServerStream | undefined;
  /** What is authorized while there is no stream yet. */
  held: readonly HeldPair[] = [];
  readonly connection: Connection;
  readonly #stream: StreamDriver<ServerStreamState, ServerInput, ServerEffect>;
  readonly #services: ServerLinkServices;
  #trustedUntil = Infinity;
  #facts: OpenServerStream["facts"] | undefined;
  #end: StreamEnd | undefined;
  /** It has ended, and its peer, which does not know yet, may have said more on it. */
  #leftStream: ServerStream | undefined;
  readonly #authorizing = new Questions<HeldPair | PairRefusal>();
  readonly #verifying = new Questions<KeyOutcome>();

  constructor(id: string, transport: Transport, services: ServerLinkServices, errand?: ServerErrandParts) {
    this.id = id;
    this.errand = errand;
    this.since = services.env.now();
    this.#services = services;
    const begun =
      errand === undefined
        ? startReceivingServer(services.side, transport.channel)
        : startInitiatingServer(sideTo(errand.place, services.side), errand.errand, transport.channel);
    const { state, effects } = begun;
    this.#facts = state.facts;
    this.#stream = new StreamDriver(id, transport, { machine, state, owner: this, services });
    this.connection = this.#stream.connection;
    for (const effect of effects) this.carryOut(effect);
    this.connection.open();
  }

  /** Whether anything can still be asked of it. */
  get open(): boolean {
    const { phase } = this.#stream.state;
    return !this.connection.gone && this.#end === undefined && phase !== "closing" && phase !== "ended";
  }

  /** Our host that the stream is for, and the domain that it is with, as far as they are known. */
  get local(): DomainJid | undefined {
    return this.#facts?.host?.domain ?? this.errand?.errand.local;
  }

  get remote(): DomainJid | undefined {
    return this.errand?.errand.remote ?? this.#facts?.remote;
  }

  get bidirectional(): boolean {
    return this.#facts?.bidirectional === true;
  }

  /** Nobody has shown who they are. */
  get unauthorized(): boolean {
    return !isServerStreamEstablished(this.#stream.state);
  }

  /** Somebody waits for an answer of its peer. */
  get busy(): boolean {
    return this.#authorizing.size > 0 || this.#verifying.size > 0;
  }

  /** It was made to verify keys, and nothing else goes by it. */
  get verifiesOnly(): boolean {
    return this.errand?.errand.authorize === false && this.stream === undefined;
  }

  /** Ends the stream without another word to a peer that is not whom we wanted to reach. */
  abandon(reason: string): void {
    this.#end ??= { type: "failed", failure: { type: "peerNotTrusted", reason } };
    this.connection.cut();
  }

  close(error?: StreamError): void {
    this.#stream.close(error);
  }

  /** Asks for a pair to be authorized; the answer comes once, be it that the stream has ended. */
  authorize({ local, remote }: DomainPair): Promise<HeldPair | PairRefusal> {
    if (!this.open) return Promise.resolve({ type: "ended", end: this.#end });
    const key = keyOfPair({ local, remote });
    return this.#authorizing.put(key, () => this.#stream.feed({ type: "authorizePair", local, remote }));
  }

  /** The answer to the errand itself, which asks without being told. */
  whenAuthorized(pair: DomainPair): Promise<HeldPair | PairRefusal> {
    if (!this.open) return Promise.resolve({ type: "ended", end: this.#end });
    return this.#authorizing.put(keyOfPair(pair));
  }

  /** Asks whether a key is valid. */
  verify({ local, remote, id, key }: DialbackRequest): Promise<KeyOutcome> {
    if (!this.open) return Promise.resolve(notVerified);
    const verify = (): void => this.#stream.feed({ type: "verify", local, remote, id, key });
    return this.#verifying.put(`${keyOfPair({ local, remote })} ${id}`, verify);
  }

  /** The key that the peer sent was looked into. */
  answer(input: ServerAnswer): void {
    this.#stream.feed(input);
  }

  /** The stream rests on a certificate, or on what vouches for it, that is good no longer than this. */
  trustUntil(time: number): void {
    this.#trustedUntil = Math.min(this.#trustedUntil, time);
  }

  checkAlive(now: number): void {
    const { channel } = this.connection;
    if (now < Math.min(channel?.certifiedUntil ?? Infinity, this.#trustedUntil)) return;
    this.#services.log.info({ stream: this.id, remote: this.remote }, "the peer's certificate has expired");
    this.close();
  }

  stanzaRead(stanza: XmlElement): void {
    if (this.stream === undefined) return this.#stream.feed({ type: "element", element: stanza });
    this.connection.countStanza();
    return this.stream.receive(stanza);
  }

  secured(channel: SecureChannel): void {
    this.#stream.feed({ type: "secured", channel });
  }

  peerTooSlow(bytesQueued: number): void {
    this.#services.log.info({ stream: this.id, bytes: bytesQueued }, "the other server reads too slowly");
  }

  connectionLost(): void {
    const { stream } = this;
    this.stream = undefined;
    stream?.cut(this);
    this.#answerAll();
    this.#services.closed(this);
  }

  /** Whoever waits for something is told that it will not come. */
  #answerAll(): void {
    this.#authorizing.answerAll({ type: "ended", end: this.#end });
    this.#verifying.answerAll(notVerified);
  }

  moved(state: ServerStreamState): void {
    if ("facts" in state) this.#facts = state.facts;
  }

  carryOut(effect: ServerEffect): void {
    switch (effect.type) {
      case "sendClose":
        return this.#sendClose();
      case "startTls":
        return this.connection.startTls(this.errand?.errand.remote ?? this.local);
      case "checkPeer":
        return this.#checkPeer(effect);
      case "verifyKey":
        return this.#services.verifyKey(this, effect);
      case "enableSm":
        return this.#stream.feed(this.#services.enableSm(this, effect));
      case "resumeSm":
        return this.#services.resumeSm(this, effect, (input) => this.#stream.feed(input));
      case "pairAuthorized":
        return this.#pairAuthorized(effect, effect.by);
      case "pairRefused":
        if (effect.ways === "out") this.#authorizing.answer(keyOfPair(effect), effect.refusal);
        // Who calls a key invalid closes the stream on it: what is for the other pairs goes by another. [xep0220-2.1.1-10]
        if (effect.ways === "out" && effect.refusal.type === "invalid") this.stream?.drain();
        return undefined;
      case "established":
        this.connection.widenLimits();
        this.#services.established(this, effect);
        for (const pair of this.held) this.#tellAuthorized(pair);
        return undefined;
      case "bidirectional":
        return this.#services.bidirectional(this);
      case "verified":
        return this.#verifying.answer(`${keyOfPair(effect)} ${effect.id}`, effect.outcome);
      case "smEnabled":
        return this.#services.smEnabled(this, effect.id, effect.secondsMax);
      case "smFailed":
        return this.#services.smFailed(this, effect.h);
      case "ackRequested":
        return this.stream?.acknowledgementWanted();
      case "ackReceived":
        this.stream?.acknowledged(effect.h);
        return undefined;
      case "stanza":
        if (this.stream === undefined) this.#leftStream?.receiveLate(effect.element);
        else this.stream.receive(effect.element);
        return undefined;
      case "peerClosed":
        this.#leave();
        return this.#stream.feed({ type: "close" });
      case "ended":
        this.#end ??= effect.end;
        this.#services.streamEnded(this, effect.end);
        return this.#answerAll();
      case "log":
        return this.#services.streamEvent(this, effect.event);
      default:
        return this.#stream.perform(effect);
    }
  }

  #checkPeer({ local, remote }: DomainPair): void {
    this.#services.checkPeer(this, { local, remote }).then(
      (verdict) => this.#stream.feed({ type: "peerChecked", local, remote, ...verdict }),
      (error: unknown) => {
        this.#services.log.error({ stream: this.id, remote, error }, "a certificate cannot be checked; this is a bug");
        this.#stream.feed({ type: "peerChecked", local, remote, trusted: false, reason: "it could not be checked" });
      },
    );
  }

  #pairAuthorized({ local, remote, ways }: HeldPair, by: AuthorizedBy): void {
    const pair = { local, remote, ways };
    // Not spread: that leaves room for sixteen more.
    this.held = this.held.concat(pair);
    this.#services.pairAuthorized(this, pair, by);
    // The first one is of use once the stream is there.
    if (this.stream !== undefined) this.#tellAuthorized(pair);
  }

  #tellAuthorized(pair: HeldPair): void {
    if (pair.ways !== "in") this.#authorizing.answer(keyOfPair(pair), pair);
  }

  /** Nothing is sent after the closing tag. */
  #sendClose(): void {
    this.#leave();
    this.connection.writeLast(streamClosingTag);
  }

  #leave(): void {
    const { stream } = this;
    if (stream === undefined) return;
    this.#leftStream = stream;
    this.stream = undefined;
    stream.leave(this);
  }
}
