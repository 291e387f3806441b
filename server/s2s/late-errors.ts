import { Mailbox } from "../account/mailbox.ts";
import { heldErrorMsMax } from "./held-errors.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";
import type { ServerStream } from "./server-stream.ts";

/** How often at least a server is looked for that only errors wait for, in milliseconds. */
const retryMsMax = 3_600_000;

/**
 * Errors about messages of another server that have found no way back in the time that all else has. They wait on, for a
 * day: the message that each is about was acknowledged, so that nobody but its recipient would miss it.
 */
export class LateErrors {
  readonly #errors = new Mailbox<OutgoingStanza>();
  /** For them alone their server is not to be tried again before. */
  retryAt = 0;

  get size(): number {
    return this.#errors.size;
  }

  get oldest(): OutgoingStanza | undefined {
    return this.#errors.peek();
  }

  add(error: OutgoingStanza): void {
    this.#errors.add(error.settleDown());
  }

  addFirst(error: OutgoingStanza): void {
    this.#errors.addFirst(error);
  }

  /** Puts on the wire what has room there. False where something is left. */
  sendBy(stream: ServerStream | undefined): boolean {
    for (let next = this.#errors.peek(); next !== undefined; next = this.#errors.peek()) {
      // Taken first: what the stream gets may end it, and then comes back.
      this.#errors.take();
      if (stream?.send(next) !== true) {
        this.#errors.addFirst(next);
        return false;
      }
    }
    return true;
  }

  /** There was no way again: the longer that has been so, the less often it is tried. */
  failed(now: number, failingSince: number): void {
    this.retryAt = now + Math.min(retryMsMax, (now - failingSince) / 2);
  }

  /** Those that have waited too long. */
  *takeExpired(now: number): Generator<OutgoingStanza, void, undefined> {
    for (let next = this.oldest; next !== undefined && next.at <= now - heldErrorMsMax; next = this.oldest) {
      this.#errors.take();
      yield next;
    }
  }

  takeAll(): readonly OutgoingStanza[] {
    return this.#errors.takeAll();
  }
}
