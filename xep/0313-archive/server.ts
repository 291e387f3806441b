import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import { reads, readsBySet, writes, type AccountRequest } from "#kit/iq.ts";
import { accountDeleting, accountResting, sessionStored } from "#kit/lifecycle.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { stanzaOf, type ArchivePlace, type Stanza } from "#kit/stanza.ts";
import { messagesOf } from "#kit/waiting-messages.ts";
import { archiveReadTo, noteArchiveReader } from "#im/messages/slots.ts";
import { NS_FULL_TEXT } from "../0431-full-text-search/elements.ts";
import { withoutStanzaIds, withStanzaId, NS_STANZA_IDS } from "../0359-stanza-ids/elements.ts";
import { isArchivable } from "./archivable.ts";
import { answerMetadata, answerQuery } from "./answer-query.ts";
import {
  archiveResult,
  FormRequest,
  MetadataRequest,
  NS_MAM,
  NS_MAM_EXTENDED,
  NS_MAM_GROUPCHAT,
  NS_RETRACTION,
  Preferences,
  PreferencesRequest,
  Query,
} from "./elements.ts";
import { archiveLimitsChanged } from "./events.ts";
import { archiveDefault, keepPreferences, preferencesOf, storedPreferences, wantsArchived } from "./preferences.ts";
import { purgeCommand } from "./purge-command.ts";
import { queryForm } from "./query-form.ts";
import { Recovery } from "./recovery.ts";
import { readsOn } from "./reading.ts";
import { Retention, walkPlaces } from "./retention.ts";
import { archivedMessages, archiveLimits, messagesMax, retentionDays } from "./slots.ts";
import { archiveTaken, Watermarks } from "./watermark.ts";

export const pageMessagesMax = integerOption({
  key: "page_messages_max",
  default: 250,
  min: 1,
  max: 5_000,
  unit: "messages",
  description: "How many messages of an archive are sent for one request; the client then asks for more.",
});

/** The history of every account, kept before anything is acknowledged (XEP-0313). */
export const archive = serverModule({
  name: "archive",
  implements: [
    {
      xep: 313,
      title: "Message Archive Management",
      version: "1.1.3",
      status: "complete",
    },
    { xep: 441, title: "Message Archive Management Preferences", version: "0.2.0", status: "complete" },
    { xep: 359, title: "Unique and Stable Stanza IDs", version: "0.7.0", status: "complete" },
    { xep: 431, title: "Full Text Search in MAM", version: "0.2.0", status: "complete" },
    {
      xep: 424,
      title: "Message Retraction",
      version: "0.4.2",
      status: "complete",
      note: "retractions are kept and passed on; nothing takes the place of what was retracted",
    },
    { xep: 59, title: "Result Set Management", version: "1.0", status: "complete" },
  ],
  // [xep0424-2-02]
  features: [NS_RETRACTION],
  // [xep0313-4.1-03] [xep0313-6.1-02] [xep0313-7-01] [xep0313-7-03] [xep0313-7-04] [xep0359-5-01]
  accountFeatures: [NS_MAM, NS_MAM_EXTENDED, NS_MAM_GROUPCHAT, NS_STANZA_IDS, NS_FULL_TEXT, NS_RETRACTION],
  options: [archiveDefault, pageMessagesMax, retentionDays, messagesMax],
  slots: [archivedMessages, archiveTaken, storedPreferences, archiveLimits],
  tables: [walkPlaces],
  start: (host) => {
    const watermarks = new Watermarks(host);
    const recovery = new Recovery({ host, slot: archivedMessages, watermarks });
    const retention = new Retention({
      host,
      archive: host.archive(archivedMessages),
      name: archivedMessages.name,
      exceptions: host.values(archiveLimits),
    });
    retention.begin();
    const unsaid = host.setting(archiveDefault);
    const rowsMax = host.setting(pageMessagesMax);

    const isWanted = (account: Account, stanza: Stanza, peer: Jid): boolean =>
      isArchivable(stanza.element) && wantsArchived(account, peer, unsaid);

    // [xep0313-3-02] [xep0313-6.1.1-08] [xep0359-2.1-01]
    const keep = (account: Account, { text }: Stanza, { id, at }: ArchivePlace, peer: Jid): void =>
      account.archive(archivedMessages).append({ id, at, with: peer, value: text });

    const keepSent = (account: Account, stanza: Stanza): Stanza => {
      // [xep0441-2.3.2-01]
      const peer = stanza.to ?? account.jid;
      if (!isWanted(account, stanza, peer)) return stanza;
      // What one writes to oneself has still to come to one.
      const row = bareOf(peer) === account.jid ? watermarks.open(account) : undefined;
      const place = row ?? watermarks.next(account);
      keep(account, stanza, place, peer);
      // Its id is for the account's other devices, which mostly there are none of.
      if (row === undefined && account.sessions.size < 2) return stanza;
      return stanza.recorded(withStanzaId(stanza.element, account.jid, place.id), row);
    };

    const keepReceived = (account: Account, stanza: Stanza): Stanza => {
      // What one writes to oneself was kept when it left. [xep0313-6.1.1-09]
      if (bareOf(stanza.from) === account.jid || !isWanted(account, stanza, stanza.from)) return stanza;
      const row = watermarks.open(account);
      // [xep0441-2.3.3-01]
      keep(account, stanza, row, stanza.from);
      // [xep0313-3.5-01] [xep0313-3.5-03]
      return stanza.recorded(withStanzaId(stanza.element, account.jid, row.id), row);
    };

    /** Only we say under which id we keep a message. [xep0359-3-02] [xep0313-3.5-02] */
    const honest = (account: Account, stanza: Stanza): Stanza => {
      // What comes from the account itself was looked at when it left.
      if (stanza.kind !== "message" || bareOf(stanza.from) === account.jid) return stanza;
      return withoutForged(account, stanza);
    };

    const withoutForged = (account: Account, stanza: Stanza): Stanza => {
      const element = withoutStanzaIds(stanza.element, account.jid);
      return element === stanza.element ? stanza : stanza.rewritten(element);
    };

    const query = async (request: AccountRequest<Query>): Promise<XmlElement> => {
      const { account, session, payload } = request;
      if (session === undefined || !readsOn(payload)) return sendPage(request);
      const before = session.get(archiveReadTo);
      // At once: what the client sends behind its question, such as its presence, is handled before the answer.
      session.set(archiveReadTo, watermarks.last(account)?.id ?? "");
      try {
        const end = await sendPage(request);
        noteReader(session);
        return end;
      } catch (error) {
        session.set(archiveReadTo, before);
        messagesOf(host)?.waiting.offer(account, session);
        throw error;
      }
    };

    const sendPage = async ({ account, session, payload }: AccountRequest<Query>): Promise<XmlElement> => {
      // What was sent before the question is part of the answer, and no row comes in later ahead of what was answered.
      await account.rowsCommitted();
      const { rows, end } = await answerQuery(account.archive(archivedMessages), payload, rowsMax);
      if (session === undefined) return end;
      // What waits for any client is forgotten when this one has it from here.
      const names = rows.map(({ id }) => id);
      const waiting = await messagesOf(host)?.waiting.lend(account, names);
      // [xep0313-4-03] [xep0313-4.2-05]
      for (const row of rows) {
        const message = xml(
          NS_CLIENT,
          "message",
          { from: account.jid, to: session.jid },
          archiveResult(row, payload.queryId),
        );
        const result = stanzaOf("message", message, account.jid, session.jid);
        session.send(waiting?.has(row.id) === true ? result.storedAs(row.id) : result);
      }
      return end;
    };

    const noteReader = (session: Session): void =>
      session.account.post((account) => noteArchiveReader(account, session.resource));

    const metadata = async ({ account }: AccountRequest<unknown>): Promise<XmlElement> => {
      await account.rowsCommitted();
      return answerMetadata(account.archive(archivedMessages));
    };

    const preferences = (account: Account): XmlElement => {
      const { default: byDefault, always, never } = preferencesOf(account, unsaid);
      // [xep0441-2.1-02] [xep0441-2.1-03]
      return Preferences.build({ default: byDefault, always: { jids: always }, never: { jids: never } });
    };

    return {
      // [xep0313-8.1-01] [xep0313-8.1-03]
      iq: [
        // [xep0313-3.3.1-01] [xep0359-6-03]
        readsBySet(Query, query, "owner", "forbidden"),
        reads(FormRequest, () => queryForm(), "owner", "forbidden"),
        reads(MetadataRequest, metadata, "owner", "forbidden"),
        reads(PreferencesRequest, ({ account }) => preferences(account), "owner", "forbidden"),
        writes(
          Preferences,
          ({ account, payload }: AccountRequest<Infer<typeof Preferences>>) => {
            keepPreferences(account, payload);
            // [xep0441-2.1-04]
            return preferences(account);
          },
          "owner",
          "forbidden",
        ),
      ],
      inHistory: async (account, ids) => {
        const page = await account
          .archive(archivedMessages)
          .page({ max: ids.length, direction: "forward", ids: [...ids], withoutValues: true });
        return new Set(page.found ? page.rows.map(({ id }) => id) : []);
      },
      rewrite: {
        outbound: (account, stanza) => (stanza.kind === "message" ? withoutForged(account, stanza) : stanza),
        inbound: honest,
      },
      record: {
        outbound: keepSent,
        inbound: keepReceived,
      },
      bindFeatures: [
        {
          // What a client that binds has to catch up with. [xep0386-3.2-11]
          read: (account) => answerMetadata(account.archive(archivedMessages)),
          // It reads its archive: nothing of that is sent to it unasked. [xep0386-3.2-08]
          bind: (session) => {
            session.set(archiveReadTo, watermarks.last(session.account)?.id ?? "");
            noteReader(session);
            return undefined;
          },
        },
      ],
      woken: (account) => recovery.woken(account),
      accountCommands: [purgeCommand(host.archive(archivedMessages))],
      events: [
        on(archiveLimitsChanged, () => retention.begin()),
        on(accountResting, ({ account }) => watermarks.rest(account)),
        on(sessionStored, ({ account }) => watermarks.rest(account)),
        on(accountDeleting, ({ account }) => watermarks.forget(account)),
      ],
      dispose: () => {
        watermarks.dispose();
        retention[Symbol.dispose]();
      },
    };
  },
});
