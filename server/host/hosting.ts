import { assert } from "#protocol/assert.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { HostSettings } from "../core-settings.ts";
import type { Link } from "../link/link.ts";
import { FormerHosts } from "./former-hosts.ts";
import { leaveHost } from "./leave-host.ts";
import { LocalHost, type LocalHostParts } from "./local-host.ts";

export interface HostingParts extends Omit<LocalHostParts, "settings" | "hostOf"> {
  readonly modules: readonly ServerModule[];
}

/** The virtual hosts that this server speaks for, as they come and go. */
export class Hosting {
  /** Those that are served, in the order in which they came. */
  readonly served = new Map<DomainJid, LocalHost>();
  /** Removed, and not done yet with what was going on there. */
  readonly #leaving = new Map<DomainJid, LocalHost>();
  readonly #former = new FormerHosts();
  readonly #parts: HostingParts;

  constructor(parts: HostingParts) {
    this.#parts = parts;
  }

  /** The host of a domain, also while it leaves: what was going on there when it was removed comes to its end there. */
  find(domain: DomainJid): LocalHost | undefined {
    return this.served.get(domain) ?? this.#leaving.get(domain);
  }

  /** The host that a stream negotiates with. */
  of(domain: DomainJid | undefined): LocalHost {
    const host = domain === undefined ? undefined : this.find(domain);
    if (host === undefined) throw new Error("a stream negotiates with a host that is not served");
    return host;
  }

  /** Whether we spoke for a domain lately, and do not any more. */
  isFormer(domain: DomainJid): boolean {
    return this.#former.has(domain);
  }

  /**
   * Speaks for one more domain from now on. Its accounts are those that the store has of it.
   *
   * @throws ModuleConflict; then nothing has changed
   */
  add(settings: HostSettings): void {
    const { domain } = settings;
    assert(this.find(domain) === undefined, "a host is added once, and not while it is leaving");
    const { modules, ...parts } = this.#parts;
    const host = new LocalHost({ ...parts, settings, hostOf: this.#hostOf });
    try {
      host.start(modules.filter((module) => module.indispensable === true || settings.enabled(module)));
    } catch (error) {
      // What was started of it must not run on.
      host.stop();
      throw error;
    }
    this.served.set(domain, host);
    this.#former.forget(domain);
  }

  /**
   * Speaks for a domain no more: its streams end with `host-gone`, its modules stop, its accounts leave the memory. What
   * is stored stays. Resolves when all is done, or after `deadlineMs` without what was not done by then.
   */
  async remove(domain: DomainJid, links: Iterable<Link>, deadlineMs: number): Promise<void> {
    const { env, registry } = this.#parts;
    const host = this.served.get(domain);
    assert(host !== undefined && this.served.size > 1, "only what is there can be removed, and never the last host");
    this.served.delete(domain);
    this.#leaving.set(domain, host);
    this.#former.remember(domain);
    try {
      await leaveHost({ host, env, registry, links, deadlineMs });
    } finally {
      this.#leaving.delete(domain);
    }
  }

  readonly #hostOf = (domain: DomainJid): LocalHost | undefined => this.served.get(domain);

  /** Ends the modules of all; once. */
  stop(): void {
    for (const host of this.served.values()) host.stop();
  }
}
