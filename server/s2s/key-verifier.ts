import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DialbackRequest, KeyOutcome } from "#protocol/stream/servers/server-effect.ts";
import type { ServerErrand } from "#protocol/stream/servers/server-config.ts";
import type { DialTurns } from "./dial-turns.ts";
import type { FederationLimits } from "./federation-limits.ts";
import { RouteFailure } from "./route-failure.ts";
import type { ServerLink } from "./server-link.ts";

export interface KeyVerifierParts {
  readonly limits: FederationLimits;
  readonly turns: DialTurns;
  readonly links: Iterable<ServerLink>;
  readonly signal: AbortSignal;
  /** @throws RouteFailure */
  readonly dial: (errand: ServerErrand, turns: DialTurns, signal: AbortSignal) => Promise<ServerLink>;
}

/**
 * Asks the servers of a domain whether a key is theirs that somebody has shown who wants to speak for it (XEP-0220
 * §2.1.2): over another connection than that which it came on, which goes where DNS says.
 */
export class KeyVerifier {
  readonly #parts: KeyVerifierParts;
  /** How many are being verified, for each stream that they came on. */
  readonly #open = new Map<ServerLink, number>();
  #openTotal = 0;

  constructor(parts: KeyVerifierParts) {
    this.#parts = parts;
  }

  get open(): number {
    return this.#openTotal;
  }

  /** Never rejects: what could not be asked is an error of dialback. */
  async verify(asker: ServerLink, request: DialbackRequest): Promise<KeyOutcome> {
    const { limits } = this.#parts;
    const open = this.#open.get(asker) ?? 0;
    // Strangers make us connect to others: never to many at once (A36).
    if (open >= limits.verificationsPerStreamMax || this.#openTotal >= limits.verificationsMax)
      return { type: "error", condition: "resource-constraint" };
    this.#open.set(asker, open + 1);
    this.#openTotal += 1;
    try {
      const link = this.#connected(asker, request.remote) ?? (await this.#connect(request));
      return await link.verify(request);
    } catch (error) {
      if (!(error instanceof RouteFailure)) throw error;
      const condition = error.kind === "not-found" ? "remote-server-not-found" : "remote-server-timeout";
      return { type: "error", condition };
    } finally {
      const left = (this.#open.get(asker) ?? 1) - 1;
      if (left === 0) this.#open.delete(asker);
      else this.#open.set(asker, left);
      this.#openTotal -= 1;
    }
  }

  /** A connection that we have made to that domain already; never one that somebody else has made. */
  #connected(asker: ServerLink, remote: DomainJid): ServerLink | undefined {
    for (const link of this.#parts.links)
      if (link !== asker && link.open && link.errand?.errand.remote === remote) return link;
    return undefined;
  }

  #connect({ local, remote }: DialbackRequest): Promise<ServerLink> {
    const { dial, turns, signal, limits } = this.#parts;
    // What is written back may go by it.
    const sm = { resumable: true, secondsMax: limits.resumeSecondsMax };
    return dial({ local, remote, authorize: false, sm }, turns, signal);
  }
}
