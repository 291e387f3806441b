import type { StreamError } from "#protocol/stream/stream-error.ts";
import { SmQueue, type SmEntry, type SmQueueLimits } from "#protocol/stream/sm/queue.ts";
import type { Account } from "#kit/account.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { MessageDelivery } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { refuse } from "../host/refusal.ts";

/** A stanza that the client has not acknowledged. */
interface Owed extends SmEntry {
  readonly stanza: Stanza;
  /** Under which name it was made durable; null when it is not one to be kept. */
  secured: string | null | undefined;
  /** Whether its sender's acknowledgement waits for it. Only messages make anybody wait. */
  held: boolean;
  /** Whether it was told that it waits for the client. */
  late: boolean;
}

/** How long a client may leave a message unacknowledged before it is written down. */
export const securedAfterMs = 2_000;

/**
 * The stanzas that a session with stream management owes to its client (XEP-0198 §4). What its sender may be told is
 * safe is either acknowledged by the client or written down: a message that stays unacknowledged, because the stream
 * is cut or the client is slow, is made durable and forgotten when the acknowledgement comes.
 */
export class Unacknowledged {
  readonly #queue: SmQueue<Owed>;
  readonly #account: Account;
  readonly #messages: MessageDelivery;
  readonly #env: Env;
  #timer: Timer | undefined;
  /** Messages of which it is not certain yet whether they are written down. */
  #securing = 0;
  /** Stanzas that are late. */
  #late = 0;
  readonly #waits: (stanza: Stanza) => void;

  constructor(parts: {
    readonly account: Account;
    readonly messages: MessageDelivery;
    readonly env: Env;
    readonly limits: SmQueueLimits;
    /** Told once of each stanza that the client does not take for long. */
    readonly waits: (stanza: Stanza) => void;
  }) {
    this.#queue = new SmQueue(parts.limits);
    this.#account = parts.account;
    this.#waits = parts.waits;
    this.#messages = parts.messages;
    this.#env = parts.env;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Whether the client has left something unacknowledged for long. */
  get late(): boolean {
    return this.#late > 0;
  }

  /** False when a bound is hit; the stanza is then not owed and the session must end. */
  add(stanza: Stanza, bytes: string): boolean {
    const isMessage = stanza.kind === "message";
    const secured = isMessage ? stanza.stored : null;
    if (!this.#queue.push({ bytes, stanza, secured, held: isMessage, late: false })) return false;
    if (isMessage) stanza.hold();
    this.#timer ??= this.#env.setTimer(securedAfterMs, this.#secureLater);
    return true;
  }

  /** The client has handled `h` stanzas. Returns the stream error for a count of stanzas that were never sent (S8). */
  acknowledge(h: number): StreamError | undefined {
    const result = this.#queue.acknowledge(h);
    if (result.type === "tooHigh") return result.error;
    const discharged: string[] = [];
    for (const owed of result.entries) {
      if (owed.late) this.#late -= 1;
      if (typeof owed.secured === "string") discharged.push(owed.secured);
      letGo(owed);
    }
    if (discharged.length > 0) this.#account.post((account) => this.#messages.discharge(account, discharged));
    return undefined;
  }

  /** What must be sent again after a resumption, oldest first. */
  bytesToRepeat(): readonly string[] {
    return this.#queue.unacknowledged().map((owed) => owed.bytes);
  }

  /** Writes down all that is owed; what cannot be written now is tried again later. To be called from within the account's work. */
  secure(): void {
    this.tellLate();
    for (const owed of this.#queue.unacknowledged()) {
      if (owed.secured !== undefined) continue;
      const name = owed.stanza.kind === "message" ? this.#messages.secure(this.#account, owed.stanza) : undefined;
      owed.secured = name ?? null;
      this.#securing += 1;
      this.#account.whenDurable(
        () => {
          this.#securing -= 1;
          letGo(owed);
        },
        () => {
          this.#securing -= 1;
          owed.secured = undefined;
        },
      );
    }
  }

  /** The client is away, or slow: whoever wants to know what waits for it is told. */
  tellLate(): void {
    if (this.#late === this.#queue.size) return;
    // Those that are late already come before all others.
    for (const owed of this.#queue.unacknowledged(this.#late)) {
      owed.late = true;
      this.#late += 1;
      this.#waits(owed.stanza);
    }
  }

  /**
   * The session will not come back: everything goes to the one step that decides about it, once it is certain what of it
   * is written down. From within the account's work.
   */
  hand(): void {
    this.#timer?.cancel();
    this.tellLate();
    const handOn = (): void => {
      for (const owed of this.#queue.unacknowledged()) this.#handOn(owed);
    };
    if (this.#securing === 0) handOn();
    else this.#account.whenDurable(handOn, handOn);
  }

  #handOn(owed: Owed): void {
    const { stanza, secured } = owed;
    if (stanza.kind === "message") {
      const kept = typeof secured === "string" ? stanza.storedAs(secured) : stanza;
      this.#messages.undelivered(this.#account, kept, "session-ended");
    } else if (stanza.kind === "iq") {
      // Who asked must not wait for an answer that nobody will give. [rfc6120-8.2.3-04]
      refuse(this.#account.host, stanza, new StanzaError("service-unavailable"));
    }
    const release = (): void => letGo(owed);
    this.#account.whenDurable(release, release);
  }

  readonly #secureLater = (): void => {
    this.#timer = undefined;
    if (this.#queue.size === 0) return;
    this.#account.post(() => this.secure());
    this.#timer = this.#env.setTimer(securedAfterMs, this.#secureLater);
  };
}

/** Its sender need not wait for this session any more. */
function letGo(owed: Owed): void {
  if (!owed.held) return;
  owed.held = false;
  owed.stanza.release();
}
