import { z } from "zod";
import type { DomainJid } from "#protocol/jid/jid.ts";
import {
  accountAddress,
  anyAddress,
  domainName,
  instant,
  inviteToken,
  logLevel,
  password,
} from "./administration-values.ts";

/**
 * What an administrator can ask of Balcony, as one table: from it come the {@link Administration} interface, the
 * control socket's protocol, and the checks of what comes in over it. A `call` answers once, a `stream` many times.
 *
 * `offline` operations also work on the opened store of a server that does not run.
 */
export const operations = {
  status: call({
    offline: false,
    input: z.strictObject({}),
    output: z.object({
      version: z.string(),
      pid: z.int(),
      startedAt: instant,
      dataDir: z.string(),
      configFile: z.string().optional(),
      listeners: z.array(z.object({ kind: z.string(), address: z.string(), port: z.int(), tls: z.string() })),
      hosts: z.array(
        z.object({
          domain: z.string(),
          sessions: z.int(),
          /** Days until the certificate expires, negative when it has; absent when the host has none. */
          certificateDays: z.number().optional(),
          selfSigned: z.boolean().optional(),
        }),
      ),
      connections: z.int(),
      sessions: z.int(),
      store: z.object({ kind: z.string(), ok: z.boolean(), detail: z.string().optional() }),
      /** What can be searched: how many rows wait to be indexed, and why they cannot be. */
      search: z.object({
        state: z.enum(["ready", "indexing", "failing"]),
        indexed: z.int(),
        waiting: z.int(),
        detail: z.string().optional(),
      }),
      memoryBytes: z.int(),
    }),
  }),

  addAccount: call({
    offline: true,
    input: z.strictObject({ address: accountAddress, password }),
    output: z.object({ address: z.string() }),
  }),
  setPassword: call({
    offline: true,
    input: z.strictObject({ address: accountAddress, password }),
    output: z.object({ address: z.string(), sessionsEnded: z.int() }),
  }),
  /** Ends the sessions, wipes the data of every module, keeps the name taken for a while (A54). */
  deleteAccount: call({
    offline: true,
    input: z.strictObject({ address: accountAddress }),
    output: z.object({ address: z.string(), sessionsEnded: z.int() }),
  }),
  listAccounts: call({
    offline: true,
    input: z.strictObject({ host: domainName.optional() }),
    output: z.object({
      accounts: z.array(
        z.object({
          address: z.string(),
          createdAt: instant.optional(),
          lastSeenAt: instant.optional(),
          sessions: z.int(),
        }),
      ),
      /** All there are; more than listed when there are too many for one answer. */
      total: z.int(),
    }),
  }),

  listSessions: call({
    offline: false,
    input: z.strictObject({ address: accountAddress.optional() }),
    output: z.object({
      sessions: z.array(
        z.object({
          /** The full address. */
          address: z.string(),
          /** Id of its stream, as the log has it; absent while it waits to be resumed. */
          stream: z.string().optional(),
          remoteAddress: z.string().optional(),
          tls: z.string().optional(),
          mechanism: z.string().optional(),
          /** Undefined before initial presence. */
          priority: z.int().optional(),
          since: instant.optional(),
          state: z.enum(["connected", "resumable"]),
          /** What the client says that it is. */
          client: z.string().optional(),
        }),
      ),
      total: z.int(),
      /** Where one account is asked for: its devices that can log in without the password (XEP-0484). */
      devices: z
        .array(
          z.object({
            /** Of the client's installation; for its user and administrators only. */
            id: z.string(),
            client: z.string().optional(),
            seenAt: instant,
            expiresAt: instant,
          }),
        )
        .optional(),
    }),
  }),
  /**
   * Ends one session, those of one device, or all of an account. `forget` takes the tokens of whom it ends away too, so that
   * they need the password; a device's always go with it.
   */
  endSessions: call({
    offline: false,
    input: z.strictObject({
      address: accountAddress,
      resource: z.string().max(1023).optional(),
      device: z.string().max(64).optional(),
      forget: z.boolean().optional(),
    }),
    output: z.object({ ended: z.int(), forgotten: z.int().optional() }),
  }),

  createInvite: call({
    offline: true,
    input: z.strictObject({
      host: domainName,
      /** Name that the invited person gets; chosen by that person when absent. */
      account: z.string().max(1023).optional(),
      validHours: z
        .number()
        .positive()
        .max(24 * 365),
      usesMax: z.int().min(1).max(10_000),
    }),
    output: z.object({ token: inviteToken, uri: z.string(), expiresAt: instant, usesMax: z.int() }),
  }),
  listInvites: call({
    offline: true,
    input: z.strictObject({ host: domainName.optional() }),
    output: z.object({
      invites: z.array(
        z.object({
          token: inviteToken,
          host: z.string(),
          account: z.string().optional(),
          createdBy: z.string().optional(),
          expiresAt: instant,
          uses: z.int(),
          usesMax: z.int(),
        }),
      ),
      total: z.int(),
    }),
  }),
  revokeInvite: call({
    offline: true,
    input: z.strictObject({ token: inviteToken }),
    output: z.object({ token: inviteToken }),
  }),

  listHosts: call({
    offline: true,
    input: z.strictObject({}),
    output: z.object({
      hosts: z.array(
        z.object({
          domain: z.string(),
          accounts: z.int(),
          /** Of clients that are logged in, or may still resume. */
          sessions: z.int(),
          registration: z.enum(["closed", "invite", "open"]),
          certificateDays: z.number().optional(),
          selfSigned: z.boolean().optional(),
        }),
      ),
    }),
  }),

  /** Streams with other servers, and what waits for them. */
  listServers: call({
    offline: false,
    input: z.strictObject({ domain: domainName.optional() }),
    output: z.object({
      streams: z.array(
        z.object({
          stream: z.string(),
          local: z.string(),
          remote: z.string(),
          /** Which way stanzas may go on it. */
          ways: z.enum(["in", "out", "both"]),
          openedBy: z.enum(["us", "them"]),
          state: z.enum(["open", "suspended", "ended"]),
          /** Stream management: what is cut can be resumed. */
          managed: z.boolean(),
          remoteAddress: z.string().optional(),
          since: instant,
          usedAt: instant,
          /** Sent, and not proven to have arrived. */
          unproven: z.int(),
        }),
      ),
      /** Where something waits, or was tried in vain. */
      routes: z.array(
        z.object({
          local: z.string(),
          remote: z.string(),
          state: z.enum(["open", "connecting", "failing", "idle"]),
          waiting: z.int(),
          waitingBytes: z.int(),
          reason: z.string().optional(),
          retryAt: instant.optional(),
        }),
      ),
    }),
  }),
  connectServer: call({
    offline: false,
    input: z.strictObject({ domain: domainName, host: domainName.optional() }),
    output: z.object({ local: z.string(), remote: z.string(), stream: z.string(), managed: z.boolean() }),
  }),
  closeServer: call({
    offline: false,
    input: z.strictObject({ domain: domainName }),
    output: z.object({ domain: z.string(), closed: z.int() }),
  }),

  /** The external components (XEP-0114) of balcony.toml, and whether they are there. */
  listComponents: call({
    offline: true,
    input: z.strictObject({}),
    output: z.object({
      components: z.array(
        z.object({
          domain: z.string(),
          /** `away`: it was there a moment ago, or may come soon, and what is for it waits. `stopped`: the server does not run. */
          state: z.enum(["connected", "away", "absent", "stopped"]),
          since: instant.optional(),
          subdomains: z.boolean(),
          /** Stanzas that wait for it. */
          waiting: z.int(),
          name: z.string().optional(),
          remoteAddress: z.string().optional(),
          stream: z.string().optional(),
        }),
      ),
    }),
  }),
  /** Writes a component into balcony.toml, comments kept, makes up its secret, and has a running server take it in. */
  addComponent: call({
    offline: true,
    input: z.strictObject({
      domain: domainName,
      name: z.string().min(1).max(200).optional(),
      /** Which host lists it; the one that it is below when absent. */
      host: domainName.optional(),
      subdomains: z.boolean(),
      conflict: z.enum(["refuse-new", "replace-old"]),
    }),
    output: z.object({
      domain: z.string(),
      /** balcony.toml. */
      file: z.string(),
      secret: z.string(),
      /** Whether it may connect now; else from the next start on. */
      served: z.boolean(),
      /** Where it can connect, as address:port, once the server runs. */
      listening: z.array(z.string()),
      /** Why it cannot connect though the server runs. */
      problems: z.array(z.string()),
    }),
  }),
  /** What a component's program needs to know. With `renew` it is another one, for the next connection; the present one stays. */
  componentSecret: call({
    offline: true,
    input: z.strictObject({ domain: domainName, renew: z.boolean() }),
    /** `file`: where it is kept. */
    output: z.object({ domain: z.string(), secret: z.string(), file: z.string(), connected: z.boolean() }),
  }),
  /** Takes the component out of balcony.toml, and its secret away; a running server ends its connection. */
  removeComponent: call({
    offline: true,
    input: z.strictObject({ domain: domainName }),
    output: z.object({
      domain: z.string(),
      file: z.string(),
      wasConnected: z.boolean(),
      problems: z.array(z.string()),
    }),
  }),

  /** What an account's archive holds, and how much of it is kept. */
  archiveInfo: call({
    offline: true,
    input: z.strictObject({ address: accountAddress }),
    output: z.object({
      address: z.string(),
      messages: z.int(),
      firstAt: instant.optional(),
      lastAt: instant.optional(),
      quota: archiveQuota(),
    }),
  }),
  /** Decides for one account how much is kept; "host" takes that back. What is not named stays as it is. */
  setArchiveQuota: call({
    offline: true,
    input: z.strictObject({
      address: accountAddress,
      retentionDays: z.union([z.int().min(0).max(36_500), z.literal("host")]).optional(),
      messagesMax: z.union([z.int().min(0).max(100_000_000), z.literal("host")]).optional(),
    }),
    output: z.object({ address: z.string(), quota: archiveQuota() }),
  }),
  /** The messages of an account, the oldest first: from `from` on, up to and without `to`. The last item says `done`. */
  exportArchive: stream({
    offline: true,
    input: z.strictObject({
      address: accountAddress,
      from: instant.optional(),
      to: instant.optional(),
      with: anyAddress.optional(),
    }),
    item: z.object({
      done: z.boolean(),
      /** How many there are in all; some may come or go meanwhile. */
      total: z.int(),
      messages: z.array(z.object({ id: z.string(), at: instant, with: z.string(), xml: z.string() })),
    }),
  }),
  /**
   * Removes messages for good, batch by batch: of one account, or of all accounts of a host; those before a moment, those
   * with somebody, or all. The last item says `done`.
   */
  purgeArchive: stream({
    offline: true,
    input: z.strictObject({
      address: accountAddress.optional(),
      host: domainName.optional(),
      before: instant.optional(),
      with: anyAddress.optional(),
    }),
    item: z.object({
      done: z.boolean(),
      /** So far. */
      removed: z.int(),
      accounts: z.int(),
      /** Whose messages are being removed. */
      address: z.string().optional(),
    }),
  }),

  /** Copies the store while it is in use. The last item says `done`. */
  backup: stream({
    offline: true,
    /** `file`: absolute, must not exist yet. */
    input: z.strictObject({ file: z.string().max(4096) }),
    item: z.object({ done: z.boolean(), bytes: z.int().optional(), fraction: z.number().min(0).max(1).optional() }),
  }),

  /** Writes the host into balcony.toml, comments kept, and has a running server serve it. */
  addHost: call({
    offline: true,
    input: z.strictObject({
      domain: domainName,
      certificate: z.string().max(4096).optional(),
      key: z.string().max(4096).optional(),
      acme: z.boolean().optional(),
      registration: z.enum(["closed", "invite", "open"]).optional(),
    }),
    output: z.object({
      domain: z.string(),
      file: z.string(),
      /** Whether it is served now; else from the next start on. */
      served: z.boolean(),
      /** Why it is not served though the server runs. */
      problems: z.array(z.string()),
    }),
  }),
  /**
   * Takes the host out of balcony.toml, and has a running server serve it no more. Its accounts and their data stay, but
   * with `wipe`: then all accounts are deleted first. The last item says `done`.
   */
  removeHost: stream({
    offline: true,
    input: z.strictObject({ domain: domainName, wipe: z.boolean().default(false) }),
    item: z.object({
      done: z.boolean(),
      domain: z.string(),
      file: z.string(),
      /** How many there were at the beginning. */
      accounts: z.int(),
      /** So far. */
      deleted: z.int(),
      problems: z.array(z.string()),
    }),
  }),
  /** The certificates in use, and when those of ACME are renewed. */
  listCertificates: call({
    offline: false,
    input: z.strictObject({}),
    output: z.object({
      certificates: z.array(
        z.object({
          domain: z.string(),
          /** As in the certificate. */
          names: z.array(z.string()),
          source: z.enum(["file", "self-signed", "acme"]),
          issuer: z.string(),
          expiresAt: instant,
          days: z.number(),
          /** Only where ACME renews it: when the authority is asked next, and what went wrong the last time. */
          renewal: z
            .object({ dueAt: instant, underWay: z.boolean(), failures: z.int(), reason: z.string().optional() })
            .optional(),
        }),
      ),
    }),
  }),
  /** Gets new certificates by ACME now, of one host or of all that are due. What fails is told as an item. */
  renewCertificates: stream({
    offline: false,
    input: z.strictObject({ domain: domainName.optional() }),
    item: z.object({ domain: z.string(), state: z.enum(["working", "done", "failed"]), text: z.string() }),
  }),
  showConfig: call({
    offline: true,
    input: z.strictObject({}),
    /** As in balcony.toml, defaults filled in, secrets blotted out. */
    output: z.object({ file: z.string().optional(), config: z.record(z.string(), z.unknown()) }),
  }),
  reloadConfig: call({ offline: false, input: z.strictObject({}), output: reloadReport() }),

  /** The latest log lines; with `follow`, then every new one until the caller stops. */
  tailLog: stream({
    offline: false,
    input: z.strictObject({ lines: z.int().min(0).max(10_000), level: logLevel, follow: z.boolean() }),
    item: z.object({
      time: instant,
      level: logLevel,
      text: z.string(),
      fields: z.record(z.string(), z.unknown()),
      /** Lines lost just before this one because the reader was too slow. */
      missed: z.int().optional(),
    }),
  }),
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

export interface CallOperation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: "call";
  readonly offline: boolean;
  readonly input: Input;
  readonly output: Output;
}

export interface StreamOperation<Input extends z.ZodType = z.ZodType, Item extends z.ZodType = z.ZodType> {
  readonly kind: "stream";
  readonly offline: boolean;
  readonly input: Input;
  readonly item: Item;
}

/** `signal` ends a stream from outside; leaving the loop over it does so too. */
type Operator<O> =
  O extends CallOperation<infer Input, infer Output>
    ? (request: z.output<Input>) => Promise<z.output<Output>>
    : O extends StreamOperation<infer Input, infer Item>
      ? (request: z.output<Input>, signal: AbortSignal) => AsyncIterable<z.output<Item>>
      : never;

function call<Input extends z.ZodType, Output extends z.ZodType>(
  operation: Omit<CallOperation<Input, Output>, "kind">,
): CallOperation<Input, Output> {
  return { kind: "call", ...operation };
}

function stream<Input extends z.ZodType, Item extends z.ZodType>(
  operation: Omit<StreamOperation<Input, Item>, "kind">,
): StreamOperation<Input, Item> {
  return { kind: "stream", ...operation };
}

/** How much of an archive is kept: 0 for ever, or all. `own`: decided for this account rather than for its host. */
function archiveQuota() {
  return z.object({
    retentionDays: z.object({ value: z.int(), own: z.boolean() }),
    messagesMax: z.object({ value: z.int(), own: z.boolean() }),
  });
}

function reloadReport() {
  return z.object({
    /** Keys whose new value holds now, as written in balcony.toml. */
    changed: z.array(z.string()),
    /** Keys whose new value waits for a restart. */
    restartNeeded: z.array(z.string()),
    /** What was not taken over, and why; the old state goes on. */
    problems: z.array(z.string()),
    hosts: z.object({ added: z.array(z.string()), removed: z.array(z.string()) }),
    /** Domains whose certificate is another one now. */
    certificates: z.array(z.string()),
  });
}
