import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import { reads, readsBySet, writes, type AccountRequest } from "#kit/iq.ts";
import { sessionBound } from "#kit/lifecycle.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { NS_FULL_TEXT } from "../0431-full-text-search/elements.ts";
import { withoutStanzaIds, withStanzaId, NS_STANZA_IDS } from "../0359-stanza-ids/elements.ts";
import { isArchivable } from "./archivable.ts";
import { ArchiveIds } from "./archive-ids.ts";
import { answerMetadata, answerQuery } from "./answer-query.ts";
import {
  archiveResult,
  FormRequest,
  MetadataRequest,
  NS_MAM,
  NS_MAM_EXTENDED,
  NS_MAM_GROUPCHAT,
  Preferences,
  PreferencesRequest,
  Query,
} from "./elements.ts";
import { archiveDefault, keepPreferences, preferencesOf, storedPreferences, wantsArchived } from "./preferences.ts";
import { queryForm } from "./query-form.ts";
import { messagesMax, retentionDays, Retention } from "./retention.ts";
import { archivedMessages } from "./slots.ts";

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
      status: "partial",
      note: "off unless asked for: after a crash, clients that read no archive may miss what only the archive has",
    },
    { xep: 441, title: "Message Archive Management Preferences", version: "0.2.0", status: "complete" },
    { xep: 359, title: "Unique and Stable Stanza IDs", version: "0.7.0", status: "complete" },
    { xep: 431, title: "Full Text Search in MAM", version: "0.2.0", status: "complete" },
    { xep: 59, title: "Result Set Management", version: "1.0", status: "complete" },
  ],
  // Until what is archived and was not delivered when the server died reaches clients that read no archive.
  onByDefault: false,
  // [xep0313-7-01] [xep0313-7-03] [xep0313-7-04]
  accountFeatures: [NS_MAM, NS_MAM_EXTENDED, NS_MAM_GROUPCHAT, NS_STANZA_IDS, NS_FULL_TEXT],
  options: [archiveDefault, pageMessagesMax, retentionDays, messagesMax],
  slots: [archivedMessages, storedPreferences],
  start: (host) => {
    const ids = new ArchiveIds(host.env);
    const retention = new Retention(host, archivedMessages);
    const unsaid = host.setting(archiveDefault);
    const rowsMax = host.setting(pageMessagesMax);

    /** Keeps a message as it is. Returns it with the id that it has here; the very same when it is not kept. */
    const keep = (account: Account, stanza: Stanza, peer: Jid): Stanza => {
      if (!isArchivable(stanza.element) || !wantsArchived(account, peer, unsaid)) return stanza;
      const { id, at } = ids.next();
      account.archive(archivedMessages).append({ id, at, with: peer, value: storedXml.encode(stanza.element) });
      // [xep0313-3.5-01] [xep0313-3.5-03]
      return stanza.recorded(withStanzaId(stanza.element, account.jid, id));
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

    const query = async ({ account, session, payload }: AccountRequest<Query>): Promise<XmlElement> => {
      // What was sent before the question is part of the answer, and no row comes in later ahead of what was answered.
      await account.rowsCommitted();
      const { rows, end } = await answerQuery(account.archive(archivedMessages), payload, rowsMax);
      // [xep0313-4-03] [xep0313-4.2-05]
      for (const row of rows) {
        const message = xml(
          NS_CLIENT,
          "message",
          { from: account.jid, to: session?.jid },
          archiveResult(row, payload.queryId),
        );
        session?.send(stanzaOf("message", message, account.jid, session.jid));
      }
      return end;
    };

    const metadata = async ({ account }: AccountRequest<unknown>): Promise<XmlElement> => {
      await account.rowsCommitted();
      return answerMetadata(account.archive(archivedMessages));
    };

    const preferences = (account: Account): XmlElement => {
      const { default: byDefault, always, never } = preferencesOf(account, unsaid);
      return Preferences.build({ default: byDefault, always: { jids: always }, never: { jids: never } });
    };

    return {
      // [xep0313-8.1-01] [xep0313-8.1-03]
      iq: [
        readsBySet(Query, query, "owner", "forbidden"),
        reads(FormRequest, () => queryForm(), "owner", "forbidden"),
        reads(MetadataRequest, metadata, "owner", "forbidden"),
        reads(PreferencesRequest, ({ account }) => preferences(account), "owner", "forbidden"),
        writes(
          Preferences,
          ({ account, payload }: AccountRequest<Infer<typeof Preferences>>) => {
            keepPreferences(account, payload);
            return preferences(account);
          },
          "owner",
          "forbidden",
        ),
      ],
      rewrite: {
        outbound: (account, stanza) => (stanza.kind === "message" ? withoutForged(account, stanza) : stanza),
        inbound: honest,
      },
      record: {
        outbound: (account, stanza) => keep(account, stanza, stanza.to ?? account.jid),
        // What one writes to oneself was kept when it left. [xep0313-6.1.1-09]
        inbound: (account, stanza) =>
          bareOf(stanza.from) === account.jid ? stanza : keep(account, stanza, stanza.from),
      },
      events: [on(sessionBound, ({ account }) => account.post((awake) => retention.tidy(awake)))],
    };
  },
});
