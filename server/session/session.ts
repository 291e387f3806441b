import { serializeBytes } from "#protocol/xml/serialize.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import type { FullJid } from "#protocol/jid/jid.ts";
import type { StreamCondition } from "#protocol/stream/stream-conditions.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { Env, Timer } from "#kit/env.ts";
import { randomToken } from "#kit/env.ts";
import { sessionEnded, sessionResumed, sessionStored, stanzaWaits } from "#kit/lifecycle.ts";
import type { Session, WaitingPolicy } from "#kit/session.ts";
import type { SessionSlot } from "#kit/slots.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import { StoreError } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Tally } from "../tally.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import { refuse } from "../host/refusal.ts";
import { iqKey } from "../host/steps.ts";
import { sessionVerdict } from "../host/verdict.ts";
import { Acknowledgements, askForAcknowledgement } from "../link/acknowledgements.ts";
import { admit, type Admission } from "./admit.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import { StoredHibernation, type HibernatedSession } from "./hibernation.ts";
import { HeldStanzas } from "./held-stanzas.ts";
import type { ConnectionFacts, SessionLink } from "./session-link.ts";
import type { Resumption, StoredSession } from "./resumption.ts";
import { SessionSlots } from "./session-slots.ts";
import type { SessionLimits } from "./session-limits.ts";
import type { SessionOwner } from "./session-owner.ts";
import { securedAfterMs, Unacknowledged, type Restored } from "./unacknowledged.ts";

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

/** Stream management of one session, once its client has enabled it. */
interface Management {
  readonly id: string | undefined;
  readonly resumeMs: number;
  readonly handled: Acknowledgements;
  readonly owed: Unacknowledged;
  /** When it ends if its client does not come back, in milliseconds since the epoch; of no meaning while it is there. */
  expiresAt: number;
  /** The server was killed while it hibernated: what contacts showed since it was cut is not known. */
  missesPresence: boolean;
}

/** A connected resource; see {@link Session}. */
export class LocalSession implements Session {
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
  #management: Management | undefined;
  /** What waits until somebody looks at the client; undefined while somebody does. */
  #held: HeldStanzas | undefined;
  /** Since when an acknowledgement is waited for, in milliseconds since the epoch. */
  #askedAt: number | undefined;
  #expiry: Timer | undefined;
  /** The connection that will have the session once all is settled; the latest wins. */
  #resuming: SessionLink | undefined;
  #ended = false;

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

  get connected(): boolean {
    return this.#link !== undefined;
  }

  get responsive(): boolean {
    return this.#link !== undefined && this.#management?.owed.late !== true;
  }

  /** Where it is connected from and how, for administrators. */
  get connection(): ConnectionFacts | undefined {
    return this.#link?.facts;
  }

  /** Its stream is cut, and what is needed to resume it is being stored, or is. */
  get hibernates(): boolean {
    const isAway = !this.#ended && this.#link === undefined && this.#resuming === undefined;
    return isAway && this.#management?.owed.hibernates === true;
  }

  /** Nothing is known of it here that is not stored. */
  get isAtRest(): boolean {
    return this.hibernates && this.#management?.owed.isAtRest === true;
  }

  /** When it ends if its client does not come back, in milliseconds since the epoch; of no meaning while it is there. */
  get endsAt(): number {
    return this.#management?.expiresAt ?? Infinity;
  }

  /** Since when the client owes an answer to the question what it has, in milliseconds since the epoch. */
  get askedAt(): number | undefined {
    return this.#askedAt;
  }

  /** What the client says is not read at present: its time begins anew. */
  waitLonger(now: number): void {
    if (this.#askedAt !== undefined) this.#askedAt = now;
  }

  /** Under which it can be resumed; undefined when it cannot. */
  get resumptionId(): string | undefined {
    return this.#management?.id;
  }

  readonly get = <T>(slot: SessionSlot<T>): T => (this.#slots === undefined ? slot.initial() : this.#slots.get(slot));

  readonly set = <T>(slot: SessionSlot<T>, value: T): void => {
    this.#slots ??= new SessionSlots();
    this.#slots.set(slot, value);
    if (this.#link === undefined && slot.codec !== undefined && !this.#ended) this.#management?.owed.describeAgain();
  };

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

  /** What was to be written with a stanza is not written: it was never sent. False where it is not owed. */
  withdraw(stanza: Stanza): boolean {
    return this.#management?.owed.withdraw(stanza) === true;
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
      this.#link?.write(bytes);
      if (stanza.kind === "message" && (stanza.settlement !== undefined || stanza.stored !== undefined))
        this.#settleWhenTaken(stanza);
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
    this.#link.write(bytes);
    this.#ask();
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
    this.#management = this.#manage(id, seconds * 1000);
    return { id, seconds };
  }

  #manage(id: string | undefined, resumeMs: number, restored?: Restored): Management {
    const parts = {
      account: this.account,
      messages: this.#host.steps.messages,
      env: this.#env,
      limits: this.#limits.unacknowledged,
      waits: this.#waits,
      stored: () => this.#host.emit(sessionStored, { account: this.account, session: this }),
    };
    const handled = new Acknowledgements((bytes) => {
      this.#tally.acksSent += 1;
      this.#link?.write(bytes);
    });
    const owed = new Unacknowledged(parts, restored);
    return { id, resumeMs, handled, owed, expiresAt: 0, missesPresence: false };
  }

  /** The server was started anew, and the session waits for its client as it did before. */
  #goOnFrom({ id, session, rows }: StoredSession): void {
    const { acknowledged, sent, handled, resumeMs, slots } = session;
    const stored = new StoredHibernation(this.account, id);
    const describe = (): HibernatedSession => this.#describe();
    const management = this.#manage(id, resumeMs, {
      acknowledged,
      sent,
      rows,
      stored,
      describe,
    });
    this.#management = management;
    management.handled.goOnFrom(handled);
    this.#slots = new SessionSlots(slots, (slot, error) =>
      this.#host.log.warn({ session: this.jid, slot, error }, "what a session knew cannot be read back"),
    );
    management.missesPresence = session.missesPresence;
    // A clock that was set back must not make it live for ever.
    this.#expire(management, Math.min(resumeMs, session.expiresAt - this.#env.now()));
  }

  /** The client wants to know what arrived. What is not settled yet is told when it is. */
  acknowledgementWanted(): void {
    this.#management?.handled.answer();
  }

  /** Asks the client for a sign of life: an acknowledgement where it has them, else an answer to a ping (XEP-0199). */
  ping(): void {
    if (this.#management !== undefined) {
      this.#askedAt ??= this.#env.now();
      this.#link?.write(askForAcknowledgement);
      return;
    }
    const head = { from: this.#host.domain, to: this.jid, type: "get", id: randomToken(this.#env, 10) };
    this.send(makeStanza("iq", head, xml("urn:xmpp:ping", "ping")));
  }

  /** The client has handled `h` stanzas. */
  acknowledged(h: number): void {
    this.#askedAt = undefined;
    // [xep0198-4-07]
    const error = this.#management?.owed.acknowledge(h);
    if (error !== undefined) {
      const link = this.#link;
      this.#finish();
      link?.close(error);
    } else if (this.#management !== undefined && this.#management.owed.size > 0) this.#ask();
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
    this.#resuming = link;
    // [xep0198-5-18]
    old?.close(new StreamError("conflict", { text: "the stream was resumed on another connection" }));
    this.#expire(management);
    const unavailable = (): void => {
      if (this.#resuming === link) this.#resuming = undefined;
      ready({ type: "unavailable" });
    };
    return management.handled.whenAllSettled(() => {
      if (!management.owed.hibernates) this.#goOn(management, link, ready);
      else this.account.request(() => this.#wakeUp(management, link, ready), unavailable);
    });
  }

  /**
   * Before it goes on: what has left the memory is read back, and what is stored of it forgotten for certain. Otherwise
   * a crash would take it back to where it is now, when its client has gone on.
   */
  async #wakeUp(management: Management, link: SessionLink, ready: (outcome: Resumption) => void): Promise<void> {
    const stays = (): void => {
      if (this.#resuming === link) this.#resuming = undefined;
      ready({ type: "unavailable" });
    };
    try {
      await management.owed.readBack();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return stays();
    }
    if (this.#ended || this.#resuming !== link) return ready({ type: "gone" });
    const undo = management.owed.forgetHibernation();
    return this.account.whenDurable(
      () => this.#goOn(management, link, ready),
      () => {
        undo?.();
        stays();
      },
    );
  }

  #goOn(management: Management, link: SessionLink, ready: (outcome: Resumption) => void): void {
    if (this.#ended || this.#resuming !== link) return ready({ type: "gone" });
    this.#resuming = undefined;
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#link = link;
    return ready({ type: "resumed", h: management.handled.h });
  }

  /** Sends again what the client has not had, now that it knows that it is back. [xep0198-5-19] */
  repeat(): void {
    const management = this.#management;
    if (management === undefined) return;
    const { owed, missesPresence } = management;
    management.missesPresence = false;
    // [xep0198-5-20]
    for (const bytes of owed.bytesToRepeat()) this.#link?.write(bytes);
    this.#askedAt = undefined;
    this.withhold(undefined);
    if (owed.size > 0) this.#ask();
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

  #hibernate(management: Management): void {
    // What waits for the client to look is owed like all else (S11).
    this.withhold(undefined);
    if (this.#ended) return;
    this.account.post(() => management.owed.secure());
    // [xep0198-4-08] [xep0198-7-02]
    this.#expire(management);
    // A guest's account is in memory alone.
    if (this.account.isTemporary) return;
    management.handled.whenAllSettled(() =>
      this.account.post(() => {
        if (this.#ended || this.#link !== undefined || this.#resuming !== undefined || management.owed.hibernates)
          return;
        const stored = new StoredHibernation(this.account, management.id ?? "");
        management.owed.hibernate(stored, () => this.#describe());
      }),
    );
  }

  /** What is stored of it. */
  #describe(): HibernatedSession {
    const management = this.#management;
    assert(management !== undefined, "only a session that can be resumed is stored");
    return {
      ...management.owed.totals,
      resource: this.resource,
      boundAt: this.boundAt,
      expiresAt: management.expiresAt,
      resumeMs: management.resumeMs,
      language: this.#admission.language,
      handled: management.handled.settled,
      missesPresence: management.missesPresence || !management.owed.isWhole,
      slots: this.#slots?.encode() ?? {},
    };
  }

  /** From now on the session has as long as was agreed, or what is left of that after a restart. */
  #expire(management: Management, ms = management.resumeMs): void {
    this.#expiry?.cancel();
    management.expiresAt = this.#env.now() + ms;
    this.#expiry = this.#env.setTimer(Math.max(0, ms), () => this.#finish());
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
    this.#expiry?.cancel();
    this.#management?.owed[Symbol.dispose]();
  }

  /** It will not come back: what it owes is decided about, then everybody hears that it is gone. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#expiry?.cancel();
    this.#link = undefined;
    this.#held = undefined;
    const management = this.#management;
    management?.handled.end();
    if (management?.id !== undefined) {
      const { id, handled } = management;
      // What is remembered for long holds on to nothing where it need not.
      this.#endedSessions.remember(this.account.jid, id, handled.areAllSettled ? handled.h : () => handled.h);
    }
    this.#leave();
  }

  #leave(): void {
    this.#expiry = undefined;
    const owed = this.#management?.owed;
    if (owed?.hibernates !== true) {
      this.#leaveWith(owed, () => true);
      return;
    }
    let ready = false;
    this.account.post(async () => {
      try {
        await owed.readBack();
        ready = true;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#expiry = this.#env.setTimer(securedAfterMs, () => this.#leave());
      }
    });
    this.account.post(() => (ready ? owed.endHibernation() : undefined));
    this.#leaveWith(owed, () => ready);
  }

  #leaveWith(owed: Unacknowledged | undefined, ready: () => boolean): void {
    this.account.post(() => {
      if (!ready()) return;
      if (this.account.sessions.get(this.resource) === this) this.account.sessions.delete(this.resource);
      // Before anybody hears of it, so that what comes next finds its place behind what was owed.
      owed?.hand();
    });
    // By itself: that the session is gone is no consequence of what was written of what it owed, and remains true where
    // that could not be written.
    this.account.post((account) => {
      if (ready()) this.#host.emit(sessionEnded, { account, session: this });
    });
  }

  /**
   * For a stanza that comes too late. It goes behind what the session still owed when it ended, and its sender is told
   * that all is well only when it has another place.
   */
  #giveUp(stanza: Stanza, held = false): void {
    if (!held) stanza.hold();
    // While it cannot leave, as what it owes cannot be read, it would be given the stanza again, and at once.
    if (this.#expiry !== undefined) return void this.#env.setTimer(securedAfterMs, () => this.#giveUp(stanza, true));
    const release = (): void => stanza.release();
    this.account.postLocal((account) => {
      const again = account?.sessions.get(this.resource);
      if (again !== undefined && again !== this && again.resumptionId === this.resumptionId) {
        // The account was put to sleep meanwhile, and it is not over at all.
        again.send(stanza);
        return release();
      }
      if (account !== undefined) this.#waits(stanza);
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

  #settleWhenTaken(stanza: Stanza): void {
    const { stored } = stanza;
    const link = this.#link;
    stanza.hold();
    link?.whenTaken((taken) => {
      if (!taken) {
        // A socket fails its writes before it says that it is closed.
        this.cut(link);
        this.#giveUp(stanza);
      } else if (stored !== undefined)
        this.account.post((account) => this.#host.steps.messages.discharge(account, [stored]));
      stanza.release();
    });
  }

  /** Asks for an acknowledgement unless one is on its way: one question is out at any time. */
  #ask(): void {
    if (this.#askedAt !== undefined || this.#link === undefined) return;
    this.#askedAt = this.#env.now();
    this.#link.write(askForAcknowledgement);
  }

  readonly #waits = (stanza: Stanza): void =>
    this.#host.emit(stanzaWaits, { account: this.account, session: this, stanza });
}
