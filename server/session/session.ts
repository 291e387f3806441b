import { assert } from "#protocol/assert.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import type { FullJid } from "#protocol/jid/jid.ts";
import type { StreamCondition } from "#protocol/stream/stream-conditions.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { Env } from "#kit/env.ts";
import { randomToken } from "#kit/env.ts";
import { sessionResumed, stanzaWaits } from "#kit/lifecycle.ts";
import type { WaitingPolicy } from "#kit/session.ts";
import type { SessionSlot } from "#kit/slots.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Tally } from "../tally.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import { refuse } from "../host/refusal.ts";
import { iqKey } from "../host/steps.ts";
import { sessionVerdict } from "../host/verdict.ts";
import { admit, type Admission } from "./admit.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { HeldStanzas } from "./held-stanzas.ts";
import { Leaving } from "./leaving.ts";
import type { Resumption, StoredSession } from "./resumption.ts";
import type { SessionLink } from "./session-link.ts";
import { SessionSlots } from "./session-slots.ts";
import type { SessionLimits } from "./session-limits.ts";
import type { SessionOwner } from "./session-owner.ts";
import {
  StreamManagement,
  type ManagedSession,
  type Resumability,
  type SessionDescription,
} from "./stream-management.ts";
import { securedAfterMs } from "./owed-stanza.ts";
import { UntakenMessages } from "./untaken-messages.ts";

export interface LocalSessionParts {
  readonly jid: FullJid;
  readonly resource: string;
  readonly account: SessionOwner<LocalSession>;
  readonly env: Env;
  readonly limits: SessionLimits;
  readonly admission: Omit<Admission, "jid">;
  /** How it is connected, or what was stored of it before the server was started. */
  readonly begin: SessionLink | StoredSession;
  readonly endedSessions: EndedSessions;
  readonly tally: Tally;
}

/** A connected resource; see {@link Session}. */
export class LocalSession implements ManagedSession {
  readonly jid: FullJid;
  readonly resource: string;
  readonly account: SessionOwner<LocalSession>;
  readonly boundAt: number;
  /** Stanzas for it that wait in the account's outbox; the account's. */
  queued = 0;
  readonly #host: SteppedHost;
  readonly #env: Env;
  readonly #limits: SessionLimits;
  readonly #admission: Admission;
  readonly #endedSessions: EndedSessions;
  readonly #tally: Tally;
  #link: SessionLink | undefined;
  #slots: SessionSlots | undefined;
  #management: StreamManagement | undefined;
  /** What waits until somebody looks at the client; undefined while somebody does. */
  #held: HeldStanzas | undefined;
  #ended = false;
  #leaving: Leaving | undefined;
  /** Without stream management, once a message was sent. */
  #untaken: UntakenMessages | undefined;

  constructor(parts: LocalSessionParts) {
    this.jid = parts.jid;
    this.resource = parts.resource;
    this.account = parts.account;
    this.boundAt = "rows" in parts.begin ? parts.begin.session.boundAt : parts.env.now();
    this.#host = parts.account.host;
    this.#env = parts.env;
    this.#limits = parts.limits;
    this.#admission = { jid: parts.jid, ...parts.admission };
    this.#endedSessions = parts.endedSessions;
    this.#tally = parts.tally;
    if ("rows" in parts.begin) this.#goOnFrom(parts.begin);
    else this.#link = parts.begin;
  }

  /** How it is connected; undefined while its stream is cut. */
  get link(): SessionLink | undefined {
    return this.#link;
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  get responsive(): boolean {
    return this.#link !== undefined && this.#management?.owed.late !== true;
  }

  get isOver(): boolean {
    return this.#ended;
  }

  /** Once its client has enabled it. */
  get management(): StreamManagement | undefined {
    return this.#management;
  }

  /** Its stream is cut, and what is needed to resume it is being stored, or is. */
  get hibernates(): boolean {
    return this.#management?.isAway === true && this.#management.owed.hibernates;
  }

  /** Nothing is known of it here that is not stored. */
  get isAtRest(): boolean {
    return this.hibernates && this.#management?.owed.isAtRest === true;
  }

  readonly get = <T>(slot: SessionSlot<T>): T => (this.#slots === undefined ? slot.initial() : this.#slots.get(slot));

  readonly set = <T>(slot: SessionSlot<T>, value: T): void => {
    this.#slots ??= new SessionSlots();
    this.#slots.set(slot, value);
    if (this.#link === undefined && slot.codec !== undefined && !this.#ended) this.#management?.owed.describeAgain();
  };

  readonly charge = (stanzas: number): void => this.#link?.connection.charge(stanzas);

  readonly send = (stanza: Stanza): void => this.account.sendTo(this, stanza);

  withhold(policy: WaitingPolicy | undefined): void {
    if (this.#held !== undefined) this.#sendHeld(this.#held);
    this.#held = policy === undefined || this.#ended ? undefined : new HeldStanzas(policy);
  }

  readonly end = (condition: StreamCondition, text?: string): void => {
    const link = this.#link;
    if (this.#ended) return;
    // The client may know what arrived before it is sent away.
    this.#management?.handled.tell();
    this.#finish();
    link?.close(new StreamError(condition, { text }));
  };

  /** Another session takes its place. */
  giveWay(): void {
    // What its client has not taken is to come there, ahead of what is newer: with stream management it does.
    if (this.#management === undefined) this.#link?.connection.giveWay();
    // [rfc6120-7.7.2.2-01]
    this.end("conflict", "another client took this resource");
  }

  /** A stanza came in on the stream. */
  receive(element: XmlElement): void {
    if (this.#ended) return;
    const settlement = this.#management?.handled.next();
    const admitted = admit(element, this.#admission, settlement);
    if (admitted instanceof StreamError) {
      this.end(admitted.condition, admitted.text);
    } else if ("refused" in admitted) {
      refuse(this.#host, admitted.refused, admitted.error, this);
      settlement?.release();
    } else this.account.accept(admitted, this);
  }

  /** An element that is no stanza and that a module understands. */
  receiveNonza(element: XmlElement): void {
    const handler = this.#host.steps.nonzas.get(iqKey("", element.ns, element.name));
    if (!this.#ended) handler?.handle(this, element);
  }

  /** Puts a stanza on the wire, past the outbox: its turn has come. */
  transmit(stanza: Stanza): void {
    const verdict = sessionVerdict(this.#host.steps, this, stanza);
    if (verdict !== undefined) {
      if ("refuse" in verdict) refuse(this.#host, stanza, verdict.refuse);
      if (stanza.kind === "message") this.#host.steps.messages.undelivered(this.account, stanza, "declined");
      return;
    }
    if (this.#ended) return this.#giveUp(stanza);
    if (this.#held !== undefined) {
      if (this.#held.add(stanza)) return;
      if (!this.#sendHeld(this.#held)) return this.#giveUp(stanza);
    }
    this.#put(stanza);
  }

  #put(stanza: Stanza): void {
    const bytes = serializeBytes(stanza.element);
    this.#tally.stanzasSent += 1;
    const management = this.#management;
    if (management === undefined) {
      if (stanza.kind === "message") this.#writeMessage(stanza, bytes);
      else this.#link?.connection.write(bytes);
      return;
    }
    if (!management.owed.add(stanza, bytes)) {
      this.end("policy-violation", "too many stanzas are not acknowledged");
      this.#giveUp(stanza);
      return;
    }
    if (this.#link === undefined) {
      // Its sender need not wait until it is back.
      if (management.id !== undefined) management.owed.secure();
      return;
    }
    this.#link.connection.write(bytes);
    management.ask();
  }

  /** Turns stream management on (XEP-0198 §3). */
  enableManagement(options: { readonly resume: boolean; readonly secondsMax: number | undefined }): {
    readonly id: string | undefined;
    readonly seconds: number;
  } {
    const wanted = options.secondsMax ?? this.#limits.resumeSecondsMax;
    // [xep0198-3-02]
    const seconds = Math.min(wanted, this.#limits.resumeSecondsMax);
    // [xep0198-5-04] [xep0198-5-06] [xep0198-5-07]
    const id = options.resume && seconds > 0 ? randomToken(this.#env) : undefined;
    this.#management = this.#manage({ id, resumeMs: seconds * 1000 });
    return { id, seconds };
  }

  #manage(resumability: Resumability, stored?: StoredSession): StreamManagement {
    const [env, tally, limits] = [this.#env, this.#tally, this.#limits.unacknowledged];
    return new StreamManagement(this, { env, limits, tally }, resumability, stored);
  }

  /** The server was started anew, and the session waits for its client as it did before. */
  #goOnFrom(stored: StoredSession): void {
    this.#slots = new SessionSlots(stored.session.slots, (slot, error) =>
      this.#host.log.warn({ session: this.jid, slot, error }, "what a session knew cannot be read back"),
    );
    this.#management = this.#manage({ id: stored.id, resumeMs: stored.session.resumeMs }, stored);
  }

  /** Asks the client for a sign of life: an acknowledgement where it has them, else an answer to a ping (XEP-0199). */
  ping(): void {
    if (this.#management !== undefined) return this.#management.ping();
    const head = { from: this.#host.domain, to: this.jid, type: "get", id: randomToken(this.#env, 10) };
    this.send(makeStanza("iq", head, xml("urn:xmpp:ping", "ping")));
  }

  /** The client has handled `h` stanzas. */
  acknowledged(h: number): void {
    const error = this.#management?.acknowledge(h);
    if (error === undefined) return this.#management?.ask();
    const link = this.#link;
    this.#finish();
    link?.close(error);
  }

  /**
   * The stream goes on over another connection (XEP-0198 §5).
   *
   * @param h what the client says that it has handled
   * @param ready told once everything that arrived before the cut is settled; `repeat` follows when the client knows
   */
  resume(link: SessionLink, h: number, ready: (outcome: Resumption) => void): void {
    const management = this.#management;
    if (management?.id === undefined || this.#ended) return ready({ type: "gone" });
    const error = management.owed.acknowledge(h);
    if (error !== undefined) return ready({ type: "impossible", error });
    const old = this.#link;
    this.#link = undefined;
    // [xep0198-5-18]
    old?.close(new StreamError("conflict", { text: "the stream was resumed on another connection" }));
    return management.wake(link, (outcome) => {
      if (outcome !== "awake") return ready({ type: outcome });
      this.#link = link;
      return ready({ type: "resumed", h: management.handled.h });
    });
  }

  /** Sends again what the client has not had, now that it knows that it is back. [xep0198-5-19] */
  repeat(): void {
    const management = this.#management;
    if (management === undefined) return;
    const missesPresence = management.repeat();
    this.withhold(undefined);
    management.ask();
    this.account.post((account) => this.#host.emit(sessionResumed, { account, session: this, missesPresence }));
  }

  /** The connection is gone without a closing tag. */
  cut(link: SessionLink): void {
    if (this.#ended || this.#link !== link) return;
    this.#link = undefined;
    const management = this.#management;
    if (management?.id === undefined) this.#finish();
    else this.#hibernate(management);
  }

  /** The client closes its stream, or we do: the last acknowledgement (S7), and nothing to resume. */
  close(): void {
    if (this.#ended) return;
    // [xep0198-4-05] [xep0198-4-06]
    if (this.#link !== undefined) this.#management?.handled.tell();
    this.#finish();
  }

  #hibernate(management: StreamManagement): void {
    // What waits for the client to look is owed like all else (S11).
    this.withhold(undefined);
    if (!this.#ended) management.cut();
  }

  describe(): SessionDescription {
    const { language } = this.#admission;
    return { resource: this.resource, boundAt: this.boundAt, language, slots: this.#slots?.encode() ?? {} };
  }

  expire(): void {
    this.#finish();
  }

  /** The server stops: the stream ends. A session that can be resumed waits for its client and the restart. */
  suspend(condition: StreamCondition): void {
    const management = this.#management;
    if (management?.id === undefined || this.account.isTemporary) return this.end(condition);
    const link = this.#link;
    if (this.#ended || link === undefined) return undefined;
    management.handled.tell();
    this.#link = undefined;
    this.#hibernate(management);
    return link.close(new StreamError(condition));
  }

  /** Nothing comes for a while, or any more as the server stops: all that is owed is written down. Within the account's work. */
  completeHibernation(): void {
    if (!this.#ended) this.#management?.owed.completeHibernation();
  }

  /** The server has stopped, or its account sleeps: this object is the session no more, and nobody hears of it. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#management?.[Symbol.dispose]();
    this.#leaving?.[Symbol.dispose]();
  }

  /** It will not come back: what it owes is decided about, then everybody hears that it is gone. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#link = undefined;
    this.#held = undefined;
    this.#management?.end(this.#endedSessions);
    this.#leaving = new Leaving(this, this.#management?.owed, this.#env);
    this.#leaving.begin();
  }

  /**
   * For a stanza that comes too late. It goes behind what the session still owed when it ended, and its sender is told
   * that all is well only when it has another place.
   */
  #giveUp(stanza: Stanza, held = false): void {
    if (!held) stanza.hold();
    // While it cannot leave, as what it owes cannot be read, it would be given the stanza again, and at once.
    if (this.#leaving?.waits === true) return void this.#env.setTimer(securedAfterMs, () => this.#giveUp(stanza, true));
    const release = (): void => stanza.release();
    this.account.postLocal((account) => {
      const again = account?.sessions.get(this.resource);
      const id = this.#management?.id;
      if (again !== undefined && again !== this && id !== undefined && again.management?.id === id) {
        // The account was put to sleep meanwhile, and it is not over at all.
        again.send(stanza);
        return release();
      }
      if (account !== undefined) this.#host.emit(stanzaWaits, { account, session: this, stanza });
      if (stanza.kind === "message" && account !== undefined)
        this.#host.steps.messages.undelivered(account, stanza, "session-ended");
      else if (stanza.kind !== "presence") refuse(this.#host, stanza, new StanzaError("service-unavailable"));
      if (account === undefined) release();
      else account.whenDurable(release, release);
    });
  }

  /** False where that hit the bound of what is not acknowledged, and the session is over. */
  #sendHeld(held: HeldStanzas): boolean {
    for (const stanza of held.takeAll()) if (!this.#ended) this.#put(stanza);
    return !this.#ended;
  }

  /** To a client without stream management. */
  #writeMessage(stanza: Stanza, bytes: string): void {
    const link = this.#link;
    assert(link !== undefined, "a session without stream management has a link as long as it lasts");
    this.#untaken ??= new UntakenMessages({
      discharge: (stored) => this.account.post((account) => this.#host.steps.messages.discharge(account, stored)),
      lost: () => this.cut(link),
      giveUp: (message) => this.#giveUp(message),
    });
    this.#untaken.write(stanza, bytes, link.connection);
  }
}
