import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Env } from "#kit/env.ts";
import type { Transport, TransportHandler } from "#server/link/transport.ts";

/** Which end of a wire: who dialled, or who accepted. */
export type WireSide = "dialler" | "acceptor";

/** A connection between two servers without a network: each end a transport of its server's. */
export class MemoryWire {
  readonly dialler: WireEnd;
  readonly acceptor: WireEnd;
  /** Of both ends. */
  readonly addresses: readonly string[];

  constructor(parts: {
    readonly env: Pick<Env, "defer">;
    /** What each side shows of itself. */
    readonly certificates: Readonly<Record<WireSide, readonly Uint8Array[]>>;
    readonly addresses: Readonly<Record<WireSide, string>>;
    readonly direct: boolean;
  }) {
    const { env, certificates, addresses, direct } = parts;
    this.addresses = [addresses.dialler, addresses.acceptor];
    this.dialler = new WireEnd(env, addresses.acceptor, channelTo(certificates.acceptor), direct);
    this.acceptor = new WireEnd(env, addresses.dialler, channelTo(certificates.dialler), direct);
    this.dialler.join(this.acceptor);
    this.acceptor.join(this.dialler);
  }

  get closed(): boolean {
    return this.dialler.closed && this.acceptor.closed;
  }

  /** It breaks, without a word to either side's stream. */
  cut(): void {
    this.dialler.cut();
    this.acceptor.cut();
  }

  /** It breaks when so many further bytes have gone in a direction, be it in the middle of a character. */
  cutAfter(from: WireSide, bytes: number): void {
    this[from].passLimit = { bytes, reached: () => this.cut() };
  }

  /** From now on nothing arrives at either end, and neither notices: what is sent is taken, or waits. */
  hang(how: "takes" | "takes-nothing" = "takes"): void {
    this.dialler.hanging = this.acceptor.hanging = how;
  }
}

class WireEnd implements Transport {
  readonly remoteAddress: string;
  channel: SecureChannel | undefined;
  bytesQueued = 0;
  hanging: "takes" | "takes-nothing" | undefined;
  passLimit: { bytes: number; readonly reached: () => void } | undefined;
  /** Bytes that went from here to the other end. */
  bytesPassed = 0;
  readonly #env: Pick<Env, "defer">;
  readonly #secured: SecureChannel;
  #other: WireEnd | undefined;
  #handler: TransportHandler | undefined;
  #wantsTls = false;
  #paused = false;
  readonly #waiting: string[] = [];
  readonly #untaken: ((taken: boolean) => void)[] = [];
  #closed = false;

  constructor(env: Pick<Env, "defer">, remoteAddress: string, secured: SecureChannel, direct: boolean) {
    this.#env = env;
    this.remoteAddress = remoteAddress;
    this.#secured = secured;
    this.channel = direct ? secured : undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  join(other: WireEnd): void {
    this.#other = other;
  }

  readonly open = (handler: TransportHandler): void => {
    this.#handler = handler;
    this.#deliver();
  };

  readonly write = (bytes: string): void => {
    if (this.#closed) return;
    if (this.hanging === "takes-nothing") this.bytesQueued += bytes.length;
    if (this.hanging !== undefined) return;
    this.#env.defer(() => this.#pass(bytes));
  };

  readonly writeThen = (bytes: string, taken: (taken: boolean) => void): void => {
    this.write(bytes);
    if (this.hanging === "takes-nothing" && !this.#closed) this.#untaken.push(taken);
    else this.#env.defer(() => taken(!this.#closed));
  };

  readonly pause = (): void => {
    this.#paused = true;
  };

  readonly resume = (): void => {
    this.#paused = false;
    this.#deliver();
  };

  readonly startTls = (): void => {
    this.#wantsTls = true;
    if (this.#other?.wantsTls !== true) return;
    this.becomeSecure();
    this.#other.becomeSecure();
  };

  get wantsTls(): boolean {
    return this.#wantsTls;
  }

  becomeSecure(): void {
    this.#env.defer(() => {
      if (this.#closed) return;
      this.channel = this.#secured;
      this.#handler?.secured(this.#secured);
    });
  }

  /** What was sent arrives, and then the end. */
  readonly end = (): void => {
    this.#env.defer(() =>
      this.#env.defer(() => {
        this.cut();
        this.#other?.cut();
      }),
    );
  };

  readonly destroy = (): void => {
    this.cut();
    // A peer that hangs does not notice.
    if (this.hanging === undefined) this.#other?.cut();
  };

  cut(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const taken of this.#untaken.splice(0)) taken(false);
    this.#env.defer(() => this.#handler?.lost(undefined));
  }

  #pass(bytes: string): void {
    const limit = this.passLimit;
    const passing = limit === undefined ? bytes : bytes.slice(0, limit.bytes);
    if (passing !== "" && this.#other?.closed === false) {
      this.bytesPassed += passing.length;
      this.#other.arrive(passing);
    }
    if (limit === undefined) return;
    limit.bytes -= bytes.length;
    // What arrived is read before the end is seen.
    if (limit.bytes <= 0) this.#env.defer(limit.reached);
  }

  arrive(bytes: string): void {
    this.#waiting.push(bytes);
    this.#deliver();
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#handler !== undefined) {
      const bytes = this.#waiting.shift();
      if (bytes === undefined) return;
      this.#handler.data(bytes);
    }
  }
}

function channelTo(peerChain: readonly Uint8Array[]): SecureChannel {
  return { bindings: { announced: [], tolerated: [] }, peerChain };
}
