import { connect, type Socket } from "node:net";
import type { Env, Timer } from "#kit/env.ts";

/** How long one address has for itself before the next is tried beside it (RFC 8305 §5). */
const headStartMs = 250;

export interface RaceParts {
  readonly env: Pick<Env, "setTimer">;
  readonly port: number;
  /** How long connecting to one address may take. */
  readonly connectMsMax: number;
  readonly signal: AbortSignal;
  /** Makes room for a connection, until what it returns is called; undefined when there is none. */
  readonly makeRoom: () => (() => void) | undefined;
  /** An address that could not be connected to, and why. */
  readonly failed: (address: string, reason: string) => void;
}

/**
 * Connections to a machine's addresses, each as soon as it is there; a slow address does not hold up the next (RFC 8305).
 * What was still under way then is given up, and begun anew when another one is asked for.
 */
export async function* connections(
  addresses: readonly string[],
  parts: RaceParts,
): AsyncGenerator<Socket, void, undefined> {
  const waiting = [...addresses];
  const underWay = new Set<Attempt>();
  try {
    while (waiting.length > 0 || underWay.size > 0) {
      parts.signal.throwIfAborted();
      const next = waiting.shift();
      const release = next === undefined ? undefined : parts.makeRoom();
      if (next !== undefined && release === undefined) parts.failed(next, "too many open files");
      if (next !== undefined && release !== undefined) underWay.add(new Attempt(next, release, parts));
      if (underWay.size === 0) continue;
      const socket = await firstOf(underWay, waiting.length > 0, parts);
      if (socket === undefined) continue;
      // Whoever has a connection may never come back for another, so nothing is left open meanwhile.
      for (const attempt of underWay) {
        attempt.giveUp();
        waiting.unshift(attempt.address);
      }
      underWay.clear();
      yield socket;
    }
  } finally {
    for (const attempt of underWay) attempt.giveUp();
  }
}

/** The first that succeeds, or undefined when it is time for the next: one has failed, or all are slow. */
async function firstOf(
  underWay: Set<Attempt>,
  isMoreWaiting: boolean,
  { env, signal }: RaceParts,
): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let timer: Timer | undefined;
  if (isMoreWaiting) timer = env.setTimer(headStartMs, () => resolve(undefined));
  const aborted = (): void => resolve(undefined);
  signal.addEventListener("abort", aborted);
  try {
    const ended = await Promise.race([promise, ...[...underWay].map((attempt) => attempt.ended)]);
    if (ended === undefined) return undefined;
    underWay.delete(ended);
    return ended.takeSocket();
  } finally {
    timer?.cancel();
    signal.removeEventListener("abort", aborted);
  }
}

/** One address being connected to. */
class Attempt {
  readonly address: string;
  /** Resolves when it has a socket or has failed. */
  readonly ended: Promise<Attempt>;
  readonly #socket: Socket;
  #isConnected = false;
  #isGivenUp = false;

  constructor(address: string, release: () => void, { env, port, connectMsMax, failed }: RaceParts) {
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    this.address = address;
    this.ended = promise;
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 });
    this.#socket = socket;
    const end = (reason: string | undefined): void => {
      timer.cancel();
      socket.off("connect", connected);
      socket.off("close", closed);
      // Stays, so that an error between here and who takes the socket is nobody's crash; and keeps nothing of this alive.
      socket.on("error", ignore);
      socket.off("error", noted);
      if (reason === undefined) this.#isConnected = true;
      else if (!this.#isGivenUp) failed(address, reason);
      resolve(this);
    };
    socket.on("close", release);
    let reason = "closed";
    const connected = (): void => end(undefined);
    const closed = (): void => end(reason);
    const noted = (error: Error): void => {
      reason = "code" in error ? String(error.code) : error.message;
    };
    const timer = env.setTimer(connectMsMax, () => {
      reason = "timeout";
      socket.destroy();
    });
    socket.on("connect", connected);
    socket.on("close", closed);
    socket.on("error", noted);
  }

  takeSocket(): Socket | undefined {
    return this.#isConnected && !this.#socket.destroyed ? this.#socket : undefined;
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.#socket.destroy();
  }
}

function ignore(): void {}
