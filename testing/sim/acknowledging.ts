import type { ClientSession } from "./client-session.ts";

/** Which of the acknowledgements that were written on a connection have reached the server. */
export class Acknowledging {
  bytesWritten = 0;
  #bytesArrived = 0;
  readonly #under: { readonly session: ClientSession; readonly h: number; readonly upTo: number }[] = [];

  /** What was written just now says how much of the session's is handled. */
  wrote(session: ClientSession): void {
    this.#under.push({ session, h: session.handled, upTo: this.bytesWritten });
  }

  arrived(bytes: number, now: number): void {
    this.#bytesArrived += bytes;
    for (let next = this.#under[0]; next !== undefined && next.upTo <= this.#bytesArrived; next = this.#under[0]) {
      next.session.acknowledgedToServer.push({ h: next.h, at: now });
      this.#under.shift();
    }
  }
}
