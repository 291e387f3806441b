import type { BareJid } from "#protocol/jid/jid.ts";
import type { ReceivingConfig } from "#protocol/stream/receiving/config.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { ListenerPolicy } from "../core-settings.ts";
import { Link, type LinkServices } from "./link.ts";
import type { Transport } from "./transport.ts";

/** How often silent connections are looked for. */
const livenessCheckMs = 5_000;

export interface ClientLinksParts {
  readonly env: Env;
  /** What the links have in common, by whichever listener they came. */
  readonly services: Omit<LinkServices, "location" | "receiving" | "closed">;
  /** What the streams of a listener are negotiated by. */
  readonly receiving: (policy: ListenerPolicy) => ReceivingConfig;
}

/** The connections of all clients. */
export class ClientLinks implements Iterable<Link> {
  readonly #links = new Set<Link>();
  readonly #parts: ClientLinksParts;
  readonly #services = new Map<ListenerPolicy, LinkServices>();
  #livenessCheck: Timer | undefined;
  #stopping = false;

  constructor(parts: ClientLinksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#links.size;
  }

  [Symbol.iterator](): IterableIterator<Link> {
    return this.#links.values();
  }

  /**
   * Serves a client on a connection that was just accepted.
   *
   * @param authenticated told when somebody has logged in on it
   */
  accept(transport: Transport, policy: ListenerPolicy, authenticated?: () => void): Link {
    const { env } = this.#parts;
    const link = new Link(randomToken(env, 10), transport, this.#servicesFor(policy), authenticated);
    if (link.connection.gone) return link;
    this.#links.add(link);
    this.#livenessCheck ??= env.setTimer(livenessCheckMs, this.#checkLiveness);
    if (this.#stopping) link.close(new StreamError("system-shutdown"));
    return link;
  }

  /** Ends the streams that are between log-in and session, where somebody may be whose password held a moment ago (A55). */
  sendAway(user: BareJid): void {
    for (const link of this.#links)
      if (link.loggingIn === user)
        link.close(new StreamError("not-authorized", { text: "what you logged in with holds no more" }));
  }

  /** The server goes down: everybody is told, and whoever still comes. */
  stop(): void {
    this.#stopping = true;
    for (const link of this.#links) link.close(new StreamError("system-shutdown"));
  }

  /** Cuts those that are left. */
  destroy(): void {
    for (const link of this.#links) link.connection.destroy();
  }

  /** Looks for silent connections no more. */
  [Symbol.dispose](): void {
    this.#livenessCheck?.cancel();
  }

  #servicesFor(policy: ListenerPolicy): LinkServices {
    let services = this.#services.get(policy);
    if (services === undefined) {
      services = {
        ...this.#parts.services,
        location: policy.location,
        receiving: this.#parts.receiving(policy),
        closed: (link) => void this.#links.delete(link),
      };
      this.#services.set(policy, services);
    }
    return services;
  }

  readonly #checkLiveness = (): void => {
    const { env } = this.#parts;
    const now = env.now();
    for (const link of this.#links) link.checkAlive(now);
    this.#livenessCheck = this.#links.size === 0 ? undefined : env.setTimer(livenessCheckMs, this.#checkLiveness);
  };
}
