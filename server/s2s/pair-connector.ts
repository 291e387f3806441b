import { keyOfPair, type DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { Log } from "#kit/log.ts";
import type { DialTurns } from "./dial-turns.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { FederationPolicy } from "./policy.ts";
import type { Routes } from "./routes.ts";
import { failureOf, type ServerDialer } from "./server-dialer.ts";
import type { ServerLink } from "./server-link.ts";
import type { ServerLinks } from "./server-links.ts";
import type { ServerStream } from "./server-stream.ts";
import type { ServerStreams } from "./streams.ts";

export interface PairConnectorParts {
  readonly log: Log;
  readonly limits: Pick<FederationLimits, "resumeSecondsMax">;
  readonly links: ServerLinks;
  readonly streams: ServerStreams;
  readonly routes: Routes;
  readonly dialer: ServerDialer;
  readonly turns: DialTurns;
  readonly policyOf: (local: DomainPair["local"]) => FederationPolicy | undefined;
}

/** Makes streams that a pair may go out on: over what there is with that server, or over a new connection. */
export class PairConnector {
  readonly #parts: PairConnectorParts;

  constructor(parts: PairConnectorParts) {
    this.#parts = parts;
  }

  /**
   * @param by who causes it: each has a part of the connections that may be made
   * @throws RouteFailure
   */
  async connect(pair: DomainPair, by: string, signal: AbortSignal): Promise<ServerStream> {
    const { dialer, streams, routes, log, turns, limits, policyOf } = this.#parts;
    // A pair that was refused is not asked for again where the others would suffer from it. [xep0220-2.1.1-10]
    const carrier = routes.get(pair)?.trouble === undefined ? this.#carrierOf(pair) : undefined;
    if (carrier !== undefined) {
      try {
        await dialer.authorize(carrier, pair, signal);
        const stream = streams.forSending(pair);
        if (stream !== undefined) return stream;
      } catch (error) {
        const { message } = failureOf(error);
        log.debug({ ...pair, stream: carrier.id, reason: message }, "a stream does not take a further pair");
      }
    }
    const managed = policyOf(pair.local)?.streamManagement ?? true;
    const sm = managed ? { resumable: true, secondsMax: limits.resumeSecondsMax } : undefined;
    const errand = { ...pair, authorize: true, ...(sm && { sm }) };
    const link = await dialer.dial(errand, by, turns, signal);
    if (link.stream === undefined) throw failureOf(undefined);
    return link.stream;
  }

  /** A connection with that server, on which a further pair can be asked for (XEP-0220 §2.6, XEP-0288 §2.2). */
  #carrierOf({ local, remote }: DomainPair): ServerLink | undefined {
    const { links, policyOf } = this.#parts;
    const security = policyOf(local)?.security;
    let unused: ServerLink | undefined;
    for (const link of links.with(remote)) {
      if (!link.open || link.local === undefined) continue;
      // What one of our hosts is content with may not be enough for another.
      if (policyOf(link.local)?.security !== security) continue;
      if (link.stream?.pairs.has(keyOfPair({ local, remote })) === true) continue;
      const isFit =
        link.errand === undefined
          ? link.bidirectional && !link.unauthorized && link.remote === remote
          : link.errand.errand.remote === remote;
      // One that carries something already may go both ways; one that has only verified a key does not.
      if (isFit && link.stream !== undefined) return link;
      if (isFit) unused ??= link;
    }
    return unused;
  }
}
