import type { BareJid, FullJid } from "#protocol/jid/jid.ts";
import type { SaslServerExchange } from "#protocol/sasl/server-exchange.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { EndingState } from "../ending.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamVersion } from "../stream-version.ts";
import type { ReceivingConfig, StreamHost, StreamUser } from "./config.ts";

/** The receiving entity's end of a stream: a server's, for its clients. */
export type ReceivingState = (
  | Opening
  | Choosing
  | Securing
  | Authenticating
  | AskingEarly
  | ChoosingResource
  | Binding
  | Resuming
  | Bound
  | EnablingSm
  | Finishing
) & { readonly role: "receiving"; readonly facts: ReceivingFacts };

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
  readonly bindFailures: number;
  readonly earlyRequests: number;
}

/** A stream header must come next: at the start, after TLS, after SASL. */
export interface Opening {
  readonly phase: "opening";
}
/** Features are sent, nobody is authenticated. */
export interface Choosing {
  readonly phase: "choosing";
  /** What was announced; nothing else is accepted. */
  readonly starttls: boolean;
  readonly mechanisms: readonly string[];
}
/** TLS handshake. Not a byte of XML in either direction. [rfc6120-5.4.3.1-02] */
export interface Securing {
  readonly phase: "securing";
}
/** A SASL exchange is under way. */
export interface Authenticating {
  readonly phase: "authenticating";
  readonly choice: Omit<Choosing, "phase">;
  readonly mechanism: string;
  readonly exchange: SaslServerExchange;
  readonly waitingFor: "response" | "credentials" | "key" | "authorization";
  /** While waiting for authorization: the data for `<success/>`, and who. */
  readonly success?: { readonly data: Uint8Array | undefined; readonly user: BareJid | undefined };
}
/** A request before authentication is being answered. */
export interface AskingEarly {
  readonly phase: "askingEarly";
  readonly choice: Omit<Choosing, "phase">;
}
/** Authenticated and features sent: bind or resume. */
export interface ChoosingResource {
  readonly phase: "choosingResource";
}
/** The server is choosing the resource. */
export interface Binding {
  readonly phase: "binding";
  readonly request: XmlElement;
}
export interface Resuming {
  readonly phase: "resuming";
  readonly previous: string;
}
/** Established: stanzas go past the machine. */
export interface Bound {
  readonly phase: "bound";
  readonly jid: FullJid;
  /** Whether stream management was asked for: once is all. [xep0198-3-11] */
  readonly sm: "unasked" | "refused" | "enabled";
}
export interface EnablingSm {
  readonly phase: "enablingSm";
  readonly jid: FullJid;
}
/** The peer has closed, the session finishes. */
export interface Finishing {
  readonly phase: "finishing";
  readonly jid: FullJid;
}

export type ReceivingPhase = ReceivingState["phase"] | EndingState["phase"];
