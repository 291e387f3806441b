import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { DialbackRequest, KeyOutcome } from "#protocol/stream/servers/server-effect.ts";
import type { ServerErrand } from "#protocol/stream/servers/server-config.ts";
import { addressGroup } from "../link/address-group.ts";
import type { DialTurns } from "./dial-turns.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { FederationPolicy } from "./policy.ts";
import { RouteFailure } from "./route-failure.ts";
import type { ServerLink } from "./server-link.ts";
import type { ServerLinks } from "./server-links.ts";
import { TimeLimit, unlessAborted } from "./time-limit.ts";

/**
 * How long a connection is used that nothing goes by but keys, in milliseconds: long enough for what is written back, and
 * shorter than whoever was connected to waits for somebody to say who they are.
 */
export const verifierMsMax = 10_000;

export interface KeyVerifierParts {
  readonly env: Pick<Env, "now" | "setTimer">;
  readonly limits: FederationLimits;
  readonly turns: DialTurns;
  readonly links: Pick<ServerLinks, "with">;
  readonly signal: AbortSignal;
  /** What one of our domains asks of a connection. */
  readonly securityOf: (local: DomainJid | undefined) => FederationPolicy["security"] | undefined;
  /**
   * @param by who has us connect
   * @throws RouteFailure
   */
  readonly dial: (errand: ServerErrand, by: string, turns: DialTurns, signal: AbortSignal) => Promise<ServerLink>;
}

/**
 * Asks the servers of a domain whether a key is theirs that somebody has shown who wants to speak for it (XEP-0220
 * §2.1.2): over another connection than that which it came on, which goes where DNS says.
 */
export class KeyVerifier {
  readonly #parts: KeyVerifierParts;
  /** How many are being verified, for each stream that they came on, and for each address. */
  readonly #open = new Map<ServerLink | string, number>();
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
    const address = addressGroup(asker.connection.remoteAddress);
    // Strangers make us connect to others: never to many at once, nor one of them to so many that the rest wait (A36).
    if (
      (this.#open.get(asker) ?? 0) >= limits.verificationsPerStreamMax ||
      (this.#open.get(address) ?? 0) >= limits.verificationsPerAddressMax ||
      this.#openTotal >= limits.verificationsMax
    )
      return { type: "error", condition: "resource-constraint" };
    this.#count(asker, 1);
    this.#count(address, 1);
    this.#openTotal += 1;
    try {
      return await this.#verifyInTime(asker, address, request);
    } catch (error) {
      if (!(error instanceof RouteFailure)) throw error;
      const condition = error.kind === "not-found" ? "remote-server-not-found" : "remote-server-timeout";
      return { type: "error", condition };
    } finally {
      this.#count(asker, -1);
      this.#count(address, -1);
      this.#openTotal -= 1;
    }
  }

  /** Whoever is asked may never answer, be it on a stream that is otherwise in use. */
  async #verifyInTime(asker: ServerLink, by: string, request: DialbackRequest): Promise<KeyOutcome> {
    const { env, limits, signal: stopped } = this.#parts;
    using limit = new TimeLimit(env, limits.connectMsMax, stopped);
    const ask = async (): Promise<KeyOutcome> => {
      const link = this.#connected(asker, request) ?? (await this.#connect(by, request, limit.signal));
      return link.verify(request);
    };
    const outcome = await unlessAborted(limit.signal, ask());
    return outcome === "aborted" ? { type: "error", condition: "remote-server-timeout" } : outcome;
  }

  #count(whose: ServerLink | string, change: 1 | -1): void {
    const open = (this.#open.get(whose) ?? 0) + change;
    if (open === 0) this.#open.delete(whose);
    else this.#open.set(whose, open);
  }

  /** A connection that we have made to that domain already, and that would do for ours; never one that somebody else has made. */
  #connected(asker: ServerLink, { local, remote }: DialbackRequest): ServerLink | undefined {
    const { env, links, securityOf } = this.#parts;
    const now = env.now();
    for (const link of links.with(remote))
      if (
        link !== asker &&
        link.open &&
        link.errand?.errand.remote === remote &&
        securityOf(link.local) === securityOf(local) &&
        !(link.verifiesOnly && now - link.since >= verifierMsMax)
      )
        return link;
    return undefined;
  }

  #connect(by: string, { local, remote }: DialbackRequest, stopped: AbortSignal): Promise<ServerLink> {
    const { dial, turns, limits } = this.#parts;
    // What is written back may go by it.
    const sm = { resumable: true, secondsMax: limits.resumeSecondsMax };
    return dial({ local, remote, authorize: false, sm }, by, turns, stopped);
  }
}
