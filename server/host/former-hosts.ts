import type { DomainJid } from "#protocol/jid/jid.ts";

/** Removed hosts that are remembered, the latest. */
const formerHostsMax = 1_000;

/** The domains that this server spoke for since it was started, and does not any more: who looks for one is told so. */
export class FormerHosts {
  readonly #domains = new Set<DomainJid>();

  remember(domain: DomainJid): void {
    this.#domains.add(domain);
    const [oldest] = this.#domains;
    if (this.#domains.size > formerHostsMax && oldest !== undefined) this.#domains.delete(oldest);
  }

  /** It is served again. */
  forget(domain: DomainJid): void {
    this.#domains.delete(domain);
  }

  has(domain: DomainJid): boolean {
    return this.#domains.has(domain);
  }
}
