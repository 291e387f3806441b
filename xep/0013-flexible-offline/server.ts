import { detachString } from "#protocol/detach-string.ts";
import { bareOf, resourceOf, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { reads, writes, type AccountRequest } from "#kit/iq.ts";
import { serverModule, type DiscoNode } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import type { Stanza } from "#kit/stanza.ts";
import { messagesOf, type WaitingMessages } from "#kit/waiting-messages.ts";
import { retrievesByItself } from "#im/messages/slots.ts";
import { DataForm, formTypeField, valueField } from "../0004-data-forms/elements.ts";
import { named, NS_OFFLINE, OfflineRequest } from "./elements.ts";

/**
 * What is shown at once, in UTF-16 code units: much below what may wait for a connection by default. Strangers wrote it, and more
 * would cut the stream (A15).
 */
const shownLengthMax = 1024 * 1024;

/** Messages named in one request. */
export const namedMax = 500;

/** Older clients read the messages that wait one by one, and remove them when they like (XEP-0013). */
export const flexibleOffline = serverModule({
  name: "flexible-offline",
  implements: [{ xep: 13, title: "Flexible Offline Message Retrieval", version: "1.3", status: "complete" }],
  // [xep0013-2.1-01]
  features: [NS_OFFLINE],
  start: (host) => {
    const waiting = (): WaitingMessages => {
      const delivery = messagesOf(host);
      if (delivery === undefined) throw new StanzaError("service-unavailable");
      return delivery.waiting;
    };

    /** What `take` gives of these, or of all. */
    const found = async <T>(
      account: Account,
      take: (message: Stanza, length: number) => T,
      names?: readonly string[],
    ): Promise<readonly T[]> => {
      if (names !== undefined && names.length > namedMax)
        throw new StanzaError("not-acceptable", { text: `no more than ${namedMax} messages can be named at once` });
      // [xep0013-2.3-05]
      const messages = await waiting().list(account, take, names);
      // [xep0013-2.4-03] [xep0013-2.5-06]
      if (names !== undefined && messages.length < new Set(names).size) throw new StanzaError("item-not-found");
      return messages;
    };

    const view = async ({ account, session, payload }: AccountRequest<OfflineRequest>): Promise<undefined> => {
      if (session === undefined) throw new StanzaError("forbidden");
      const names = wanted(payload, "view", payload.fetch);
      // [xep0013-2.6-05]
      session.set(retrievesByItself, true);
      let shown = 0;
      const upToBound = (message: Stanza, length: number): Stanza => {
        shown += length;
        if (shown > shownLengthMax && shown > length)
          throw new StanzaError("not-acceptable", { text: "together they are too large: ask for fewer at a time" });
        return message;
      };
      for (const message of await found(account, upToBound, names))
        // [xep0013-2.4-01] [xep0013-2.4-04] [xep0013-2.4-06] [xep0013-2.6-03] [xep0013-2.6-04]
        waiting().show(session, message.rewritten(named(message.element, message.stored ?? "")));
    };

    const remove = async ({ account, payload }: AccountRequest<OfflineRequest>): Promise<undefined> => {
      const names = await found(account, nameOf, wanted(payload, "remove", payload.purge));
      // [xep0013-2.5-04] [xep0013-2.5-07] [xep0013-2.7-03]
      waiting().discard(account, names);
    };

    const node = async (account: Account, asker: Jid): Promise<DiscoNode> => {
      sessionOf(account, asker).set(retrievesByItself, true);
      const heads = await found(account, (message) => ({
        jid: account.jid,
        node: nameOf(message),
        name: detachString(message.from),
      }));
      return {
        identities: [{ category: "automation", type: "message-list" }],
        features: [NS_OFFLINE],
        // [xep0013-2.2-01]
        forms: [
          DataForm.build({
            type: "result",
            instructions: [],
            items: [],
            fields: [formTypeField(NS_OFFLINE), valueField("number_of_messages", [String(heads.length)])],
          }),
        ],
        // [xep0013-2.3-01] [xep0013-2.3-02] [xep0013-2.3-06]
        items: heads,
      };
    };

    return {
      // [xep0013-2.4-02] [xep0013-2.5-05] [xep0013-2.6-01] [xep0013-2.7-01] [xep0013-4-01]
      iq: [reads(OfflineRequest, view, "owner", "forbidden"), writes(OfflineRequest, remove, "owner", "forbidden")],
      accountDisco: { node: (account, name, asker) => (name === NS_OFFLINE ? node(account, asker) : undefined) },
    };
  },
});

function nameOf({ stored = "" }: Stanza): string {
  return stored;
}

/** Which messages a request names; undefined for all. */
function wanted({ items }: OfflineRequest, action: "view" | "remove", all: boolean): readonly string[] | undefined {
  if (all && items.length === 0) return undefined;
  if (all || items.length === 0 || items.some((item) => item.action !== action))
    throw new StanzaError("bad-request", { text: `either all messages, or some to ${action}` });
  return items.map((item) => item.node);
}

/** @throws StanzaError for everybody but the account's own resources [xep0013-2.3-03] */
function sessionOf(account: Account, asker: Jid): Session {
  const session = bareOf(asker) === account.jid ? account.sessions.get(resourceOf(asker) ?? "") : undefined;
  if (session === undefined) throw new StanzaError("forbidden");
  return session;
}
