import type { XmlElement } from "#protocol/xml/element.ts";
import type { BareJid, DomainJid, Jid } from "#protocol/jid/jid.ts";
import type { Account } from "./account.ts";
import type { Env } from "./env.ts";
import type { EventType } from "./events.ts";
import type { Option, OptionValue } from "./option.ts";
import type { Log } from "./log.ts";
import type { AccountArchive, AccountValue } from "./slots.ts";
import type { Stanza } from "./stanza.ts";
import type { ArchivePage, Condition, PageQuery, Row, SelectQuery, TableShape } from "./storage.ts";
import type { DiscoItem, ModuleParts, ServerModule } from "./server-module.ts";

/** A feature that runs on a host, with the parts that it started there. */
export interface RunningModule {
  readonly module: ServerModule;
  readonly parts: ModuleParts;
}

/** A program, as it presents itself to others (XEP-0092, XEP-0115). */
export interface Software {
  readonly name: string;
  readonly version: string;
  /** URL of a page about it; also the name of the software in entity capabilities. */
  readonly homepage: string;
  /** The operating system that it runs on. Told only where the administrator allows it. */
  readonly system: string;
}

/** One virtual host: a domain that the server speaks for, with the features that run on it. */
export interface Host {
  readonly domain: DomainJid;
  readonly env: Env;
  readonly log: Log;
  /** What program this is. */
  readonly software: Software;
  /** The administrator's value of a feature's option, or its default. */
  readonly setting: <O extends Option>(option: O) => OptionValue<O>;
  /** Who answers for this host, by purpose ("abuse", "admin", "support", …): URIs (XEP-0157). */
  readonly contacts: Readonly<Record<string, readonly string[]>>;
  /** Aborted when the host stops. */
  readonly signal: AbortSignal;
  /** All features, in the order of their names; complete once every module has been started. */
  readonly modules: readonly RunningModule[];
  /** Hands a stanza to whoever its `to` says: an account here, this or another host, a remote domain. */
  readonly route: (stanza: Stanza) => void;
  /**
   * Asks an entity on behalf of the host itself, and tells the answer once: a result or an error; undefined when none came
   * in time, or when too many questions are open already.
   */
  readonly ask: (request: HostRequest, answered: (answer: Stanza | undefined) => void) => void;
  /** Has an account do something, waking it when it sleeps. `undefined` when there is no such account. */
  readonly post: (jid: BareJid, task: (account: Account | undefined) => void | Promise<void>) => void;
  /** What the server runs for all hosts, such as the accounts' credentials. */
  readonly accounts: AccountAdministration;
  /** Tells every listener on this host, in the order of the modules' names. */
  readonly emit: <Payload>(event: EventType<Payload>, payload: Payload) => void;
  /** What the modules announce among the stream features (RFC 6120 §4.3.2). */
  readonly streamFeatures: (phase: StreamFeaturePhase) => readonly XmlElement[];
  /** Rows that are searched rather than loaded; see `tables` of a module. */
  readonly table: (shape: TableShape) => LiveTable;
  /** What the accounts of this host keep in a slot, past them; for who looks after storage and is to wake nobody. */
  readonly archive: (slot: AccountArchive) => HostArchive;
  readonly values: <T>(slot: AccountValue<T>) => HostValues<T>;
  /** What belongs to this host and lives at an address of its own, such as external components; disco lists it. */
  readonly services: () => readonly DiscoItem[];
  /** Counts for the metrics: "archive_rows_expired" becomes `balcony_archive_rows_expired_total`. */
  readonly counted: (what: string, by: number) => void;
}

/** The owners of a host that have something in a slot, in order, a page at a time. */
export interface HostOwners {
  readonly owners: (options: { readonly after?: string; readonly limit: number }) => Promise<readonly string[]>;
}

export interface HostArchive extends HostOwners {
  readonly page: (owner: string, query: PageQuery) => Promise<ArchivePage>;
  /** Resolves when durable. Of rows that a wakeful owner is just writing nothing is known here. */
  readonly remove: (owner: string, ids: readonly string[]) => Promise<void>;
}

export interface HostValues<T> extends HostOwners {
  readonly get: (owner: string) => Promise<T | undefined>;
}

/** A request of the host's own. Its sender is the host, its id is made for it. */
export interface HostRequest {
  readonly to: Jid;
  readonly type: "get" | "set";
  readonly payload: XmlElement;
}

/** A module's own table. Not tied to an account, so what is written is waited for. */
export interface LiveTable {
  readonly select: (query: SelectQuery) => Promise<readonly Row[]>;
  /** Resolves when durable. */
  readonly write: (writes: readonly TableWrite[]) => Promise<void>;
}

export type TableWrite =
  | { readonly op: "insert" | "upsert"; readonly row: Row }
  | { readonly op: "deleteRows"; readonly where: readonly Condition[] };

/** When a stream feature is announced: before authentication, or beside resource binding. */
export type StreamFeaturePhase = "authentication" | "binding";

export type AccountChange =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly reason:
        | "exists"
        | "lookalike"
        | "no-such-account"
        | "bad-name"
        | "bad-password"
        | "tombstone"
        | "too-busy"
        | "store";
      readonly text: string;
    };

export interface NewAccountOptions {
  /** Where somebody chooses a name who need not be trusted: not one that looks like another's. */
  readonly refuseLookalikes?: boolean;
}

/** Creating, changing and deleting accounts, as in-band registration and the command line need it. */
export interface AccountAdministration {
  readonly create: (jid: Jid, password: string, options?: NewAccountOptions) => Promise<AccountChange>;
  /** Ends the account's other sessions, all but `except` (A55). */
  readonly setPassword: (jid: BareJid, password: string, except?: string) => Promise<AccountChange>;
  /**
   * Ends all sessions, wipes every module's data, leaves a tombstone (A54). Whether the account is gone is certain before any
   * of that is done; what cannot be done at present then is done later.
   *
   * @param gone told when it is, while its sessions are there to be told so
   */
  readonly delete: (jid: BareJid, gone?: () => void) => Promise<AccountChange>;
  readonly exists: (jid: BareJid) => Promise<boolean>;
}
