import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Env, Timer } from "#kit/env.ts";
import { Mailbox } from "../account/mailbox.ts";
import type { FederationLimits } from "./federation-limits.ts";
import { LateErrors } from "./late-errors.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";
import { randomMs } from "./random-ms.ts";
import type { RouteFailure } from "./route-failure.ts";
import { senderOf, senderShare, type SenderShares } from "./senders.ts";
import type { ServerStream } from "./server-stream.ts";

export interface RouteServices {
  readonly env: Env;
  readonly limits: FederationLimits;
  /** What waits for all routes together. */
  readonly total: { bytes: number };
  /** Whose that is, in bytes. */
  readonly shares: SenderShares;
  /** A stream that the pair may go out on already, open or to be resumed. */
  readonly find: (pair: DomainPair) => ServerStream | undefined;
  /**
   * Makes a stream that the pair may go out on.
   *
   * @param by whose doing it is
   * @throws RouteFailure
   */
  readonly connect: (pair: DomainPair, by: string, signal: AbortSignal) => Promise<ServerStream>;
  /** Sends a stanza back to its sender. */
  readonly bounce: (stanza: OutgoingStanza, error: StanzaError) => void;
  readonly failed: (pair: DomainPair, failure: RouteFailure, retryMs: number) => void;
  readonly asFailure: (error: unknown) => RouteFailure;
}

/**
 * The way from one of our domains to one of theirs: what waits for it, in order, and the stream that it goes by. There is
 * one at any time, so that what one writes to another arrives in the order in which it was written. [rfc6120-10.1-03]
 * [rfc6120-10.1-04]
 */
export class Route {
  readonly pair: DomainPair;
  /** Who has written there first. */
  readonly by: string;
  readonly #services: RouteServices;
  readonly #queue = new Mailbox<OutgoingStanza>();
  #queueBytes = 0;
  /** Older than what is in the queue. */
  readonly #late = new LateErrors();
  #stream: ServerStream | undefined;
  #attempt: AbortController | undefined;
  /** The attempt is made because somebody asked for it. */
  #wanted = false;
  readonly #outcome: ((outcome: ServerStream | RouteFailure) => void)[] = [];
  #failures = 0;
  #failingSince: number | undefined;
  #failure: RouteFailure | undefined;
  /** Not to be tried again before. */
  #retryAt = 0;
  #retry: Timer | undefined;
  #deadline: Timer | undefined;

  constructor(pair: DomainPair, by: string, services: RouteServices) {
    this.pair = pair;
    this.by = by;
    this.#services = services;
  }

  get stream(): ServerStream | undefined {
    return this.#stream;
  }

  get connecting(): boolean {
    return this.#attempt !== undefined;
  }

  get waiting(): { readonly stanzas: number; readonly bytes: number } {
    return { stanzas: this.#queue.size + this.#late.size, bytes: this.#queueBytes };
  }

  /** Why it leads nowhere at present, and until when that is believed. */
  get trouble(): { readonly failure: RouteFailure; readonly retryAt: number } | undefined {
    return this.#failure === undefined ? undefined : { failure: this.#failure, retryAt: this.#retryAt };
  }

  /** Whether nothing is going on, and it may be tried again. */
  get idle(): boolean {
    return (
      this.#isEmpty &&
      this.#stream === undefined &&
      this.#attempt === undefined &&
      this.#services.env.now() >= this.#retryAt
    );
  }

  /** Whether, besides, how often it has failed is of no meaning any more. */
  get forgettable(): boolean {
    const { env, limits } = this.#services;
    return this.idle && (this.#failure === undefined || env.now() >= this.#retryAt + limits.retryMsMax);
  }

  get #isEmpty(): boolean {
    return this.#queue.size === 0 && this.#late.size === 0;
  }

  send(stanza: OutgoingStanza): void {
    if (this.#isEmpty && this.#stream?.send(stanza) === true) return;
    if (!stanza.isHeldError && this.#isCrowded(stanza)) return;
    if (this.#stream === undefined && this.#isDown) {
      this.#isStuck(stanza);
      if (!this.#isEmpty) this.#seek();
      return;
    }
    // It may be that only errors have waited, which are in no hurry.
    if (this.#queue.size === 0) this.#cancelRetry();
    this.#count(stanza.settleDown(), 1);
    this.#queue.add(stanza);
    this.#watch();
    if (this.#stream === undefined) this.#seek();
  }

  /** Whether there is no room for it, and it went back. */
  #isCrowded(stanza: OutgoingStanza): boolean {
    const { queueStanzasMax, queueBytesMax, queueTotalBytesMax } = this.#services.limits;
    if (
      this.#queue.size >= queueStanzasMax ||
      this.#queueBytes + stanza.size > queueBytesMax ||
      this.#services.total.bytes + stanza.size > queueTotalBytesMax ||
      this.#services.shares.of(senderOf(stanza.stanza)) + stanza.size > queueTotalBytesMax * senderShare
    ) {
      const text = `too much is waiting for ${this.pair.remote}`;
      this.#services.bounce(stanza, new StanzaError("resource-constraint", { type: "wait", text }));
      return true;
    }
    return false;
  }

  /** Goes ahead of what waits: it was given to a stream that has ended. */
  takeBack(stanzas: readonly OutgoingStanza[]): void {
    for (const stanza of stanzas.toReversed()) {
      stanza.settleDown();
      // Of those that are late none was sent before it.
      if (stanza.isHeldError && this.#late.size > 0) this.#late.addFirst(stanza);
      else {
        this.#count(stanza, 1);
        this.#queue.addFirst(stanza);
      }
    }
    this.#expire();
    if (this.#stream !== undefined) this.pump();
    else if (!this.#isEmpty) this.#seek();
  }

  /**
   * Looks for a stream even if nothing waits, and back-off or not: somebody asked for it, and is told how that went.
   *
   * @throws RouteFailure
   */
  connectNow(): Promise<ServerStream> {
    if (this.#stream !== undefined) return Promise.resolve(this.#stream);
    const { promise, resolve, reject } = Promise.withResolvers<ServerStream>();
    this.#outcome.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
    this.#retryAt = 0;
    this.#cancelRetry();
    this.#wanted = true;
    if (this.#attempt === undefined) this.#begin();
    return promise;
  }

  /** It goes by this stream from now on. */
  open(stream: ServerStream): void {
    if (this.#stream !== undefined) return;
    this.#stream = stream;
    this.#failures = 0;
    this.#failure = this.#failingSince = undefined;
    this.#retryAt = this.#late.retryAt = 0;
    this.#cancelRetry();
    for (const tell of this.#outcome.splice(0)) tell(stream);
    this.pump();
  }

  /** Its server was just seen to be there: it may be tried at once. */
  encourage(): void {
    this.#retryAt = this.#late.retryAt = 0;
    this.#cancelRetry();
    this.#again();
  }

  /** Its stream has ended, and owed this. */
  lose(stream: ServerStream, owed: readonly OutgoingStanza[]): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    const { env, limits } = this.#services;
    // It broke, and perhaps many others with it. [rfc6120-3.3-01]
    if (owed.length > 0) this.#retryAt = env.now() + randomMs(env, limits.retryMsMin);
    this.takeBack(owed);
  }

  /** Puts on the wire what has room there. */
  pump(): void {
    const stream = this.#stream;
    if (!this.#late.sendBy(stream)) return;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (stream?.send(next) !== true) {
        this.#queue.addFirst(next);
        break;
      }
      this.#count(next, -1);
    }
    this.#watch();
  }

  /** Everything that waits goes back to its senders. */
  giveUp(error: StanzaError): void {
    this.#attempt?.abort();
    this.#cancelRetry();
    for (const stanza of [...this.#late.takeAll(), ...this.#takeAll()]) this.#services.bounce(stanza, error);
  }

  /** Nothing is done any more; what waits stays as it is. */
  close(): void {
    this.#attempt?.abort();
    this.#retry?.cancel();
    this.#deadline?.cancel();
  }

  /** It has led nowhere for so long that nobody is to wait for it. */
  get #isDown(): boolean {
    const { env, limits } = this.#services;
    const now = env.now();
    if (this.#failure === undefined || now >= this.#retryAt) return false;
    return this.#failure.lasting || now - (this.#failingSince ?? now) >= limits.deliveryMsMax;
  }

  #seek(): void {
    if (this.#attempt !== undefined) return;
    const found = this.#services.find(this.pair);
    if (found !== undefined) {
      this.open(found);
      return;
    }
    const at = this.#queue.size > 0 ? this.#retryAt : Math.max(this.#retryAt, this.#late.retryAt);
    const delayMs = at - this.#services.env.now();
    if (delayMs <= 0) this.#begin();
    else this.#retry ??= this.#services.env.setTimer(delayMs, this.#again);
  }

  readonly #again = (): void => {
    this.#retry = undefined;
    if (this.#stream === undefined && !this.#isEmpty) this.#seek();
  };

  #cancelRetry(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  #begin(): void {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const first = this.#queue.peek() ?? this.#late.oldest;
    const by = first === undefined ? this.by : senderOf(first.stanza);
    this.#services.connect(this.pair, by, attempt.signal).then(
      (stream) => {
        this.#attempt = undefined;
        this.#wanted = false;
        if (stream.state === "ended" && this.#stream === undefined) this.#fail(this.#services.asFailure(undefined));
        else this.open(stream);
      },
      (error: unknown) => {
        this.#attempt = undefined;
        this.#wanted = false;
        if (this.#stream === undefined) this.#fail(this.#services.asFailure(error));
      },
    );
  }

  #fail(failure: RouteFailure): void {
    const { env, limits } = this.#services;
    const now = env.now();
    // Not all at the same moment when a peer comes back to life. [rfc6120-3.3-02]
    const jitter = 0.75 + (env.entropy(1)[0] ?? 0) / 512;
    const retryMs = Math.round(Math.min(limits.retryMsMax, limits.retryMsMin * 2 ** this.#failures) * jitter);
    this.#failures += 1;
    this.#failure = failure;
    this.#failingSince ??= now;
    this.#retryAt = now + retryMs;
    this.#late.failed(now, this.#failingSince);
    this.#services.failed(this.pair, failure, retryMs);
    for (const tell of this.#outcome.splice(0)) tell(failure);
    if (failure.lasting) for (const stanza of this.#takeAll()) this.#isStuck(stanza);
    this.#expire();
    // However long they have waited, nobody is left whom they could be sent back to.
    for (const stanza of this.#late.takeExpired(now)) this.#bounce(stanza);
    if (!this.#isEmpty) this.#seek();
  }

  /** Sends back what has waited too long. */
  readonly #expire = (): void => {
    const { env, limits } = this.#services;
    const oldest = env.now() - limits.deliveryMsMax;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (next.at > oldest) {
        this.#queue.addFirst(next);
        break;
      }
      this.#count(next, -1);
      this.#isStuck(next);
    }
    // Nobody waits for it any more.
    if (this.#isEmpty && !this.#wanted) this.#attempt?.abort();
    this.#watch();
  };

  /** There is no way for it: it goes back, or waits for longer. */
  #isStuck(stanza: OutgoingStanza): void {
    if (stanza.isHeldError) this.#late.add(stanza);
    else this.#bounce(stanza);
  }

  /** The oldest is the first, and its time runs. */
  #watch(): void {
    if (this.#queue.size === 0) {
      this.#deadline?.cancel();
      this.#deadline = undefined;
      return;
    }
    if (this.#deadline !== undefined) return;
    const oldest = this.#queue.peek();
    if (oldest === undefined) return;
    const { env, limits } = this.#services;
    this.#deadline = env.setTimer(Math.max(0, oldest.at + limits.deliveryMsMax - env.now()), () => {
      this.#deadline = undefined;
      this.#expire();
    });
  }

  #bounce(stanza: OutgoingStanza): void {
    this.#services.bounce(stanza, (this.#failure ?? this.#services.asFailure(undefined)).error);
  }

  #takeAll(): readonly OutgoingStanza[] {
    const all = this.#queue.takeAll();
    for (const stanza of all) this.#count(stanza, -1);
    this.#watch();
    return all;
  }

  #count({ size, stanza }: OutgoingStanza, sign: 1 | -1): void {
    this.#queueBytes += sign * size;
    this.#services.total.bytes += sign * size;
    this.#services.shares.change(senderOf(stanza), sign * size);
  }
}
