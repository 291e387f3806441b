import type { XmlElement } from "#protocol/xml/element.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import type { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { AccountCommand } from "./account-command.ts";
import type { Account } from "./account.ts";
import type { BindFeature } from "./bind-feature.ts";
import type { EventListener } from "./events.ts";
import type { Host, StreamFeaturePhase } from "./host.ts";
import type { IqAnswer, IqHandler } from "./iq.ts";
import type { LoginTokens } from "./login-tokens.ts";
import type { Option } from "./option.ts";
import type { Session } from "./session.ts";
import type { AccountSlot, SessionSlot } from "./slots.ts";
import type { Stanza } from "./stanza.ts";
import type { TableShape } from "./storage.ts";
import type { WaitingMessages } from "./waiting-messages.ts";

/** What a feature implements, for disco, the support table and the DOAP file. */
export interface Implements {
  /** Number of the XEP, or of the RFC where `rfc` is set. */
  readonly xep?: number;
  readonly rfc?: number;
  readonly title: string;
  /** Version of the XEP that was worked from, or the RFC's sections. */
  readonly version: string;
  readonly status: "complete" | "partial";
  readonly note?: string;
}

/** A feature of the server: one folder, started once on every virtual host. */
export interface ServerModule {
  /** The folder's name without its number: "blocking". Names the feature's section in balcony.toml. */
  readonly name: string;
  readonly implements: readonly Implements[];
  /** Whether it runs where balcony.toml does not say; on unless said otherwise. */
  readonly onByDefault?: boolean;
  /** Features without which there is no server; balcony.toml cannot switch them off. */
  readonly indispensable?: boolean;
  /** Features that the host's disco#info lists (XEP-0030). */
  readonly features?: readonly string[];
  /** Features that an account's disco#info lists. */
  readonly accountFeatures?: readonly string[];
  readonly options?: readonly Option[];
  readonly slots?: readonly AccountSlot[];
  readonly tables?: readonly TableShape[];
  readonly start: (host: Host) => ModuleParts;
}

/** Declares a feature. */
export function serverModule<const M extends ServerModule>(module: M): M {
  return module;
}

/** A decision against a stanza: with an error to its sender, or without a word. */
export type Verdict = { readonly refuse: StanzaError } | { readonly drop: true };

/**
 * What a feature contributes on one host. The named steps take the place of priorities; within a step the order of the
 * modules must not matter. A step works on slots, which are in memory while the account is awake: none may wait.
 */
export interface ModuleParts {
  readonly iq?: readonly IqHandler[];
  /** Requests answered on a stream that nobody has authenticated on (registration). They must be cheap. */
  readonly early?: readonly EarlyIqHandler[];
  /** Clients may log in by XEP-0078, which the stream itself negotiates. */
  readonly legacyLogin?: boolean;
  /** Clients may log in by XEP-0388, which the stream itself negotiates; and may then add keys to their passwords' (XEP-0480). */
  readonly sasl2?: { readonly upgrades: boolean };
  /** They may bind a resource in one with it (XEP-0386). */
  readonly bind2?: boolean;
  /** What this feature does when they do. */
  readonly bindFeatures?: readonly BindFeature[];
  /** They may log in by tokens (XEP-0484): at most one module keeps them. */
  readonly loginTokens?: LoginTokens;
  /** First-level elements that are no stanzas and that sessions understand (client state indication). */
  readonly nonzas?: readonly NonzaHandler[];
  readonly events?: readonly EventListener[];
  /** May this pass? The first verdict of a step decides, refusals before drops. */
  readonly guard?: {
    /** What a session sends, before anything else is done with it. */
    readonly outbound?: (account: Account, stanza: Stanza, session: Session) => Verdict | undefined;
    /** What arrives for an account. */
    readonly inbound?: (account: Account, stanza: Stanza) => Verdict | undefined;
    /** What is about to be sent to one session. */
    readonly session?: (session: Session, stanza: Stanza) => Verdict | undefined;
  };
  /** Another stanza in its place. */
  readonly rewrite?: {
    readonly outbound?: (account: Account, stanza: Stanza, session: Session) => Stanza;
    readonly inbound?: (account: Account, stanza: Stanza) => Stanza;
  };
  /**
   * Writes rows about a message, and may add an id to it. What `outbound` returns is what the account's own devices get
   * copies of; whom it is for gets it without the addition. Both parties' rows are committed as one. A message to oneself
   * passes both.
   */
  readonly record?: {
    readonly outbound?: (account: Account, stanza: Stanza, session: Session) => Stanza;
    readonly inbound?: (account: Account, stanza: Stanza) => Stanza;
  };
  /** Further deliveries to sessions of the account. `delivered` are those that got the stanza itself. */
  readonly copy?: {
    readonly outbound?: (account: Account, stanza: Stanza, session: Session) => void;
    readonly inbound?: (account: Account, stanza: Stanza, delivered: readonly Session[]) => void;
  };
  /**
   * Which of the messages that wait for an account its history has, by the names under which they wait: a client that reads
   * the history needs no other delivery of them. At most one module answers.
   */
  readonly inHistory?: (account: Account, names: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Exactly one module delivers messages. */
  readonly messages?: MessageDelivery;
  /** Exactly one module handles presence. */
  readonly presence?: PresenceHandling;
  /** What to announce among the stream features; `secured` tells whether the stream is encrypted. */
  readonly streamFeatures?: (phase: StreamFeaturePhase) => readonly XmlElement[];
  /** More for the host's disco#info than feature names (XEP-0030, XEP-0128). */
  readonly disco?: DiscoContribution;
  /** What people can have done with their own accounts by a form. */
  readonly accountCommands?: readonly AccountCommand[];
  /** More for an account's disco#info. */
  readonly accountDisco?: AccountDiscoContribution;
  /**
   * Puts right what an account has, before it does anything else: when it has been read, at first use and whenever it was put
   * to sleep meanwhile. A promise keeps everything waiting; when it is rejected the account counts as unreadable, and is
   * read anew for whatever comes next.
   */
  readonly woken?: (account: Account) => Promise<void> | undefined;
  readonly dispose?: () => void;
}

/** An iq before authentication. */
export interface EarlyIqHandler {
  readonly type: "get" | "set";
  readonly ns: string;
  readonly name: string;
  readonly handle: (payload: XmlElement, from: EarlyPeer) => IqAnswer | Promise<IqAnswer>;
}

/** Who asks before authentication: known by the connection only, which features may remember things of. */
export interface EarlyPeer {
  /** Where the connection comes from, for limits: peers that are counted together have the same. */
  readonly address: string;
  readonly get: <T>(slot: SessionSlot<T>) => T;
  readonly set: <T>(slot: SessionSlot<T>, value: T) => void;
}

export interface NonzaHandler {
  readonly ns: string;
  readonly name: string;
  readonly handle: (session: Session, element: XmlElement) => void;
}

/** What a feature adds to the host's disco, beside the names of its module's `features`. */
export interface DiscoContribution {
  readonly identities?: readonly DiscoIdentity[];
  /** Forms of the host's disco#info (XEP-0128). Forms of one FORM_TYPE become one. */
  readonly forms?: () => readonly XmlElement[];
  /** Items of the host. */
  readonly items?: (asker: Jid) => readonly DiscoItem[];
  /** Features that depend on policy (S35); `asker` is undefined where nobody has asked, as in stream features. */
  readonly features?: (asker: Jid | undefined) => readonly string[];
  /** What is known of a node; undefined for one that is not this feature's. */
  readonly node?: (node: string, asker: Jid) => DiscoNode | undefined;
}

/**
 * The same for accounts, beside `accountFeatures`. Asked only for those who may know of the account: itself, and
 * contacts who see its presence.
 */
export interface AccountDiscoContribution {
  readonly identities?: readonly DiscoIdentity[];
  readonly forms?: (account: Account) => readonly XmlElement[];
  readonly items?: (account: Account, asker: Jid) => readonly DiscoItem[];
  readonly features?: (account: Account, asker: Jid) => readonly string[];
  readonly node?: (
    account: Account,
    node: string,
    asker: Jid,
  ) => DiscoNode | undefined | Promise<DiscoNode | undefined>;
}

/** What disco#info says of an address or a node. */
export interface DiscoInfo {
  readonly identities: readonly DiscoIdentity[];
  readonly features: readonly string[];
  readonly forms?: readonly XmlElement[];
}

/** A node: what it is, and what disco#items says of it. */
export interface DiscoNode extends DiscoInfo {
  readonly items?: readonly DiscoItem[];
}

export interface DiscoItem {
  readonly jid: Jid;
  readonly name?: string;
  readonly node?: string;
}

export interface DiscoIdentity {
  readonly category: string;
  readonly type: string;
  readonly name?: string;
  readonly lang?: string;
}

/**
 * Why a message comes to {@link MessageDelivery.undelivered}: nobody is there, the session that was given it ended, or
 * will not have it (a guard of the session's); or the process ended that had it in mind, and only the archive has it.
 */
export type UndeliveredCause = "no-recipient" | "session-ended" | "declined" | "recovered";

export interface MessageDelivery {
  readonly waiting: WaitingMessages;
  /** Delivers a message that passed the guards to whichever sessions should have it (RFC 6121 §8.5); says which got it. */
  readonly deliver: (account: Account, stanza: Stanza) => readonly Session[];
  /** Decides once what becomes of a message that reached nobody: another session, storage, or back to its sender. */
  readonly undelivered: (account: Account, stanza: Stanza, cause: UndeliveredCause) => void;
  /**
   * Makes a message durable that a session still owes to its client, because its stream is cut or has not acknowledged
   * it for long. Returns the name of what was stored, or undefined when it is not a message to be kept.
   */
  readonly secure: (account: Account, stanza: Stanza) => string | undefined;
  /** A client has what was stored under these names: it can be forgotten. */
  readonly discharge: (account: Account, names: readonly string[]) => void;
  /** Whether a message that was made durable may be let go of and read back: no other session was given the same one. */
  readonly mayLetGo: (stanza: Stanza) => boolean;
  /**
   * Reads what was made durable under these names; what is there no more is left out.
   *
   * @throws StoreError
   */
  readonly readBack: (account: Account, names: readonly string[]) => Promise<ReadonlyMap<string, Stanza>>;
  /**
   * Who has what was made durable under this name, beside the sessions that owe it to their clients.
   *
   * @param stanza what it is, where that is still known
   * @returns undefined where that is not known
   */
  readonly reached: (account: Account, name: string, stanza?: Stanza) => "nobody" | "somebody" | undefined;
  /**
   * A session that was read back owes to its client what was made durable under this name.
   *
   * @param taken whether the client of another one has it
   */
  readonly claim: (account: Account, name: string, taken: boolean) => void;
}

export interface PresenceHandling {
  /** Presence that a session of the account sends (RFC 6121 §4.2, §4.4–4.6, §3). */
  readonly outbound: (account: Account, stanza: Stanza, session: Session) => void;
  /** Presence that arrives for the account. */
  readonly inbound: (account: Account, stanza: Stanza) => void;
}
