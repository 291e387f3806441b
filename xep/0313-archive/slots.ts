import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { integerOption } from "#kit/option.ts";
import { accountArchive, accountValue, json } from "#kit/slots.ts";

/** An account's messages, sent and received. */
export const archivedMessages = accountArchive("archive", 1, {
  searchable: [
    { ns: NS_CLIENT, name: "body" },
    { ns: NS_CLIENT, name: "subject" },
  ],
});

export const retentionDays = integerOption({
  key: "retention_days",
  default: 0,
  min: 0,
  max: 36_500,
  unit: "days",
  description: "How long messages are kept; 0 for ever. `balcony archive quota` says otherwise for single accounts.",
});

export const messagesMax = integerOption({
  key: "messages_max",
  default: 0,
  min: 0,
  max: 100_000_000,
  unit: "messages",
  description:
    "How many messages are kept of an account, the newest ones; 0 for all. `balcony archive quota` says otherwise for single accounts.",
});

/** How much is kept, where an administrator has decided it for one account: what is absent is as for its host. */
export interface ArchiveLimits {
  /** 0: for ever. */
  readonly retentionDays?: number;
  /** 0: all. */
  readonly messagesMax?: number;
}

export const archiveLimits = accountValue<ArchiveLimits>("archive-limits", 1, json());
