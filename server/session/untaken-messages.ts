import type { Stanza } from "#kit/stanza.ts";
import { Mailbox } from "../account/mailbox.ts";
import type { WriteFollower } from "../link/connection.ts";
import type { ClientConnection } from "./session-link.ts";

export interface UntakenMessagesParts {
  /** These rows of the offline store, by their names, are with their client. */
  readonly discharge: (stored: readonly string[]) => void;
  /** The connection is over. Told before what was not taken is given up. */
  readonly lost: () => void;
  /** A message goes on its way without this client. */
  readonly giveUp: (message: Stanza) => void;
}

/**
 * Messages to a client without stream management that the operating system has not taken yet. What it has taken counts as
 * delivered, for nothing better will be known; what it never takes goes on its way, whether or not the sender waits for that.
 */
export class UntakenMessages implements WriteFollower {
  readonly #parts: UntakenMessagesParts;
  readonly #messages = new Mailbox<Stanza>();

  constructor(parts: UntakenMessagesParts) {
    this.#parts = parts;
  }

  write(message: Stanza, bytes: string, connection: ClientConnection): void {
    message.hold();
    this.#messages.add(message);
    connection.writeFollowed(bytes, this);
  }

  taken(writes: number): void {
    let stored: string[] | undefined;
    for (let left = writes; left > 0; left--) {
      const message = this.#messages.take();
      if (message?.stored !== undefined) (stored ??= []).push(message.stored);
      message?.release();
    }
    if (stored !== undefined) this.#parts.discharge(stored);
  }

  notTaken(): void {
    this.#parts.lost();
    for (const message of this.#messages.takeAll()) {
      this.#parts.giveUp(message);
      message.release();
    }
  }
}
