import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { ServerErrand } from "#protocol/stream/servers/server-config.ts";
import type { NegotiationFailure, StreamEnd } from "#protocol/stream/stream-end.ts";
import type { Env } from "#kit/env.ts";
import type { Transport } from "../link/transport.ts";
import { NoTurn, type DialTurns } from "./dial-turns.ts";
import { DialError, type DialledPlace, type Dialer } from "./dialer.ts";
import { RouteFailure } from "./route-failure.ts";
import type { PairRefusal, ServerLink, ServerErrandParts } from "./server-link.ts";
import { TimeLimit, unlessAborted } from "./time-limit.ts";

export interface ServerDialerParts {
  readonly env: Env;
  readonly dialer: Dialer;
  readonly connectMsMax: number;
  /** Makes the link of a connection that was just made; undefined when it was lost at once. */
  readonly open: (transport: Transport, errand: ServerErrandParts) => ServerLink | undefined;
}

/** Makes connections to other servers, one server of a domain after the other, until one can be used. */
export class ServerDialer {
  readonly #parts: ServerDialerParts;

  constructor(parts: ServerDialerParts) {
    this.#parts = parts;
  }

  /**
   * Connects to a server of a domain and waits until the errand is done there: the pair is authorized, or, where only
   * keys are to be verified, the connection is there.
   *
   * @param by who has us connect: takes turns with others
   * @throws RouteFailure
   */
  async dial(errand: ServerErrand, by: string, turns: DialTurns, stopped: AbortSignal): Promise<ServerLink> {
    try {
      return await turns.run(by, stopped, () => this.#tryInTime(errand, stopped));
    } catch (error) {
      throw failureOf(error);
    }
  }

  async #tryInTime(errand: ServerErrand, stopped: AbortSignal): Promise<ServerLink> {
    using limit = new TimeLimit(this.#parts.env, this.#parts.connectMsMax, stopped);
    try {
      return await this.#tryAll(errand, limit.signal);
    } catch (error) {
      throw failureOf(error, limit.isLate);
    }
  }

  /**
   * Asks for a further pair on a link that is there.
   *
   * @throws RouteFailure
   */
  async authorize(link: ServerLink, pair: DomainPair, stopped: AbortSignal): Promise<void> {
    using limit = new TimeLimit(this.#parts.env, this.#parts.connectMsMax, stopped);
    const outcome = await unlessAborted(limit.signal, link.authorize(pair));
    if (outcome === "aborted") throw failureOf(undefined, true);
    if (!("ways" in outcome)) throw refusalFailure(pair, outcome, link.errand?.place);
  }

  async #tryAll(errand: ServerErrand, signal: AbortSignal): Promise<ServerLink> {
    const { local, remote } = errand;
    let last: RouteFailure | undefined;
    const connections = this.#parts.dialer.dial({ local, remote, signal });
    try {
      for await (const { transport, place } of connections) {
        if (signal.aborted) {
          transport.destroy();
          break;
        }
        const outcome = await this.#try(errand, { transport, place }, signal);
        if (!(outcome instanceof RouteFailure)) return outcome;
        last = outcome;
      }
    } catch (error) {
      // What was found is a server that cannot be talked to, whatever else could not be reached. RFC 6120 §10.4.3
      throw last ?? error;
    }
    throw last ?? new RouteFailure("time-out", "nobody answered in time", { condition: "remote-server-timeout" });
  }

  async #try(
    errand: ServerErrand,
    { transport, place }: { readonly transport: Transport; readonly place: DialledPlace },
    signal: AbortSignal,
  ): Promise<ServerLink | RouteFailure> {
    const link = this.#parts.open(transport, { errand, place });
    if (link === undefined)
      return new RouteFailure("unreachable", `${place.host} has closed the connection at once`, {
        condition: "remote-server-timeout",
      });
    if (!errand.authorize) return link;
    const outcome = await unlessAborted(signal, link.whenAuthorized(errand));
    if (outcome !== "aborted" && "ways" in outcome) return link;
    // Others may have asked for pairs of their own on it.
    if (link.unauthorized && (outcome === "aborted" || !link.busy)) link.close();
    if (outcome === "aborted")
      return new RouteFailure("time-out", `${place.host} has not agreed on a stream in time`, {
        condition: "remote-server-timeout",
      });
    return refusalFailure(errand, outcome, place);
  }
}

/** Why a pair was not authorized, as a failure of its route. */
export function refusalFailure(
  { local, remote }: DomainPair,
  refusal: PairRefusal,
  place: DialledPlace | undefined,
): RouteFailure {
  const where = place === undefined ? remote : `${place.host}:${place.port}`;
  if (refusal.type === "invalid")
    // [xep0220-2.1.1-09]
    return new RouteFailure("refused", `${where} says that a key of ${local} is invalid: do others speak for it?`, {
      condition: "internal-server-error",
      type: "cancel",
    });
  if (refusal.type === "error")
    return new RouteFailure("negotiation", `${where} could not verify ${local}: ${refusal.condition}`, {
      condition: "remote-server-timeout",
    });
  const { end } = refusal;
  if (end?.type === "failed" && end.failure.type === "peerNotTrusted")
    return new RouteFailure("certificate", `${where} is not believed to be ${remote}: ${end.failure.reason}`, {
      condition: "remote-server-timeout",
      type: "cancel",
    });
  const kind = isLasting(end) ? "refused" : "negotiation";
  return new RouteFailure(kind, `no stream with ${where}: ${inWords(end)}`, {
    condition: "remote-server-timeout",
    ...(kind === "refused" ? { type: "cancel" } : {}),
  });
}

/** Whether the same would happen another time. */
function isLasting(end: StreamEnd | undefined): boolean {
  if (end?.type === "errorReceived") return refusals.has(end.error.condition);
  return end?.type === "failed" && lastingFailures.has(end.failure.type);
}

const lastingFailures: ReadonlySet<NegotiationFailure["type"]> = new Set([
  "tlsUnavailable",
  "noMechanism",
  "authenticationFailed",
]);

/** What a peer ends a stream with that will not have us another time either. */
const refusals: ReadonlySet<string> = new Set(["host-unknown", "host-gone", "policy-violation", "not-authorized"]);

function inWords(end: StreamEnd | undefined): string {
  if (end === undefined) return "the connection was lost";
  if (end.type === "errorReceived") return `it ended with ${end.error.condition}${detail(end.error.text)}`;
  if (end.type === "errorSent") return `we ended it with ${end.error.condition}${detail(end.error.text)}`;
  return end.type === "failed" ? failureInWords(end.failure) : `it ended (${end.type})`;
}

function failureInWords(failure: NegotiationFailure): string {
  switch (failure.type) {
    case "tlsUnavailable":
      return "it has no TLS, without which we do not talk to it";
    case "authenticationFailed":
      return `it refused us with ${failure.condition}${detail(failure.text)}`;
    case "pairRefused":
      return `dialback failed: ${failure.refusal.type === "error" ? failure.refusal.condition : failure.refusal.type}`;
    case "protocol":
      return failure.text;
    default:
      return failure.type;
  }
}

function detail(text: string | undefined): string {
  return text === undefined ? "" : ` (${text})`;
}

/** Anything that went wrong on the way, as a failure of the route. S6 */
export function failureOf(error: unknown, late = false): RouteFailure {
  if (error instanceof RouteFailure) return error;
  if (error instanceof DialError && !late) {
    const kind = error.condition === "remote-server-not-found" ? "not-found" : "unreachable";
    return new RouteFailure(kind, error.message, { condition: error.condition, cause: error });
  }
  if (error instanceof NoTurn)
    return new RouteFailure("too-many", error.message, { condition: "resource-constraint", type: "wait" });
  const reason = late ? "nobody answered in time" : "the connection was lost";
  return new RouteFailure("time-out", reason, { condition: "remote-server-timeout", cause: error });
}
