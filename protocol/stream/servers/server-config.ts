import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DialbackKeyMaker } from "./dialback-key.ts";
import type { HeldPair } from "./domain-pair.ts";

/** What every stream to another server needs of ours, in both roles. Nothing in it may wait. */
export interface ServerSide {
  /** Who we are to a peer that named no domain of ours. */
  readonly defaultDomain: DomainJid;
  readonly host: (domain: DomainJid) => ServerHostAnswer;
  /** Unpredictable and never the same twice: dialback keys are made for it. [rfc6120-4.7.3-02] */
  readonly newStreamId: () => string;
  /** Keys that only our servers can make: see dialbackKeys. */
  readonly dialbackKey: DialbackKeyMaker;
  readonly limits?: Partial<ServerStreamLimits>;
}

export type ServerHostAnswer =
  | { readonly type: "served"; readonly host: ServerHost }
  | { readonly type: "gone" }
  | { readonly type: "unknown" };

/** One virtual host, as far as streams to other servers go. */
export interface ServerHost {
  readonly domain: DomainJid;
  /** Our languages, the first is the default. */
  readonly languages: readonly [string, ...string[]];
  /**
   * `certificate`: TLS, and a certificate that is good for the peer's domain. `dialback`: TLS, and such a certificate or
   * else server dialback. `plain`: also without TLS, by dialback.
   */
  readonly security: "certificate" | "dialback" | "plain";
  /** Whether we have a certificate to show. Without one TLS is not offered, so that only `plain` leads anywhere. */
  readonly certified: boolean;
  /** Whether this host talks to that domain at all. */
  readonly admits: (remote: DomainJid) => boolean;
  /** Stanzas both ways on one stream (XEP-0288). */
  readonly bidirectional: boolean;
  readonly streamManagement: boolean;
  /** Streams go elsewhere: `host` or `host:port`. Told only once the stream is protected. [rfc6120-4.9.3.19-06] */
  readonly otherHost?: string;
}

/** What an initiating stream is for. */
export interface ServerErrand {
  /** Our host. */
  readonly local: DomainJid;
  /** The domain to reach, whatever machine we are connected to. [rfc6120-4.7.2-01] */
  readonly remote: DomainJid;
  /** Whether to get the pair authorized; otherwise the stream only asks whether keys are valid. */
  readonly authorize: boolean;
  /** Absent: no stream management. */
  readonly sm?: ServerSm;
}

export interface ServerSm {
  /** Ask for a stream that can be resumed. */
  readonly resumable: boolean;
  readonly secondsMax?: number;
  /** A former stream to take up, how many stanzas of the peer it had handled, and the pairs that were authorized on it. */
  readonly previous?: { readonly id: string; readonly h: number; readonly pairs: readonly HeldPair[] };
}

/** Bounds of one stream between servers. */
export interface ServerStreamLimits {
  /** Domain pairs that are authorized or asked for, each direction counted by itself. */
  readonly pairsMax: number;
  /** Keys of the peer that are being verified at one time. */
  readonly openVerificationsMax: number;
  /** Keys that the peer is asked to verify at one time, and pairs that wait for the stream to be ready. */
  readonly askedMax: number;
  /** Failed authentications by SASL, after which the stream is closed. */
  readonly saslFailuresMax: number;
}

export const defaultServerStreamLimits: ServerStreamLimits = {
  pairsMax: 200,
  openVerificationsMax: 20,
  askedMax: 100,
  saslFailuresMax: 4,
};
