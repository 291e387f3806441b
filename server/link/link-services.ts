import type { BareJid, DomainJid, FullJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { ReceivingConfig } from "#protocol/stream/receiving/config.ts";
import type { PresentedToken, QuestionEffect, StreamEvent } from "#protocol/stream/stream-effect.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import type { Tally } from "../tally.ts";
import type { AddressRates } from "./address-rates.ts";
import type { LimitName, LinkLimits } from "./link-limits.ts";

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

/** What links ask of the server around them. */
export interface LinkServices<Link> {
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
