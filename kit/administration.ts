import type { z } from "zod";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { accountOperations } from "./administration/account-operations.ts";
import { archiveOperations } from "./administration/archive-operations.ts";
import { componentOperations } from "./administration/component-operations.ts";
import { federationOperations } from "./administration/federation-operations.ts";
import { hostOperations } from "./administration/host-operations.ts";
import { inviteOperations } from "./administration/invite-operations.ts";
import { serverOperations } from "./administration/server-operations.ts";
import { sessionOperations } from "./administration/session-operations.ts";
import type { Operator } from "./administration/operation.ts";

/**
 * What an administrator can ask of Balcony, as one table: from it come the {@link Administration} interface, the
 * control socket's protocol, and the checks of what comes in over it. A `call` answers once, a `stream` many times.
 *
 * `offline` operations also work on the opened store of a server that does not run.
 */
export const operations = {
  ...serverOperations,
  ...accountOperations,
  ...sessionOperations,
  ...inviteOperations,
  ...hostOperations,
  ...federationOperations,
  ...componentOperations,
  ...archiveOperations,
};

/** All that an administrator can do, each by one request object. Refusals are thrown as AdministrationError. */
export type Administration = { readonly [Name in OperationName]: Operator<(typeof operations)[Name]> };
export type OperationName = keyof typeof operations;

/** What the server core answers itself; the rest needs balcony.toml or the log and is added around it. */
export type ServerAdministration = Omit<
  Administration,
  | "addHost"
  | "removeHost"
  | "addComponent"
  | "componentSecret"
  | "removeComponent"
  | "showConfig"
  | "reloadConfig"
  | "tailLog"
> & {
  /** Deletes all accounts of a host, one after the other; tells how many so far. */
  readonly deleteAccountsOf: (domain: DomainJid, signal: AbortSignal) => AsyncIterable<number>;
};

export type ServerStatus = OutputOf<"status">;
export type ReloadReport = OutputOf<"reloadConfig">;
export type LogLine = ItemOf<"tailLog">;
export type BackupProgress = ItemOf<"backup">;
export type ArchiveQuota = OutputOf<"archiveInfo">["quota"];
export type ExportedMessages = ItemOf<"exportArchive">;
export type ExportedMessage = ExportedMessages["messages"][number];
export type PurgeProgress = ItemOf<"purgeArchive">;
export type AccountSummary = OutputOf<"listAccounts">["accounts"][number];
export type SessionSummary = OutputOf<"listSessions">["sessions"][number];
export type InviteSummary = OutputOf<"listInvites">["invites"][number];
export type HostSummary = OutputOf<"listHosts">["hosts"][number];

/** What a checked request looks like. */
export type InputOf<Name extends OperationName> = z.output<(typeof operations)[Name]["input"]>;
export type OutputOf<Name extends CallName> = z.output<(typeof operations)[Name]["output"]>;
export type ItemOf<Name extends StreamName> = z.output<(typeof operations)[Name]["item"]>;
export type CallName = {
  [Name in OperationName]: (typeof operations)[Name]["kind"] extends "call" ? Name : never;
}[OperationName];
export type StreamName = Exclude<OperationName, CallName>;
