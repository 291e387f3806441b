import { resourceOf } from "#protocol/jid/jid.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import { accountResting, sessionResumed, sessionStored } from "#kit/lifecycle.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule, type ModuleParts, type UndeliveredCause } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { StoreError } from "#kit/storage.ts";
import { isNamed, withoutNames } from "#xep/0013-flexible-offline/elements.ts";
import { sessionAvailable, sessionPresenceChanged } from "../presence/events.ts";
import { presenceSlot } from "../presence/slots.ts";
import { decide, mayKnow, mostAvailable } from "./delivery.ts";
import { messageRecovered } from "./events.ts";
import { floodFor, hasFromArchive, isFlooded } from "./flood.ts";
import { OfflineStore } from "./offline.ts";
import { withoutForgedDelay } from "./own-delay.ts";
import { SharedMessages } from "./shared-messages.ts";
import {
  archiveReaders,
  archiveReadTo,
  floodGoesOn,
  isRetrieving,
  offlineCount,
  offlineMessages,
  readsArchive,
} from "./slots.ts";
import { isWorthKeeping } from "./worth-keeping.ts";

export const offlineMessagesMax = integerOption({
  key: "offline_messages_max",
  default: 1_000,
  min: 0,
  max: 1_000_000,
  unit: "messages",
  description: "How many messages wait for an account whose clients are away; 0 returns them to their senders.",
});

/** How long a session of which it is known that it reads its archive has time to ask, in milliseconds. */
export const askedWithinMs = 5_000;

/** How long after a part of what waits was sent it is looked whether the client has taken it, in milliseconds. */
const takenWithinMs = 250;

/** When kept messages could not be read for a session that waits for them: when to try again, in milliseconds. */
const readAgainAfterMs = 1_000;

/** Delivery of messages (RFC 6121 §5, §8.5) and what happens to those that reach nobody (XEP-0160). */
export const messages = serverModule({
  name: "messages",
  indispensable: true,
  implements: [
    { rfc: 6121, title: "Instant Messaging and Presence: messages", version: "5, 8", status: "complete" },
    { xep: 160, title: "Best Practices for Handling Offline Messages", version: "1.0.1", status: "complete" },
    { xep: 203, title: "Delayed Delivery", version: "2.0", status: "complete" },
    { xep: 334, title: "Message Processing Hints", version: "1.0.0", status: "complete" },
    { xep: 82, title: "XMPP Date and Time Profiles", version: "1.1.1", status: "complete" },
  ],
  // [xep0160-4-01]
  features: ["msgoffline"],
  options: [offlineMessagesMax],
  slots: [offlineMessages, offlineCount, archiveReaders],
  start: (host) => {
    const offline = new OfflineStore(host);
    const shared = new SharedMessages();
    const max = host.setting(offlineMessagesMax);
    /** Likenesses of messages that wait all the same. */
    const giveBack = (account: Account, stanza: Stanza, error: StanzaError): void => {
      const reply = errorReply(stanza.element, error);
      if (reply !== undefined) account.send(stanza.returnedAs(reply, stanza.to ?? account.jid));
    };

    /** Who relies on it is told where it cannot be written. */
    const giveBackUnwritten = (account: Account, stanza: Stanza): void =>
      account.whenDurable(nothing, (reason) => giveBack(account, stanza, notStored(reason)));

    /** Whether it waits behind older messages that whoever would be given it has still to be sent. [rfc6120-10.1-01] */
    const waitsItsTurn = (account: Account, stanza: Stanza, sessions: readonly Session[]): boolean => {
      if (!sessions.every(awaitsMore) || isOurs(account, stanza)) return false;
      // Better too early than not at all.
      if (!isWorthKeeping(stanza) || !offline.keep(account, stanza, max)) return false;
      giveBackUnwritten(account, stanza);
      return true;
    };

    /** Full: it would be worth keeping and there is no room. */
    const keep = (account: Account, stanza: Stanza): "kept" | "full" | "not-kept" => {
      if (!isWorthKeeping(stanza)) return "not-kept";
      if (offline.keep(account, stanza, max)) return "kept";
      return isLeftToArchive(account, stanza) ? "kept" : "full";
    };

    /** A session that was given a message ended: whoever is there and has not got it otherwise has it next. */
    const handOn = (account: Account, stanza: Stanza): boolean => {
      const next = mostAvailable(account).filter(
        (session) => !hasFromArchive(stanza.archived, session.get(archiveReadTo)),
      );
      if (next.length === 0) return false;
      shared.give(stanza, next.length);
      // The ended session relied on it.
      if (stanza.stored !== undefined) offline.rows(account).relyOn(stanza.stored, next.length - 1);
      for (const session of next) session.send(stanza);
      return true;
    };

    const keepStored = (account: Account, stanza: Stanza, name: string): void => {
      if (offline.rows(account).giveBack(name, max) || isLeftToArchive(account, stanza)) return;
      giveBack(account, stanza, new StanzaError("service-unavailable"));
    };

    const undelivered = (account: Account, stanza: Stanza, cause: UndeliveredCause): void => {
      const type = messageTypeOf(stanza.element);
      const { stored } = stanza;
      if (isOurs(account, stanza)) {
        if (stored !== undefined) notRead(account, stored);
        return;
      }
      // [xep0013-2.5-01]
      if (type === "error" || isNamed(stanza.element)) return;
      if (cause === "recovered") {
        // Where this cannot be written it is recovered once more.
        if (keep(account, stanza) === "full") giveBack(account, stanza, new StanzaError("service-unavailable"));
        else host.emit(messageRecovered, { account, stanza });
        for (const session of mostAvailable(account)) deliverKept(account, session);
        return;
      }
      if (cause !== "no-recipient") {
        const hasOthers = shared.dropOne(stanza);
        if (hasOthers || (stored !== undefined && offline.rows(account).isInOtherHands(stored))) {
          if (stored !== undefined) offline.rows(account).letGo(stored);
          return;
        }
      }
      if (cause === "declined") {
        if (stored !== undefined) offline.rows(account).letGo(stored);
        return;
      }
      if (cause === "session-ended" && (type === "chat" || type === "normal") && handOn(account, stanza)) return;
      if (stored !== undefined) {
        keepStored(account, stanza, stored);
        return;
      }
      const kept = keep(account, stanza);
      if (kept === "kept") {
        giveBackUnwritten(account, stanza);
        return;
      }
      if (type === "headline") return;
      // A room learns from this that its occupant is gone (S21).
      if (type === "groupchat" && cause === "session-ended")
        giveBack(account, stanza, new StanzaError("recipient-unavailable"));
      // What is never kept would tell strangers, by coming back, that nobody is there. [rfc6121-11-02] [rfc6121-8.1-01]
      // [rfc3921-11.1-17] [xep0160-1-01]
      else if (kept === "full" || type === "groupchat" || mayKnow(account, stanza.from))
        giveBack(account, stanza, new StanzaError("service-unavailable"));
    };

    /** What a session should have had from the archive it has not got: it waits again, or others who are there have it now. */
    const notRead = (account: Account, stored: string): void => {
      offline.rows(account).giveBack(stored, Infinity);
      for (const session of mostAvailable(account)) deliverKept(account, session);
    };

    /** To a session that became available; what cannot be read now is tried again as long as it is. */
    const deliverKept = (account: Account, session: Session, waited = false): void => {
      if (host.signal.aborted || account.sessions.get(session.resource) !== session) return;
      if ((session.get(presenceSlot)?.priority ?? -1) < 0) return;
      const later = (ms: number, hasWaited: boolean): void =>
        void host.env.setTimer(ms, () => deliverKept(account, session, hasWaited));
      // Ahead of messages that have arrived already: they are newer than those that are kept. [rfc6120-10.1-01]
      account.postNext(async () => {
        const visitor = {
          retrieving: isRetrieving(account),
          readTo: session.get(archiveReadTo),
          reader: readsArchive(account, session.resource),
          waited,
        };
        const flood = floodFor(visitor);
        if (flood === "nothing") return goesOn(session, false);
        const askAgain = (): void => later(askedWithinMs, true);
        try {
          const portion = await offline.deliver(account, session, {
            isWanted: (archived) => isFlooded(flood, archived, visitor),
            // It may be too old for the archive by now.
            inHistory: flood === "later-than-read" ? inHistory() : undefined,
          });
          goesOn(session, portion !== undefined);
          if (portion !== undefined) goOnWhenTaken(account, session, { portion, waited });
          else if (flood === "not-archived-for-now") askAgain();
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
          host.log.warn({ account: account.jid, error }, "kept messages cannot be read at present");
          if (flood === "not-archived-for-now") askAgain();
          else later(readAgainAfterMs, waited);
        }
      });
    };

    /** Who was sent a part gets the next one when it has taken that, and not while its stream is cut. */
    const goOnWhenTaken = (
      account: Account,
      session: Session,
      sent: { readonly portion: readonly string[]; readonly waited: boolean },
    ): void =>
      void host.env.setTimer(takenWithinMs, () => {
        if (host.signal.aborted || !session.connected) return;
        if (offline.rows(account).isOwed(sent.portion)) goOnWhenTaken(account, session, sent);
        else deliverKept(account, session, sent.waited);
      });

    const inHistory = (): ModuleParts["inHistory"] =>
      host.modules.map(({ parts }) => parts.inHistory).find((found) => found !== undefined);

    const honest = (_: Account, original: Stanza): Stanza => {
      const stanza = withoutForgedDelay(host.domain, original);
      // Who reads what waits by itself is shown it so (XEP-0013), and such a message is kept already.
      if (stanza.kind !== "message" || !isNamed(stanza.element)) return stanza;
      return stanza.rewritten(withoutNames(stanza.element));
    };

    return {
      rewrite: { outbound: honest, inbound: honest },
      messages: {
        deliver: (account, stanza): readonly Session[] => {
          const resource = stanza.to === undefined ? undefined : resourceOf(stanza.to);
          const decision = decide(account, messageTypeOf(stanza.element), resource, stanza.from);
          switch (decision.do) {
            case "deliver":
              if (waitsItsTurn(account, stanza, decision.to)) return [];
              shared.give(stanza, decision.to.length);
              // Untouched: address, words and all. [rfc6121-8.5.2.1.1-13] [rfc6121-5.3-01] [rfc6121-5.2.5-07]
              // [rfc6121-5.2.3-01] [rfc6121-5.2.3-02] [rfc6121-5.2.4-01] [rfc6121-5.2.5-01] [rfc6121-5.2.5-02]
              // [rfc6121-5.2.5-03] [rfc6121-5.2.5-05]
              // [rfc6120-8.1.1.1-03] [rfc6120-8.4-13]
              // [xep0013-2.2-03]
              for (const session of decision.to) session.send(stanza);
              return decision.to;
            case "keep":
              // [xep0160-2-01]
              undelivered(account, stanza, "no-recipient");
              return [];
            case "return":
              // [rfc6121-8.5.2.1.1-07] [rfc6121-8.5.2.2.1-02] [rfc6121-8.5.3.2.1-01]
              giveBack(account, stanza, new StanzaError("service-unavailable"));
              return [];
            default:
              return [];
          }
        },
        undelivered,
        secure: (account, stanza) =>
          isWorthKeeping(stanza) && !isOurs(account, stanza) && !isNamed(stanza.element)
            ? offline.secure(account, stanza)
            : undefined,
        discharge: (account, names) => offline.rows(account).take(names),
        waiting: {
          list: (account, take, names) => offline.list(account, take, names),
          holds: (account, names) => offline.holds(account, names),
          lend: (account, names) => offline.lend(account, names),
          show: (session, { element, from, to }) => {
            session.send(stanzaOf("message", element, from, to));
          },
          offer: (account, session) => deliverKept(account, session),
          discard: (account, names) => offline.rows(account).discard(names),
        },
        mayLetGo: (stanza) => !shared.has(stanza),
        readBack: (account, names) => offline.readBack(account, names),
        reached: (account, name, stanza) => {
          if (offline.rows(account).isTaken(name)) return "somebody";
          if (stanza === undefined) return undefined;
          return shared.count(stanza) > offline.rows(account).owing(name) ? "somebody" : "nobody";
        },
        claim: (account, name, taken) => offline.rows(account).claim(name, taken),
      },
      events: [
        // Only memory knows what could not be removed.
        on(accountResting, ({ account }) => offline.rows(account).take()),
        on(sessionStored, ({ account }) => offline.rows(account).take()),
        on(sessionAvailable, ({ account, session, presence }) => {
          if (presence.priority >= 0) deliverKept(account, session);
        }),
        on(sessionResumed, ({ account, session }) => {
          if (session.get(floodGoesOn)) deliverKept(account, session, true);
        }),
        on(sessionPresenceChanged, ({ account, session, before, presence }) => {
          if (before.priority < 0 && presence.priority >= 0) deliverKept(account, session);
        }),
      ],
    };
  },
});

/**
 * Whether a message for which there is no room may be left to the archive, so that nobody need be told that it failed: it has
 * it, and clients of the account read it.
 */
function isLeftToArchive(account: Account, { archived }: Stanza): boolean {
  return archived !== undefined && readsArchive(account);
}

/**
 * Whether the server itself sends a message in the account's name: a copy, a page of its archive. What it is about has reached
 * somebody or is kept, and nobody waits for an error. [xep0280-10.3-01]
 */
function isOurs(account: Account, { from }: Stanza): boolean {
  return from === account.jid;
}

/** Whether it has not had all that waits. */
function awaitsMore(session: Session): boolean {
  return session.get(floodGoesOn);
}

/** Whether more of what waits is to be sent to it. */
function goesOn(session: Session, does: boolean): void {
  if (session.get(floodGoesOn) !== does) session.set(floodGoesOn, does);
}

function nothing(): void {}

function notStored(cause: unknown): StanzaError {
  const condition = cause instanceof StoreError ? "resource-constraint" : "internal-server-error";
  return new StanzaError(condition, { type: "wait", text: "the message could not be stored", cause });
}
