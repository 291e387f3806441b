import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { accountArchive, accountValue, json } from "#kit/slots.ts";

/** An account's messages, sent and received. */
export const archivedMessages = accountArchive("archive", 1, {
  searchable: [
    { ns: NS_CLIENT, name: "body" },
    { ns: NS_CLIENT, name: "subject" },
  ],
});

/** How much is kept, where an administrator has decided it for one account: what is absent is as for its host. */
export interface ArchiveLimits {
  /** 0: for ever. */
  readonly retentionDays?: number;
  /** 0: all. */
  readonly messagesMax?: number;
}

export const archiveLimits = accountValue<ArchiveLimits>("archive-limits", 1, json());
