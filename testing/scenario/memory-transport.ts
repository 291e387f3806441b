import { unboundChannel, type SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Env } from "#kit/env.ts";
import type { Transport, TransportHandler } from "#server/link/transport.ts";

/** One connection without a network: the server's end, and what the client does at the other. */
export class MemoryTransport implements Transport {
  readonly remoteAddress: string;
  channel: SecureChannel | undefined;
  bytesQueued = 0;
  /** The peer reads nothing: what is sent to it queues up. */
  stalled = false;
  readonly #env: Pick<Env, "defer">;
  readonly #received: (bytes: string) => void;
  #handler: TransportHandler | undefined;
  #paused = false;
  #waiting: string[] = [];
  /** Those who wait for a peer that does not read. */
  readonly #untaken: ((taken: boolean) => void)[] = [];
  #closed = false;

  /** @param received what the server sent, as the client gets it */
  constructor(parts: {
    readonly env: Pick<Env, "defer">;
    readonly received: (bytes: string) => void;
    readonly remoteAddress?: string;
    readonly channel?: SecureChannel;
  }) {
    this.#env = parts.env;
    this.#received = parts.received;
    this.remoteAddress = parts.remoteAddress ?? "192.0.2.1";
    this.channel = parts.channel;
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.#closed;
  }

  readonly open = (handler: TransportHandler): void => {
    this.#handler = handler;
  };

  readonly write = (bytes: string): void => {
    if (this.#closed) return;
    if (this.stalled) this.bytesQueued += bytes.length;
    else this.#env.defer(() => this.#received(bytes));
  };

  readonly writeThen = (bytes: string, taken: (taken: boolean) => void): void => {
    this.write(bytes);
    if (this.stalled && !this.#closed) this.#untaken.push(taken);
    else this.#env.defer(() => taken(!this.#closed));
  };

  readonly pause = (): void => {
    this.#paused = true;
  };

  readonly resume = (): void => {
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) this.send(bytes);
  };

  readonly startTls = (): void => {
    this.#env.defer(() => {
      this.channel = unboundChannel;
      this.#handler?.secured(unboundChannel);
    });
  };

  readonly end = (): void => this.cut();

  readonly destroy = (): void => this.cut();

  /** The client sends a byte string. */
  send(bytes: string): void {
    if (this.#closed) return;
    if (this.#paused) this.#waiting.push(bytes);
    else this.#env.defer(() => this.#handler?.data(bytes));
  }

  /** The connection breaks, without a word to either side's stream. */
  cut(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Later, as of a socket.
    const untaken = this.#untaken.splice(0);
    this.#env.defer(() => {
      for (const taken of untaken) taken(false);
      this.#handler?.lost(undefined);
      // The world remembers its transports: not for ever also what they led to.
      this.#handler = undefined;
    });
  }
}
