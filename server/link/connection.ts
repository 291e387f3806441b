import { type XmlStreamHandler, XmlStreamReader } from "#protocol/xml/read.ts";
import type { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { StreamTimer } from "#protocol/stream/stream-input.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { Tally } from "../tally.ts";
import type { AddressRates, SharedRates } from "./address-rates.ts";
import type { LimitName, ConnectionLimits } from "./link-limits.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** What a connection needs of the server around it. */
export interface ConnectionServices {
  readonly env: Env;
  readonly log: Log;
  readonly limits: ConnectionLimits;
  readonly tally: Tally;
  readonly addressRates: AddressRates;
  readonly treeReaders: TreeReaderPool;
  readonly limitHit: (limit: LimitName) => void;
  /** Of the streams that are read; jabber:client if it says nothing. */
  readonly contentNamespace?: string;
  /**
   * It carries what many say: all that they say at the same time goes out as one write, rather than what comes of each by
   * itself. With TLS a write costs more than most stanzas.
   */
  readonly isShared?: boolean;
}

/** The stream that goes by a connection: the reader tells it what came, and these what else happened. */
export interface ConnectionStream extends XmlStreamHandler {
  readonly timeout: (timer: StreamTimer) => void;
  /** Nothing reaches the peer any more. */
  readonly disconnected: () => void;
}

/** Told what becomes of writes that it follows, in the order of writing. */
export interface WriteFollower {
  /** The operating system has taken so many more of them. */
  readonly taken: (writes: number) => void;
  /** The connection is over: what has not been taken never will be. */
  readonly notTaken: () => void;
}

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly secured: (channel: SecureChannel) => void;
  /** Told last, once. */
  readonly connectionLost: () => void;
  /** The peer does not read what it is sent (A10); the connection is cut after this. */
  readonly peerTooSlow: (bytesQueued: number) => void;
}

/**
 * What every stream stands on, whoever is at the other end: the bytes of one transport and the reader that cuts them
 * into elements, what is written at a time as one write, rates, the stream's timers, and an end in peace or by a cut.
 */
export class Connection implements TransportHandler {
  readonly id: string;
  readonly #transport: Transport;
  readonly #stream: ConnectionStream;
  readonly #owner: ConnectionOwner;
  readonly #services: ConnectionServices;
  readonly #reader: XmlStreamReader;
  readonly #defer: (run: () => void) => void;
  readonly #timers: Record<StreamTimer, Timer | undefined> = { negotiation: undefined, closing: undefined };
  readonly #own: SharedRates;
  readonly #shared: SharedRates;
  #heardAt: number;
  #out = "";
  #flushing = false;
  /** Who follows writes, and how many that wait for the end of the turn. */
  #follower: WriteFollower | undefined;
  #followed = 0;
  /** Nothing reaches the peer any more. */
  #unreachable = false;
  /** That has been dealt with. */
  #gone = false;
  /** Our closing tag is sent. */
  #closed = false;
  /** Both sides have closed; what still comes is nobody's. Runs out when the peer must have had all. */
  #lingering: Timer | undefined;
  /** Reasons not to read on: the machine waits for an answer, or the peer sends too fast. */
  #held = 0;

  constructor(
    id: string,
    transport: Transport,
    { stream, owner }: { readonly stream: ConnectionStream; readonly owner: ConnectionOwner },
    services: ConnectionServices,
  ) {
    this.id = id;
    this.#transport = transport;
    this.#stream = stream;
    this.#owner = owner;
    this.#services = services;
    const { env, limits, contentNamespace, isShared } = services;
    this.#defer = (isShared === true ? env.afterInput : undefined) ?? env.defer;
    this.#reader = new XmlStreamReader(stream, {
      limits: limits.xmlBeforeAuthentication,
      trees: services.treeReaders,
      ...(contentNamespace !== undefined && { contentNamespace }),
    });
    this.#heardAt = env.now();
    this.#own = {
      bytes: limits.bytesRate && new TokenBucket(limits.bytesRate, this.#heardAt),
      stanzas: limits.stanzasRate && new TokenBucket(limits.stanzasRate, this.#heardAt),
    };
    this.#shared = services.addressRates.enter(transport.remoteAddress, this.#heardAt);
    services.log.debug({ stream: id, peer: transport.remoteAddress }, "connection opened");
  }

  /** The connection is over. */
  get gone(): boolean {
    return this.#gone;
  }

  get remoteAddress(): string {
    return this.#transport.remoteAddress;
  }

  get channel(): SecureChannel | undefined {
    return this.#transport.channel;
  }

  /** When the peer sent something last, in milliseconds since the epoch. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** What the peer says is not read at present. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** Bytes that wait: for the end of the turn, or for the operating system. */
  get bytesQueued(): number {
    return this.#transport.bytesQueued + this.#out.length;
  }

  /** Begins to read. */
  open(): void {
    this.#transport.open(this);
  }

  write(bytes: string): void {
    if (this.#gone || this.#closed) return;
    this.#out += bytes;
    if (this.#flushing) return;
    this.#flushing = true;
    this.#defer(this.#flush);
  }

  /** Another connection goes on in its place. What the system has no room for by now counts as lost with it. */
  giveWay(): void {
    this.#flush();
    if (this.#transport.bytesQueued > 0) this.cut();
  }

  /** Like `write`, and its follower hears what becomes of it. A connection is followed by one at a time. */
  writeFollowed(bytes: string, follower: WriteFollower): void {
    if (this.#gone) return follower.notTaken();
    // Behind our closing tag nothing goes out: it is not taken.
    if (!this.#closed) {
      if (this.#follower !== follower && this.#followed > 0) this.#flush();
      this.#followed += 1;
    }
    this.#follower = follower;
    this.write(bytes);
  }

  /** The last thing that is sent. */
  writeLast(bytes: string): void {
    this.write(bytes);
    this.#closed = true;
  }

  startTls(domain: string | undefined): void {
    this.#flush();
    this.#transport.startTls(domain);
  }

  restartInput(rest: "keep" | "drop"): void {
    if (rest === "drop") this.#reader.drop();
    else this.#reader.restart();
  }

  /** The peer has proven who it is: what it sends may be larger. */
  widenLimits(): void {
    this.#reader.setLimits(this.#services.limits.xml);
  }

  /** A stanza came that goes past the machine. */
  countStanza(): void {
    this.#services.tally.stanzasReceived += 1;
    this.#draw("stanzas", 1, this.#heardAt);
  }

  /** What came makes more work than its length tells: as much as so many stanzas. */
  charge(stanzas: number): void {
    if (!this.#gone) this.#draw("stanzas", stanzas, this.#services.env.now());
  }

  /** Reads no further until {@link Connection.letGo}. */
  hold(): void {
    this.#held += 1;
    if (this.#held > 1) return;
    this.#reader.pause();
    this.#transport.pause();
  }

  letGo(): void {
    this.#held -= 1;
    if (this.#held > 0 || this.#gone) return;
    this.#transport.resume();
    try {
      this.#reader.resume();
    } catch (error) {
      this.breakDown(error);
    }
  }

  startTimer(timer: StreamTimer): void {
    this.stopTimer(timer);
    const { env, limits } = this.#services;
    const delayMs = timer === "negotiation" ? limits.negotiationMsMax : limits.closingMsMax;
    this.#timers[timer] = env.setTimer(delayMs, () => {
      if (timer === "negotiation") this.#services.limitHit("negotiation-time");
      this.#stream.timeout(timer);
    });
  }

  stopTimer(timer: StreamTimer): void {
    this.#timers[timer]?.cancel();
    this.#timers[timer] = undefined;
  }

  /** The peer has some time to take what is under way and to close its end; who holds on to it is cut. */
  disconnect(): void {
    if (this.#unreachable) return;
    const { env, limits } = this.#services;
    this.#flush();
    this.#lingering ??= env.setTimer(limits.closingMsMax, () => this.#transport.destroy());
    // Its end can only be seen by reading up to it.
    this.#transport.resume();
    this.#transport.end();
  }

  /** A bug came to light on this stream: it ends, and every other goes on. */
  breakDown(error: unknown): void {
    if (this.#gone) return;
    this.#services.log.error({ stream: this.id, error }, "a stream broke down; this is a bug");
    this.cut(error);
  }

  /** Cuts the connection and counts it as lost at once. */
  cut(cause?: unknown): void {
    this.#transport.destroy();
    this.lost(cause);
  }

  /** Cuts the connection, without a word; that it is lost is told in its time. */
  destroy(): void {
    this.#transport.destroy();
  }

  data(bytes: string): void {
    if (this.#lingering !== undefined) return;
    const now = this.#services.env.now();
    this.#heardAt = now;
    this.#services.tally.bytesReceived += bytes.length;
    this.#draw("bytes", bytes.length, now);
    try {
      this.#reader.write(bytes);
    } catch (error) {
      this.breakDown(error);
    }
  }

  secured(channel: SecureChannel): void {
    this.#owner.secured(channel);
  }

  lost(cause: unknown): void {
    if (this.#unreachable) return;
    this.#unreachable = true;
    this.#stream.disconnected();
    this.#gone = true;
    this.#out = "";
    this.stopTimer("negotiation");
    this.stopTimer("closing");
    this.#lingering?.cancel();
    this.#follower?.notTaken();
    this.#services.log.debug({ stream: this.id, error: cause }, "connection closed");
    this.#services.addressRates.leave(this.#transport.remoteAddress);
    this.#owner.connectionLost();
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
    this.hold();
    this.#services.env.setTimer(waitMs, () => this.letGo());
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#unreachable) return;
    const bytes = this.#out;
    const followed = this.#followed;
    this.#out = "";
    if (followed > 0) this.#writeFollowed(bytes, followed);
    else if (bytes !== "") this.#transport.write(bytes);
    this.#services.tally.bytesSent += bytes.length;
    if (this.#transport.bytesQueued > this.#services.limits.unsentBytesMax) this.#tooSlow();
  };

  #writeFollowed(bytes: string, writes: number): void {
    const follower = this.#follower;
    this.#followed = 0;
    this.#transport.writeThen(bytes, (taken) => {
      // A socket fails its writes before it says that it is lost.
      if (!taken) this.lost(undefined);
      else if (!this.#gone) follower?.taken(writes);
    });
  }

  /** Nothing more can be said to it, so the connection is cut. */
  #tooSlow(): void {
    this.#services.limitHit("unsent-bytes");
    this.#owner.peerTooSlow(this.#transport.bytesQueued);
    this.cut();
  }
}
