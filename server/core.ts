import { TagPool } from "#protocol/xml/tag-pool.ts";
import { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import { JidCache } from "#protocol/jid/jid-cache.ts";
import { domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Store } from "#kit/storage.ts";
import { Accounts } from "./account/accounts.ts";
import { clearDeleted } from "./account/clear-deleted.ts";
import { AccountRegistry } from "./account/registry.ts";
import { Components } from "./components/components.ts";
import type { CoreObserver, CoreSettings, HostSettings } from "./core-settings.ts";
import { askAfterContacts } from "./host/ask-after-contacts.ts";
import { Hosting } from "./host/hosting.ts";
import type { LocalHost } from "./host/local-host.ts";
import { refuse } from "./host/refusal.ts";
import { AddressRates } from "./link/address-rates.ts";
import { ClientLinks } from "./link/client-links.ts";
import type { ConnectionServices } from "./link/connection.ts";
import type { Transport } from "./link/transport.ts";
import { LoginThrottle } from "./log-in/login-throttle.ts";
import { RunQueue } from "./run-queue.ts";
import type { Federation } from "./s2s/federation.ts";
import { defaultFederationLimits } from "./s2s/federation-limits.ts";
import { makeFederation, type FederationMeans } from "./s2s/make-federation.ts";
import { OutgoingStore } from "./s2s/outgoing-store.ts";
import type { FederationPolicy } from "./s2s/policy.ts";
import { iterationsSeen } from "./log-in/iterations-seen.ts";
import { serverSecret } from "./server-secret.ts";
import { shapesOf } from "./stored-shapes.ts";
import { Binder } from "./session/binder.ts";
import { wakeHibernated } from "./session/wake-hibernated.ts";
import { decodeUtf8 } from "./utf8.ts";
import { receivingConfig } from "./stream-hosts.ts";
import { TokenLogIns } from "./log-in/token-log-ins.ts";

/** How often a server that stops looks whether all is done. */
const stopCheckMs = 10;
/** How long it may take at most to write what must survive a stop, after the connections had their time. */
const stopWritingMsMax = 5_000;
/** How long other servers have at least to take leave. */
const farewellMsMin = 1_000;
/** 1,024 namespaces, 1,024 tags, for all streams together: about 200 KB when full. */
const tagPoolPowerOfTwo = 10;

export interface CoreParts {
  readonly env: Env;
  readonly log: Log;
  readonly store: Store;
  readonly settings: CoreSettings;
  readonly modules: readonly ServerModule[];
  readonly observer: CoreObserver;
  /** How other servers are reached and judged; absent: none are. */
  readonly federation?: FederationMeans;
}

/**
 * The server without its sockets: hosts, accounts and streams. Everything it needs from outside is in its parts, so that
 * the simulator and the scenario tests run the very same thing.
 */
export class ServerCore {
  readonly hosting: Hosting;
  readonly accounts: Accounts;
  readonly registry: AccountRegistry;
  readonly links: ClientLinks;
  readonly components: Components;
  readonly tokenLogIns: TokenLogIns;
  /** What is on its way out of this server. */
  readonly outgoing: OutgoingStore;
  readonly federation: Federation | undefined;
  readonly #parts: CoreParts;
  readonly #binder: Binder;
  readonly #hostListeners = new Set<(domain: DomainJid) => void>();
  #stopping = false;

  private constructor(parts: CoreParts, secret: Uint8Array) {
    const { env, log, store, settings, observer, modules } = parts;
    this.#parts = parts;
    const jids = new JidCache(settings.jidCacheEntriesMax);
    const parseJid = (text: string): Jid | undefined => jids.parse(text);
    const connection = connectionServices(parts);
    this.registry = new AccountRegistry({
      env,
      store,
      queue: new RunQueue(env),
      mailboxStanzasMax: settings.mailboxStanzasMax,
      mailboxFull: () => observer.limitHit("mailbox"),
      restoreSessions: (account) => this.#binder.restore(account),
      hostOf: (jid) => this.hosts.get(domainOf(jid)),
    });
    this.accounts = new Accounts({
      env,
      store,
      registry: this.registry,
      host: (domain) => this.hosts.get(domain),
      sasl: settings.sasl,
      tombstoneMs: settings.tombstoneMs,
      credentialsGone: (jid) => this.links.sendAway(jid),
    });
    this.hosting = new Hosting({
      env,
      log,
      store,
      modules,
      accounts: this.accounts,
      registry: this.registry,
      routeElsewhere: this.route,
      counted: observer.counted,
      services: (domain) => this.components.itemsOf(domain),
    });
    const host = (domain: DomainJid): LocalHost => this.hosting.of(domain);
    this.#binder = new Binder({ env, settings, observer, registry: this.registry, host, parseJid, secret });
    this.tokenLogIns = new TokenLogIns({ store, registry: this.registry, host });
    this.links = this.#makeLinks(connection, secret);
    this.outgoing = new OutgoingStore({ env, log, store });
    this.components = new Components({
      env,
      log,
      limits: settings.componentLimits,
      failedLogins: settings.failedLogins,
      observer,
      treeReaders: connection.treeReaders,
      hosts: this.hosts,
      parseJid,
      outgoing: this.outgoing,
      route: this.route,
      added: () => this.federation?.domainAdded(),
    });
    this.federation = this.#makeFederation(connection, parseJid, secret);
  }

  /**
   * Declares what the modules store and starts them on every host.
   *
   * @throws ModuleConflict, StoreError
   */
  static async start(parts: CoreParts): Promise<ServerCore> {
    await parts.store.declare(shapesOf(parts.modules));
    const secret = await serverSecret(parts.store, parts.env);
    const { sasl } = parts.settings;
    const scramIterationsSeen = await iterationsSeen(parts.store, sasl.scramIterations);
    const settings = { ...parts.settings, sasl: { ...sasl, scramIterationsSeen } };
    const core = new ServerCore({ ...parts, settings }, secret);
    for (const host of settings.hosts) core.hosting.add(host);
    core.components.follow(settings.components);
    return core;
  }

  #makeLinks(connection: ConnectionServices, secret: Uint8Array): ClientLinks {
    const { env, log, settings, observer } = this.#parts;
    const logIns = {
      env,
      log,
      observer,
      accounts: this.accounts,
      tokens: this.tokenLogIns,
      throttle: new LoginThrottle(env, settings.failedLogins),
      host: (domain: DomainJid | undefined) => this.hosting.of(domain),
    };
    const { streamClosed } = observer;
    return new ClientLinks({
      env,
      services: { ...connection, limits: settings.link, logIns, binder: this.#binder, streamClosed },
      receiving: (policy) => receivingConfig({ env, hosting: this.hosting, settings, secret, policy }),
    });
  }

  #makeFederation(
    connection: ConnectionServices,
    parseJid: (text: string) => Jid | undefined,
    secret: Uint8Array,
  ): Federation | undefined {
    const { settings, observer, federation: means } = this.#parts;
    if (means === undefined) return undefined;
    return makeFederation({
      means,
      limits: settings.federation ?? defaultFederationLimits,
      connection: { ...connection, limits: settings.serverLink ?? connection.limits },
      outgoing: this.outgoing,
      secret,
      defaultDomain: () => this.hosts.keys().next().value ?? settings.hosts[0].domain,
      parseJid,
      serves: (domain) => this.serves(domain),
      isFormer: (domain) => this.hosting.isFormer(domain),
      policyOf: (domain) => this.#policyOf(domain),
      route: this.route,
      inDoubt: (local, domains, awaited) => {
        const host = this.hosts.get(local);
        const { env } = connection;
        if (host !== undefined) askAfterContacts({ host, registry: this.registry, env }, domains, awaited);
      },
      observer,
    });
  }

  /** What a domain of ours asks of other servers; undefined where it talks to none. */
  #policyOf(domain: DomainJid): FederationPolicy | undefined {
    const host = this.hosting.find(domain);
    if (host !== undefined) return host.settings.federation;
    const component = this.components.find(domain);
    if (component === undefined) return undefined;
    // A component talks to whom the host talks below which it lives, or else the first one.
    const parent = this.components.parentOf(component);
    if (parent !== undefined) return this.hosting.find(parent.domain)?.settings.federation;
    for (const { settings } of this.hosts.values()) if (settings.federation !== undefined) return settings.federation;
    return undefined;
  }

  /** The hosts that are served. */
  get hosts(): ReadonlyMap<DomainJid, LocalHost> {
    return this.hosting.served;
  }

  /**
   * Speaks for one more domain from now on; see {@link Hosting.add}.
   *
   * @throws ModuleConflict; then nothing has changed
   */
  addHost(settings: HostSettings): void {
    const { domain } = settings;
    this.hosting.add(settings);
    this.federation?.domainAdded();
    this.#parts.log.info({ host: domain }, "host added");
    this.wakeHibernated(domain);
  }

  /** Speaks for a domain no more; see {@link Hosting.remove}. */
  async removeHost(domain: DomainJid, deadlineMs: number): Promise<void> {
    try {
      // Other servers hear that its users leave before their streams with it end.
      await this.hosting.remove(domain, this.links, deadlineMs);
    } finally {
      this.federation?.removeLocal(domain);
      for (const tell of this.#hostListeners) tell(domain);
    }
    this.#parts.log.info({ host: domain }, "host removed");
  }

  /** Calls back when a host has been removed: what others hold of it is to be let go. */
  onHostRemoved(listener: (domain: DomainJid) => void): void {
    this.#hostListeners.add(listener);
  }

  /** Sends on what waited for its way out when an earlier server stopped; to be called once. */
  async sendWaiting(): Promise<void> {
    try {
      const stanzas = await this.outgoing.readBack(this.route);
      if (stanzas > 0) this.#parts.log.info({ stanzas }, "what waited for its way out before the restart is sent on");
    } catch (error) {
      this.#parts.log.error({ error }, "what waited for its way out cannot be read at present; it stays stored");
    }
  }

  /** Takes over what can change of hosts while they run; streams of those who talk to others no more end. */
  followHosts(all: readonly HostSettings[]): void {
    for (const settings of all) {
      const host = this.hosts.get(settings.domain);
      if (host !== undefined) host.settings = settings;
    }
    this.federation?.policyChanged();
  }

  /** Serves another server on a connection that was just accepted. */
  acceptServer(transport: Transport, authenticated?: () => void): void {
    if (this.federation === undefined) transport.destroy();
    else this.federation.accept(transport, authenticated);
  }

  /**
   * Has sessions that were cut before the server was started wait for their clients, or end, and clears away what is left of
   * deleted accounts; to be called once.
   *
   * @param domain only of this host, which was just added
   */
  wakeHibernated(domain?: DomainJid): void {
    const { env, log, store } = this.#parts;
    const accounts = {
      env,
      log,
      store,
      hostOf: (served: DomainJid) => this.hosts.get(served),
      stopped: () => this.#stopping || (domain !== undefined && !this.hosts.has(domain)),
      domain,
    };
    wakeHibernated(accounts, this.registry).catch((error: unknown) =>
      log.error({ error }, "sessions of before cannot be woken; this is a bug"),
    );
    clearDeleted(accounts, this.accounts.deletions).catch((error: unknown) =>
      log.error({ error }, "what deleted accounts had cannot be cleared away; this is a bug"),
    );
  }

  /**
   * Tells every client that the server goes down. Resolves when all are gone and what they left behind is written, or
   * after `deadlineMs` for them and as much again, though no more than `stopWritingMsMax`, for what is to be written.
   * Sessions that can be resumed can be so after the next start.
   */
  async stop(deadlineMs: number): Promise<void> {
    const { env } = this.#parts;
    this.#stopping = true;
    for (const session of this.registry.sessions()) session.suspend("system-shutdown");
    this.links.stop();
    this.components.stop();
    const end = env.now() + deadlineMs;
    const goingOn = (): boolean => this.links.size > 0 || this.components.linkCount > 0 || this.registry.busy;
    while (env.now() < end && goingOn()) await pause(env, stopCheckMs);
    this.links.destroy();
    this.components.destroy();
    // What was under way in here has left by now.
    await this.federation?.stop(Math.max(end - env.now(), Math.min(deadlineMs, farewellMsMin)));
    await this.outgoing.secureAll();
    this.outgoing.close();
    const written = env.now() + Math.min(deadlineMs, stopWritingMsMax);
    for (const session of this.registry.sessions()) session.account.post(() => session.completeHibernation());
    while (env.now() < written && this.registry.busy) await pause(env, stopCheckMs);
    this.registry.rest();
    while (env.now() < written && this.registry.busy) await pause(env, stopCheckMs);
    for (const session of this.registry.sessions()) session[Symbol.dispose]();
    this.links[Symbol.dispose]();
    this.hosting.stop();
    this.registry.close();
  }

  /** Whether this server speaks for a domain: as one of its hosts, or by a component. */
  serves(domain: DomainJid): boolean {
    return this.hosts.has(domain) || this.components.find(domain) !== undefined;
  }

  /** Takes a stanza wherever it is for: to one of the hosts, to a component, or to another server. */
  readonly route = (stanza: Stanza): void => {
    const { to } = stanza;
    if (to === undefined) return;
    const host = this.hosts.get(domainOf(to));
    // What is for a domain of ours goes no further. [rfc6120-10.5-01] [rfc6120-10.5-03] [rfc6120-10.5-04]
    if (host !== undefined) {
      host.route(stanza);
      return;
    }
    if (this.components.deliver(stanza)) return;
    if (this.federation !== undefined) {
      this.federation.send(stanza);
      return;
    }
    // There is no way to other servers; who sends is told so. RFC 6120 §10.4
    // [rfc3920-9.1.1-03] [rfc3920-10.3-01] [rfc6120-10.4.3-01]
    // [rfc6121-3.1.2-08]
    if (this.serves(domainOf(stanza.from)))
      refuse({ log: this.#parts.log, route: this.route }, stanza, new StanzaError("remote-server-not-found"));
  };
}

/** What every connection stands on, whoever is at the other end. */
function connectionServices({ env, log, settings, observer }: CoreParts): ConnectionServices {
  const { addressBytesRate, addressStanzasRate } = settings.link;
  return {
    env,
    log,
    limits: settings.link,
    tally: observer.tally,
    addressRates: new AddressRates({ bytes: addressBytesRate, stanzas: addressStanzasRate }),
    treeReaders: new TreeReaderPool({ input: "bytes", decodeUtf8, tags: new TagPool(tagPoolPowerOfTwo) }),
    limitHit: observer.limitHit,
  };
}

function pause(env: Env, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  env.setTimer(ms, resolve);
  return promise;
}
