import type { BareJid, FullJid } from "#protocol/jid/jid.ts";
import type { SaslServerExchange } from "#protocol/sasl/server-exchange.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import type { ScramHash } from "#protocol/sasl/scram-hash.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { EndingState } from "../ending.ts";
import type { InlineRequest } from "../sasl2-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamVersion } from "../stream-version.ts";
import type { ReceivingConfig, StreamHost, StreamUser } from "./config.ts";

/** The receiving entity's end of a stream: a server's, for its clients. */
export type ReceivingState =
  | Opening
  | Choosing
  | Securing
  | Authenticating
  | Upgrading
  | Inlining
  | AskingEarly
  | LegacyAuthenticating
  | ChoosingResource
  | Binding
  | Resuming
  | Bound
  | EnablingSm
  | Finishing;

/** The receiving role with the phases in which every stream ends. */
export type ReceivingOrEnding = ReceivingState | EndingState;

/** What is known in every phase. */
export interface ReceivingFacts {
  readonly config: ReceivingConfig;
  readonly channel: SecureChannel | undefined;
  /** Since the first header that named it: a stream never moves to another host (A25). */
  readonly host: StreamHost | undefined;
  /** Whether the current stream has our header: an error before it must be preceded by one. [rfc6120-4.9.1.2-01] */
  readonly headerSent: boolean;
  /** From the current header of the peer. */
  readonly version: StreamVersion;
  readonly language: string | undefined;
  readonly from: BareJid | undefined;
  readonly user: StreamUser | undefined;
  readonly saslFailures: number;
  readonly legacyFailures: number;
  readonly bindFailures: number;
  readonly earlyRequests: number;
}

interface Receiving {
  readonly role: "receiving";
  readonly facts: ReceivingFacts;
}

/** From the first header on the host is known. */
interface Hosted extends Receiving {
  readonly host: StreamHost;
}

/** From authentication on the user is known. */
interface Owned extends Hosted {
  readonly user: StreamUser;
}

/** A stream header must come next: at the start, after TLS, after SASL. */
export interface Opening extends Receiving {
  readonly phase: "opening";
}

/** What was announced; nothing else is accepted. */
export interface Choice {
  readonly starttls: boolean;
  readonly mechanisms: readonly string[];
  /** XEP-0440; `undefined` where nothing was said. */
  readonly bindingTypes: readonly string[] | undefined;
  /** By SASL2; `undefined` where that was not announced. */
  readonly sasl2: Sasl2Choice | undefined;
}

export interface Sasl2Choice {
  /** That work with a token. XEP-0484 */
  readonly tokenMechanisms: readonly string[];
  /** Hashes that keys can be added for. XEP-0480 */
  readonly upgrades: readonly ScramHash[];
}

/** Features are sent, nobody is authenticated. */
export interface Choosing extends Hosted {
  readonly phase: "choosing";
  readonly choice: Choice;
}

/** TLS handshake. Not a byte of XML in either direction. [rfc6120-5.4.3.1-02] */
export interface Securing extends Receiving {
  readonly phase: "securing";
}

/** A SASL exchange is under way. */
export interface Authenticating extends Hosted {
  readonly phase: "authenticating";
  readonly choice: Choice;
  readonly mechanism: string;
  readonly exchange: SaslServerExchange;
  /** What came with `<authenticate/>`; `undefined` by the profile of RFC 6120. */
  readonly inline: InlineRequest | undefined;
  readonly waiting: SaslWaiting;
}

export type SaslWaiting =
  /** For the peer. */
  | { readonly for: "response" }
  /** For the owner: input is paused. */
  | { readonly for: "credentials" }
  | { readonly for: "tokens" }
  | { readonly for: "key" }
  | { readonly for: "authorization"; readonly data: Uint8Array | undefined; readonly anonymous: boolean };

/** A password is proven, and tasks that the client asked for come before it is let in. XEP-0388 §2.6.3, XEP-0480 */
export interface Upgrading extends Hosted {
  readonly phase: "upgrading";
  readonly choice: Choice;
  readonly mechanism: string;
  readonly exchange: SaslServerExchange;
  readonly inline: InlineRequest;
  readonly user: BareJid;
  /** As they are kept by now. */
  readonly credentials: StoredCredentials;
  /** Still to be done, the present one first. */
  readonly tasks: readonly [ScramHash, ...ScramHash[]];
  readonly waiting: UpgradeWaiting;
}

export type UpgradeWaiting =
  /** For the peer to begin. */
  | { readonly for: "next" }
  /** For the peer's salted password. */
  | { readonly for: "hash"; readonly salt: Uint8Array; readonly iterations: number }
  /** For the owner to keep it: input is paused. */
  | { readonly for: "keeping"; readonly to: StoredCredentials };

/** Let in by SASL2: what was asked for with it is being done, and all answers go into one `<success/>`. */
export interface Inlining extends Owned {
  readonly phase: "inlining";
  readonly inline: InlineRequest;
  /** What the mechanism has to say at the end. */
  readonly data: Uint8Array | undefined;
  /** What is done by now. */
  readonly done: InlineAnswers;
  readonly waitingFor: "token" | "resumption" | "resource" | "management";
}

export interface InlineAnswers {
  readonly token?: XmlElement;
  readonly resumeFailed?: XmlElement;
  /** Bound, and what the features answered. */
  readonly address?: { readonly jid: FullJid; readonly answers: readonly XmlElement[] };
}

/** A request before authentication is being answered. */
export interface AskingEarly extends Hosted {
  readonly phase: "askingEarly";
  readonly choice: Choice;
}

/** A log-in of the time before SASL is under way (XEP-0078); input is paused. */
export interface LegacyAuthenticating extends Hosted {
  readonly phase: "legacyAuthenticating";
  readonly choice: Choice;
  readonly request: XmlElement;
  readonly resource: string;
  readonly exchange: SaslServerExchange;
  readonly waiting: LegacyWaiting;
}

export type LegacyWaiting =
  | { readonly for: "credentials" }
  | { readonly for: "key" }
  | { readonly for: "authorization" }
  | { readonly for: "resource"; readonly user: StreamUser };

/** Authenticated and features sent: bind or resume. */
export interface ChoosingResource extends Owned {
  readonly phase: "choosingResource";
}

/** The server is choosing the resource. */
export interface Binding extends Owned {
  readonly phase: "binding";
  readonly request: XmlElement;
}

/** The server is looking for the stream to resume. */
export interface Resuming extends Owned {
  readonly phase: "resuming";
  readonly previous: string;
}

/** Established: stanzas go past the machine. */
export interface Bound extends Owned {
  readonly phase: "bound";
  readonly jid: FullJid;
  /** Whether stream management was asked for: once is all. [xep0198-3-11] */
  readonly sm: "unasked" | "refused" | "enabled";
}

/** The server is switching stream management on. */
export interface EnablingSm extends Owned {
  readonly phase: "enablingSm";
  readonly jid: FullJid;
}

/** The peer has closed, the session finishes. */
export interface Finishing extends Owned {
  readonly phase: "finishing";
  readonly jid: FullJid;
}
