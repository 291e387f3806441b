/** What a session is sent at once of what waits. Much below what may wait for a connection, or be unacknowledged, by default. */
const portionBytesMax = 1024 * 1024;
const portionMessagesMax = 1_000;

/**
 * A part of the messages that wait, as much as a client is sent before it must have taken it: they may be far more than may
 * wait for it, and strangers wrote them (A15).
 */
export class Portion {
  readonly #names: string[] = [];
  #bytes = 0;

  /** Under which they are in the store. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Whether a message is too much. A first one never is. */
  isFullFor(bytes: number): boolean {
    if (this.#names.length === 0) return false;
    return this.#names.length >= portionMessagesMax || this.#bytes + bytes > portionBytesMax;
  }

  add(name: string, bytes: number): void {
    this.#names.push(name);
    this.#bytes += bytes;
  }
}
