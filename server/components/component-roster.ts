import type { DomainJid } from "#protocol/jid/jid.ts";
import { randomToken, type Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { Store } from "#kit/storage.ts";
import type { Components } from "./components.ts";
import type { ComponentSettings } from "./component-settings.ts";
import { forgetComponent, readStoredComponents, storeComponent, type StoredComponent } from "./stored-components.ts";

/** Of a secret that is made up here: as much as its proof could carry. */
const secretBytes = 20;

/** What may not be done to a component, and why. */
export type ComponentRefusal = "exists" | "is-a-host" | "not-found" | "in-file";

export type ComponentChange =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly reason: ComponentRefusal };

/**
 * Which components there are to be: those of balcony.toml, and those that were added while the server ran, which the
 * store keeps, as it does secrets that the file does not tell.
 */
export class ComponentRoster {
  readonly #parts: RosterParts;
  readonly #stored: Map<DomainJid, StoredComponent>;
  #file: readonly ComponentSettings[] = [];

  private constructor(parts: RosterParts, stored: Map<DomainJid, StoredComponent>) {
    this.#parts = parts;
    this.#stored = stored;
  }

  /** @throws StoreError */
  static async open(parts: RosterParts): Promise<ComponentRoster> {
    return new ComponentRoster(parts, await readStoredComponents(parts.store));
  }

  /** Takes over what balcony.toml says by now. */
  apply(file: readonly ComponentSettings[]): void {
    this.#file = file;
    const { components, isHost, log } = this.#parts;
    const wanted = new Map<string, ComponentSettings>();
    for (const [domain, { secret, added }] of this.#stored)
      if (added !== undefined) wanted.set(domain, { domain, secret, ...added, source: "store" });
    for (const settings of file) wanted.set(settings.domain, this.#withSecret(settings));
    for (const { domain } of wanted.values())
      if (isHost(domain))
        log.warn({ component: domain }, "a component has the domain of a host, which it does not get");
    for (const component of components.all.values())
      if (!wanted.has(component.domain)) components.remove(component.domain);
    for (const settings of wanted.values()) components.set(settings);
  }

  /**
   * Adds a component; durable when it resolves.
   *
   * @returns the secret that was made up for it
   * @throws StoreError
   */
  async add(domain: DomainJid, added: NonNullable<StoredComponent["added"]>): Promise<ComponentChange> {
    if (this.#parts.isHost(domain)) return { ok: false, reason: "is-a-host" };
    if (this.#parts.components.all.has(domain)) return { ok: false, reason: "exists" };
    return this.#keep(domain, { secret: this.#newSecret(), added });
  }

  /**
   * Makes up another secret, which the next connection must know.
   *
   * @throws StoreError
   */
  async renewSecret(domain: DomainJid): Promise<ComponentChange> {
    if (!this.#parts.components.all.has(domain)) return { ok: false, reason: "not-found" };
    if (this.#file.some((settings) => settings.domain === domain && settings.secret !== ""))
      return { ok: false, reason: "in-file" };
    const added = this.#stored.get(domain)?.added;
    return this.#keep(domain, { secret: this.#newSecret(), ...(added && { added }) });
  }

  /**
   * Removes one that was added while the server ran.
   *
   * @returns why not
   * @throws StoreError
   */
  async remove(domain: DomainJid): Promise<ComponentRefusal | undefined> {
    if (!this.#parts.components.all.has(domain)) return "not-found";
    if (this.#file.some((settings) => settings.domain === domain)) return "in-file";
    await this.#parts.store.commit([forgetComponent(domain)]);
    this.#stored.delete(domain);
    this.apply(this.#file);
    return undefined;
  }

  async #keep(domain: DomainJid, component: StoredComponent): Promise<ComponentChange> {
    await this.#parts.store.commit([storeComponent(domain, component)]);
    this.#stored.set(domain, component);
    this.apply(this.#file);
    return { ok: true, secret: component.secret };
  }

  #withSecret(settings: ComponentSettings): ComponentSettings {
    return settings.secret === "" ? { ...settings, secret: this.#stored.get(settings.domain)?.secret ?? "" } : settings;
  }

  #newSecret(): string {
    return randomToken(this.#parts.env, secretBytes);
  }
}

export interface RosterParts {
  readonly env: Env;
  readonly log: Log;
  readonly store: Store;
  readonly components: Components;
  readonly isHost: (domain: DomainJid) => boolean;
}
