import type { BareJid, DomainJid, FullJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { XmlLimits } from "#protocol/xml/limits.ts";
import type { ReceivingConfig } from "#protocol/stream/receiving/config.ts";
import type { PresentedToken, QuestionEffect, StreamEvent } from "#protocol/stream/stream-effect.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import type { Tally } from "../core-settings.ts";
import type { AddressRates } from "./address-rates.ts";
import type { Link } from "./link.ts";

/** Units a second on average, and units at once. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Bounds of one connection. */
export interface LinkLimits {
  readonly xml: XmlLimits;
  /** Tighter bounds until the peer has authenticated and bound a resource. */
  readonly xmlBeforeAuthentication: XmlLimits;
  readonly bytesRate: Rate | undefined;
  readonly stanzasRate: Rate | undefined;
  /** The same for all connections of one address together. */
  readonly addressBytesRate: Rate | undefined;
  readonly addressStanzasRate: Rate | undefined;
  /** Silence after which the peer is asked whether it is there, in milliseconds; undefined for never. */
  readonly pingAfterMs: number | undefined;
  /** How long it may take to answer, in milliseconds. */
  readonly pingAnswerMsMax: number;
  /** How long a client with stream management may take to say what it has of what it was sent, in milliseconds. */
  readonly ackAnswerMsMax: number;
  /** From the first byte until a resource is bound, in milliseconds. */
  readonly negotiationMsMax: number;
  /** From our closing tag to the peer's, in milliseconds. */
  readonly closingMsMax: number;
  /** What may wait for a peer that does not read, in bytes. */
  readonly unsentBytesMax: number;
}

/** A bound that was hit, for the metric of that name. */
export type LimitName =
  | "rate-bytes"
  | "rate-stanzas"
  | "unsent-bytes"
  | "connections-per-address"
  | "failed-logins"
  | "negotiation-time"
  | "stanza-size"
  | "sessions-per-account"
  | "recipients"
  | "mailbox"
  | "component-queue"
  | "key-derivations"
  | "ping-answer"
  | "ack-answer"
  | "server-pairs"
  | "streams-per-server";

/** Who has proven to be somebody. */
export interface Login {
  readonly mechanism: string;
  readonly user: BareJid;
  /** The user was made up and has no account. */
  readonly anonymous: boolean;
  /** What was proven, where it was a token. */
  readonly token?: PresentedToken;
}

/** A token that is wanted, or perhaps due. */
export type TokenWish = Omit<Extract<QuestionEffect, { type: "issueToken" }>, "type">;

/** What a client wants of its new resource. */
export interface BindWish {
  readonly resource: string | undefined;
  readonly language: string | undefined;
  readonly bind2?: Extract<QuestionEffect, { type: "bindResource" }>["bind2"];
}

/** What a link asks of the server around it. */
export interface LinkServices {
  readonly env: Env;
  readonly log: Log;
  readonly limits: LinkLimits;
  /** Where clients are to come back to (XEP-0198), as an address or name with or without a port. */
  readonly location: string | undefined;
  readonly tally: Tally;
  readonly addressRates: AddressRates;
  readonly treeReaders: TreeReaderPool;
  readonly receiving: ReceivingConfig;
  readonly credentials: (link: Link, domain: DomainJid | undefined, username: string) => Promise<AnswerInput>;
  readonly tokens: (
    link: Link,
    domain: DomainJid | undefined,
    of: { readonly username: string; readonly device: string },
  ) => Promise<AnswerInput>;
  readonly issueToken: (link: Link, wish: TokenWish) => Promise<AnswerInput>;
  /** New keys for a password that was just proven; the client waits until they are durable. */
  readonly keepCredentials: (link: Link, user: BareJid, renewal: CredentialRenewal) => Promise<AnswerInput>;
  readonly authorize: (link: Link, login: Login) => Promise<AnswerInput>;
  /** New keys for a password that was just proven; nobody waits for it. */
  readonly renewCredentials: (link: Link, user: BareJid, renewal: CredentialRenewal) => void;
  /** Answers a request made before authentication; never rejects. */
  readonly earlyRequest: (link: Link, domain: DomainJid | undefined, element: XmlElement) => Promise<XmlElement>;
  readonly bind: (link: Link, user: BareJid, wish: BindWish, answer: (input: AnswerInput) => void) => void;
  readonly resume: (
    link: Link,
    user: BareJid,
    previous: string,
    h: number,
    answer: (input: AnswerInput) => void,
  ) => void;
  readonly established: (link: Link, jid: FullJid, how: "bound" | "resumed") => void;
  readonly streamEvent: (link: Link, event: StreamEvent) => void;
  readonly streamClosed: (condition: string | undefined) => void;
  readonly limitHit: (limit: LimitName) => void;
  readonly closed: (link: Link) => void;
}
