import type { Draws } from "./draws.ts";
import type { SimClock } from "./sim-clock.ts";

/** What a connection may hold on its way in one direction, in bytes: the buffers of both systems and the wire. */
const windowBytes = 16_384;

/** A delay that all bytes on a connection have, in milliseconds. */
export interface Weather {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

/**
 * One direction of a connection: bytes come in order, late, and in pieces of any size. It takes no more than its window
 * holds; the rest waits with the sender.
 */
export class Pipe {
  weather: Weather;
  readonly #clock: SimClock;
  readonly #draws: Draws;
  readonly #deliver: (bytes: string) => void;
  readonly #taken: (bytes: string) => void;
  /** With the sender. */
  #unsent = "";
  /** Taken from the sender, on the way. */
  #onTheWay: string[] = [];
  /** Arrived, not read. */
  #unread = "";
  #wayBytes = 0;
  #lastArrival = 0;
  #takenBytes = 0;
  #writtenBytes = 0;
  readonly #waiters: { readonly at: number; readonly taken: (taken: boolean) => void }[] = [];
  #reading = true;
  /** Nothing arrives at present, whoever reads. */
  #mute = false;
  #atEnd: (() => void) | undefined;
  /** What is sent from now on arrives nowhere. */
  #severed = false;
  #closed = false;

  constructor(parts: {
    readonly clock: SimClock;
    readonly draws: Draws;
    readonly weather: Weather;
    readonly deliver: (bytes: string) => void;
    /** Told what the sender's system has taken, whether or not it will arrive. */
    readonly taken?: (bytes: string) => void;
  }) {
    this.#clock = parts.clock;
    this.#draws = parts.draws;
    this.weather = parts.weather;
    this.#deliver = parts.deliver;
    this.#taken = parts.taken ?? (() => undefined);
  }

  /** Bytes that the sender's system has not taken. */
  get queuedBytes(): number {
    return this.#unsent.length;
  }

  write(bytes: string): void {
    if (this.#closed) return;
    this.#unsent += bytes;
    this.#writtenBytes += bytes.length;
    this.#pump();
  }

  /** Calls back when all that was written is taken, or never will be. */
  whenTaken(taken: (taken: boolean) => void): void {
    if (this.#closed) taken(false);
    else if (this.#takenBytes >= this.#writtenBytes) taken(true);
    else this.#waiters.push({ at: this.#writtenBytes, taken });
  }

  /** Calls back when everything written before has been read. */
  end(arrived: () => void): void {
    if (this.#severed) return;
    this.#atEnd = arrived;
    this.#endIfEmpty();
  }

  pause(): void {
    this.#reading = false;
  }

  resume(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#clock.after(0, () => this.#read());
  }

  /** From now on nothing arrives, or what waited does. */
  setMute(mute: boolean): void {
    this.#mute = mute;
    if (!mute) this.#clock.after(0, () => this.#read());
  }

  /**
   * The wire breaks. Of what is on the way a piece of any length may still arrive, down to a part of a character. The
   * sender does not notice: its system takes bytes until its buffers are full.
   *
   * @param share of the bytes on the way that arrive
   */
  sever(share: number): void {
    if (this.#severed || this.#closed) return;
    this.#severed = true;
    let left = Math.floor(this.#onTheWay.reduce((sum, { length }) => sum + length, 0) * share);
    const arriving: string[] = [this.#unread];
    for (const piece of this.#onTheWay) {
      arriving.push(piece.slice(0, left));
      left = Math.max(0, left - piece.length);
    }
    this.#onTheWay = [];
    this.#unread = "";
    this.#atEnd = undefined;
    const rest = arriving.join("");
    if (rest !== "" && this.#reading && !this.#mute)
      this.#clock.after(this.#draws.between(0, 5), () => this.#deliver(rest));
  }

  /** The sender knows that it is over. */
  shut(): void {
    if (this.#closed) return;
    this.sever(0);
    this.#closed = true;
    this.#unsent = "";
    for (const { taken } of this.#waiters.splice(0)) taken(false);
  }

  #pump(): void {
    while (this.#unsent !== "" && this.#wayBytes < windowBytes) {
      const room = Math.min(this.#unsent.length, windowBytes - this.#wayBytes);
      const size = this.#draws.chance(0.15) ? this.#draws.between(1, room) : room;
      const piece = this.#unsent.slice(0, size);
      this.#unsent = this.#unsent.slice(size);
      this.#wayBytes += size;
      this.#takenBytes += size;
      this.#taken(piece);
      if (this.#severed) continue;
      this.#onTheWay.push(piece);
      const { delayMsMin, delayMsMax } = this.weather;
      const arrival = Math.max(this.#lastArrival, this.#clock.now + this.#draws.between(delayMsMin, delayMsMax));
      this.#lastArrival = arrival;
      this.#clock.after(arrival - this.#clock.now, () => this.#arrive());
    }
    const { length } = this.#waiters;
    if (length === 0) return;
    const ready = this.#waiters.findIndex(({ at }) => at > this.#takenBytes);
    for (const { taken } of this.#waiters.splice(0, ready === -1 ? length : ready)) taken(true);
  }

  #arrive(): void {
    const piece = this.#onTheWay.shift();
    if (piece === undefined) return;
    this.#unread += piece;
    this.#read();
  }

  #read(): void {
    const bytes = this.#unread;
    if (!this.#reading || this.#mute || this.#severed || bytes === "") return this.#endIfEmpty();
    this.#unread = "";
    this.#wayBytes -= bytes.length;
    this.#deliver(bytes);
    this.#pump();
    return this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    const ended = this.#atEnd;
    if (ended === undefined || this.#severed || this.#mute || this.#unsent !== "" || this.#wayBytes > 0) return;
    this.#atEnd = undefined;
    this.#clock.after(this.#draws.between(this.weather.delayMsMin, this.weather.delayMsMax), () => {
      if (!this.#severed) ended();
    });
  }
}
