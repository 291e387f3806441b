import { StanzaError, type StanzaErrorDetails } from "#protocol/stanza/stanza-error.ts";
import type { StanzaCondition } from "#protocol/stanza/stanza-conditions.ts";

/** Which of the counters of failures it belongs to. */
export type RouteFailureKind =
  | "not-found"
  | "unreachable"
  | "negotiation"
  | "certificate"
  | "refused"
  | "time-out"
  | "not-admitted"
  | "too-many";

/** Why there is no way to another domain: for the log, and as the error that the senders get. */
export class RouteFailure extends Error {
  override readonly name = "RouteFailure";
  readonly kind: RouteFailureKind;
  /** It will not be otherwise in a minute: nobody is to wait. */
  readonly lasting: boolean;
  readonly error: StanzaError;

  constructor(
    kind: RouteFailureKind,
    reason: string,
    parts: {
      readonly condition: StanzaCondition;
      readonly type?: StanzaErrorDetails["type"];
      readonly cause?: unknown;
    },
  ) {
    super(reason, "cause" in parts ? { cause: parts.cause } : undefined);
    this.kind = kind;
    const { condition, type } = parts;
    this.error = new StanzaError(condition, { text: texts[kind], ...(type === undefined ? {} : { type }) });
    this.lasting = kind === "not-found" || kind === "certificate" || kind === "refused" || kind === "not-admitted";
  }
}

/** What senders are told; what exactly went wrong is for the administrator. */
const texts: Readonly<Record<RouteFailureKind, string>> = {
  "not-found": "the server of this address cannot be found",
  unreachable: "the server of this address cannot be reached at present",
  negotiation: "no connection to the server of this address can be agreed on at present",
  certificate: "the server of this address cannot prove that it is the right one",
  refused: "the server of this address does not accept connections from here",
  "time-out": "the server of this address has not answered in time",
  "not-admitted": "communication with this server is not allowed here",
  "too-many": "too many servers are being talked to",
};

/** What an administrator should look at. */
export const adviceOn: Readonly<Record<RouteFailureKind, string>> = {
  "not-found": "another server cannot be found: its domain has no usable DNS records (balcony check shows them)",
  unreachable: "another server cannot be reached: it is down, or a firewall on the way stops us",
  negotiation: "no stream could be agreed on with another server",
  certificate: "another server's certificate is not good for its domain, and [s2s] security wants it to be",
  refused: "another server does not accept streams from us: its policy, or what DNS and our certificate say of us",
  "time-out": "another server did not answer in time",
  "not-admitted": "the configuration does not allow streams with this domain",
  "too-many": "too many connections to other servers are being made at once: [s2s] limits",
};
