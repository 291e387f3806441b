import { assert } from "#protocol/assert.ts";
import { TagPool } from "#protocol/xml/tag-pool.ts";
import { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import { JidCache } from "#protocol/jid/jid-cache.ts";
import { bareOf, domainOf, makeJid, type BareJid, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { Store } from "#kit/storage.ts";
import { Accounts } from "./account/accounts.ts";
import { AccountRegistry } from "./account/registry.ts";
import { Components } from "./components/components.ts";
import type { CoreObserver, CoreSettings, HostSettings, ListenerPolicy } from "./core-settings.ts";
import { askAfterContacts } from "./host/ask-after-contacts.ts";
import { answerEarlyIq } from "./host/early-iq.ts";
import { FormerHosts } from "./host/former-hosts.ts";
import { LocalEarlyPeer } from "./host/early-peer.ts";
import { leaveHost } from "./host/leave-host.ts";
import { LocalHost } from "./host/local-host.ts";
import { refuse } from "./host/refusal.ts";
import { AddressRates } from "./link/address-rates.ts";
import { addressGroup } from "./link/address-group.ts";
import { Link } from "./link/link.ts";
import type { LinkServices, Login } from "./link/link-services.ts";
import type { Transport } from "./link/transport.ts";
import { LoginThrottle, type LoginAttempt } from "./login-throttle.ts";
import { RunQueue } from "./run-queue.ts";
import type { Federation } from "./s2s/federation.ts";
import { defaultFederationLimits } from "./s2s/federation-limits.ts";
import { makeFederation, type FederationMeans } from "./s2s/make-federation.ts";
import { OutgoingStore } from "./s2s/outgoing-store.ts";
import type { FederationPolicy } from "./s2s/policy.ts";
import { iterationsSeen } from "./iterations-seen.ts";
import { serverSecret } from "./server-secret.ts";
import { shapesOf } from "./stored-shapes.ts";
import { Binder } from "./session/binder.ts";
import { wakeHibernated } from "./session/wake-hibernated.ts";
import { decodeUtf8 } from "./utf8.ts";
import { receivingConfig } from "./stream-hosts.ts";
import { TokenLogIns } from "./token-log-ins.ts";

/** How often silent connections are looked for. */
const livenessCheckMs = 5_000;
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
  readonly accounts: Accounts;
  readonly registry: AccountRegistry;
  readonly hosts = new Map<DomainJid, LocalHost>();
  readonly links = new Set<Link>();
  readonly components: Components;
  /** What is on its way out of this server. */
  readonly outgoing: OutgoingStore;
  readonly federation: Federation | undefined;
  readonly #policies = new Map<DomainJid, FederationPolicy>();
  /** Removed, and not done yet with what was going on there. */
  readonly #leaving = new Map<DomainJid, LocalHost>();
  readonly #former = new FormerHosts();
  readonly #hostListeners = new Set<(domain: DomainJid) => void>();
  readonly tokenLogIns: TokenLogIns;
  readonly #parts: CoreParts;
  readonly #queue: RunQueue;
  readonly #jids: JidCache;
  readonly #throttle: LoginThrottle;
  readonly #addressRates: AddressRates;
  readonly #treeReaders = new TreeReaderPool({
    input: "bytes",
    decodeUtf8,
    tags: new TagPool(tagPoolPowerOfTwo),
  });
  #livenessCheck: Timer | undefined;
  readonly #secret: Uint8Array;
  readonly #binder: Binder;
  /** Who is logging in, or has logged in and has no session yet. */
  readonly #negotiating = new WeakMap<Link, BareJid>();
  #stopping = false;
  readonly #services = new Map<ListenerPolicy, LinkServices<Link>>();

  private constructor(parts: CoreParts, secret: Uint8Array) {
    const { env, store, settings } = parts;
    this.#parts = parts;
    this.#secret = secret;
    this.#queue = new RunQueue(env);
    this.#jids = new JidCache(settings.jidCacheEntriesMax);
    this.#throttle = new LoginThrottle(env, settings.failedLogins);
    const { addressBytesRate, addressStanzasRate } = settings.link;
    this.#addressRates = new AddressRates({ bytes: addressBytesRate, stanzas: addressStanzasRate });
    this.registry = new AccountRegistry({
      env,
      store,
      queue: this.#queue,
      mailboxStanzasMax: settings.mailboxStanzasMax,
      mailboxFull: () => parts.observer.limitHit("mailbox"),
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
      credentialsGone: this.#sendAway,
    });
    this.#binder = new Binder({
      env,
      settings,
      observer: parts.observer,
      registry: this.registry,
      host: (user) => this.#host(domainOf(user)),
      parseJid: this.#parseJid,
      secret,
    });
    this.tokenLogIns = new TokenLogIns({ store, registry: this.registry, host: (domain) => this.#host(domain) });
    this.outgoing = new OutgoingStore({ env, log: parts.log, store });
    this.components = new Components({
      env,
      log: parts.log,
      limits: settings.componentLimits,
      failedLogins: settings.failedLogins,
      observer: parts.observer,
      treeReaders: this.#treeReaders,
      hosts: this.hosts,
      parseJid: this.#parseJid,
      outgoing: this.outgoing,
      route: this.route,
      added: () => this.federation?.domainAdded(),
    });
    this.federation = this.#makeFederation(parts);
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
    for (const host of settings.hosts) core.hosts.set(host.domain, core.#startHost(host));
    core.components.follow(settings.components);
    return core;
  }

  #makeFederation({ env, log, settings, observer, federation: means }: CoreParts): Federation | undefined {
    if (means === undefined) return undefined;
    const federation = makeFederation({
      means,
      limits: settings.federation ?? defaultFederationLimits,
      connection: {
        env,
        log,
        limits: settings.serverLink ?? settings.link,
        tally: observer.tally,
        addressRates: this.#addressRates,
        treeReaders: this.#treeReaders,
        limitHit: observer.limitHit,
      },
      outgoing: this.outgoing,
      secret: this.#secret,
      defaultDomain: () => this.hosts.keys().next().value ?? settings.hosts[0].domain,
      parseJid: this.#parseJid,
      serves: (domain) => this.serves(domain),
      isFormer: (domain) => this.#former.has(domain),
      policyOf: (domain) => this.#policies.get(domain) ?? this.#policyOfComponent(domain),
      route: this.route,
      inDoubt: (local, domains, awaited) => {
        const host = this.hosts.get(local);
        if (host !== undefined) askAfterContacts({ host, registry: this.registry, env }, domains, awaited);
      },
      observer,
    });
    this.onHostRemoved((domain) => {
      this.#policies.delete(domain);
      federation.removeLocal(domain);
    });
    return federation;
  }

  /** A component talks to whom the host talks below which it lives, or else the first one. */
  #policyOfComponent(domain: DomainJid): FederationPolicy | undefined {
    const component = this.components.find(domain);
    const parent = component && this.components.parentOf(component);
    if (component === undefined || parent !== undefined) return parent && this.#policies.get(parent.domain);
    const [first] = this.#policies.values();
    return first;
  }

  #startHost({ domain, configured, contacts, enabled, federation }: HostSettings): LocalHost {
    if (federation !== undefined) this.#policies.set(domain, federation);
    const { env, log, store, modules } = this.#parts;
    const host = new LocalHost({
      domain,
      env,
      log,
      store,
      configured,
      contacts,
      accounts: this.accounts,
      registry: this.registry,
      hostOf: (served) => this.hosts.get(served),
      routeElsewhere: this.#routeElsewhere,
      counted: this.#parts.observer.counted,
      services: () => this.components.itemsOf(domain),
    });
    try {
      host.start(modules.filter((module) => module.indispensable === true || enabled(module)));
    } catch (error) {
      // What was started of it must not run on.
      host.stop();
      throw error;
    }
    return host;
  }

  /**
   * Speaks for one more domain from now on. Its accounts are those that the store has of it.
   *
   * @throws ModuleConflict; then nothing has changed
   */
  addHost(settings: HostSettings): void {
    const { domain } = settings;
    assert(!this.hosts.has(domain) && !this.#leaving.has(domain), "a host is added once, and not while it is leaving");
    this.hosts.set(domain, this.#startHost(settings));
    this.#former.forget(domain);
    this.federation?.domainAdded();
    this.#parts.log.info({ host: domain }, "host added");
    this.wakeHibernated(domain);
  }

  /**
   * Speaks for a domain no more: its streams end with `host-gone`, its modules stop, its accounts leave the memory. What
   * is stored stays. Resolves when all is done, or after `deadlineMs` without what was not done by then.
   */
  async removeHost(domain: DomainJid, deadlineMs: number): Promise<void> {
    const { env, log } = this.#parts;
    const host = this.hosts.get(domain);
    assert(host !== undefined && this.hosts.size > 1, "only what is there can be removed, and never the last host");
    this.hosts.delete(domain);
    this.#leaving.set(domain, host);
    this.#former.remember(domain);
    try {
      // Other servers hear that its users leave before their streams with it end.
      await leaveHost({ host, env, registry: this.registry, links: this.links, deadlineMs });
    } finally {
      this.#leaving.delete(domain);
      for (const tell of this.#hostListeners) tell(domain);
    }
    log.info({ host: domain }, "host removed");
  }

  /** Calls back when a host has been removed: what others hold of it is to be let go. */
  onHostRemoved(listener: (domain: DomainJid) => void): void {
    this.#hostListeners.add(listener);
  }

  /**
   * Serves a client on a connection that was just accepted.
   *
   * @param authenticated told when somebody has logged in on it
   */
  accept(transport: Transport, policy: ListenerPolicy, authenticated?: () => void): Link {
    const link = new Link(randomToken(this.#parts.env, 10), transport, this.#servicesFor(policy));
    if (link.gone) return link;
    this.links.add(link);
    this.#livenessCheck ??= this.#parts.env.setTimer(livenessCheckMs, this.#checkLiveness);
    if (authenticated !== undefined) this.#authenticated.set(link, authenticated);
    if (this.#stopping) link.close(new StreamError("system-shutdown"));
    return link;
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

  /** Takes over what can change of hosts while they run: contacts, values that are asked for when they matter, and whom they talk to. */
  followHosts(all: readonly HostSettings[]): void {
    for (const settings of all) this.hosts.get(settings.domain)?.change(settings);
    this.changeFederation(new Map(all.map(({ domain, federation }) => [domain, federation])));
  }

  /** What hosts ask of other servers from now on; streams with whom they talk no more end. */
  changeFederation(policies: ReadonlyMap<DomainJid, FederationPolicy | undefined>): void {
    for (const [domain, policy] of policies)
      if (policy === undefined) this.#policies.delete(domain);
      else if (this.hosts.has(domain)) this.#policies.set(domain, policy);
    this.federation?.policyChanged();
  }

  /** Serves another server on a connection that was just accepted. */
  acceptServer(transport: Transport, authenticated?: () => void): void {
    if (this.federation === undefined) transport.destroy();
    else this.federation.accept(transport, authenticated);
  }

  /**
   * Has sessions that were cut before the server was started wait for their clients, or end; to be called once.
   *
   * @param domain only of this host, which was just added
   */
  wakeHibernated(domain?: DomainJid): void {
    const { env, log, store } = this.#parts;
    wakeHibernated({
      env,
      log,
      store,
      registry: this.registry,
      hostOf: (served) => this.hosts.get(served),
      stopped: () => this.#stopping || (domain !== undefined && !this.hosts.has(domain)),
      domain,
    }).catch((error: unknown) => log.error({ error }, "sessions of before cannot be woken; this is a bug"));
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
    for (const link of this.links) link.close(new StreamError("system-shutdown"));
    this.components.stop();
    const end = env.now() + deadlineMs;
    const goingOn = (): boolean => this.links.size > 0 || this.components.linkCount > 0 || this.registry.busy;
    while (env.now() < end && goingOn()) await pause(env, stopCheckMs);
    for (const link of this.links) link.destroy();
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
    this.#livenessCheck?.cancel();
    for (const host of this.hosts.values()) host.stop();
    this.registry.close();
  }

  readonly #checkLiveness = (): void => {
    const { env } = this.#parts;
    const now = env.now();
    for (const link of this.links) link.checkAlive(now);
    this.#livenessCheck = this.links.size === 0 ? undefined : env.setTimer(livenessCheckMs, this.#checkLiveness);
  };

  readonly #authenticated = new WeakMap<Link, () => void>();
  readonly #earlyPeers = new WeakMap<Link, LocalEarlyPeer>();

  /** Whether this server speaks for a domain: as one of its hosts, or by a component. */
  serves(domain: DomainJid): boolean {
    return this.hosts.has(domain) || this.components.find(domain) !== undefined;
  }

  /** Takes a stanza wherever it is for: to one of the hosts, to a component, or to another server. */
  readonly route = (stanza: Stanza): void => this.#routeElsewhere(stanza);

  readonly #routeElsewhere = (stanza: Stanza): void => {
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

  #servicesFor(policy: ListenerPolicy): LinkServices<Link> {
    let services = this.#services.get(policy);
    if (services === undefined) {
      services = this.#makeServices(policy);
      this.#services.set(policy, services);
    }
    return services;
  }

  #makeServices(policy: ListenerPolicy): LinkServices<Link> {
    const { env, log, settings, observer } = this.#parts;
    return {
      env,
      log,
      limits: settings.link,
      location: policy.location,
      receiving: receivingConfig({
        env,
        hosts: this.hosts,
        isFormer: (domain) => this.#former.has(domain),
        settings,
        secret: this.#secret,
        policy,
      }),
      credentials: (link, domain, username) => this.#credentials(link, domain, username),
      authorize: (link, login) => this.#authorize(link, login),
      renewCredentials: (link, user, renewal) => this.#renewCredentials(link, user, renewal),
      earlyRequest: (link, domain, element) => answerEarlyIq(this.#host(domain), element, this.#earlyPeer(link)),
      tokens: (link, domain, of) => this.#tokens(link, domain, of),
      issueToken: (_, { user, userAgent, mechanism }) => this.tokenLogIns.issue(user, userAgent, mechanism),
      keepCredentials: (link, user, renewal) => this.#keepCredentials(link, user, renewal),
      bind: (link, user, wish, answer) => this.#binder.bind(link, user, wish, answer),
      resume: (link, user, previous, h, answer) => this.#binder.resume(link, user, previous, h, answer),
      established: (link, jid, how) => {
        log.debug({ stream: link.id, session: jid }, how === "bound" ? "resource bound" : "stream resumed");
        this.#negotiating.delete(link);
        if (how === "bound") this.#binder.announce(jid);
      },
      streamEvent: (link, event) => {
        if (event.name === "authentication-failed") {
          observer.loginFailed(event.mechanism, event.condition);
          this.#throttle.failed(this.#attemptOn(link));
          log.info(
            { stream: link.id, peer: link.remoteAddress, mechanism: event.mechanism, condition: event.condition },
            "log-in failed",
          );
        } else log.debug({ stream: link.id, ...event }, event.name);
      },
      limitHit: observer.limitHit,
      streamClosed: observer.streamClosed,
      tally: observer.tally,
      addressRates: this.#addressRates,
      treeReaders: this.#treeReaders,
      closed: (link) => {
        this.links.delete(link);
      },
    };
  }

  #earlyPeer(link: Link): LocalEarlyPeer {
    const known = this.#earlyPeers.get(link) ?? new LocalEarlyPeer(addressGroup(link.remoteAddress));
    this.#earlyPeers.set(link, known);
    return known;
  }

  #host(domain: DomainJid | undefined): LocalHost {
    // What was going on there when it was removed comes to its end there.
    const host = domain === undefined ? undefined : (this.hosts.get(domain) ?? this.#leaving.get(domain));
    if (host === undefined) throw new Error("a stream negotiates with a host that is not served");
    return host;
  }

  async #credentials(link: Link, domain: DomainJid | undefined, username: string): Promise<AnswerInput> {
    const jid = this.#begins(link, domain, username);
    if (this.#mustWait(link)) return tooManyFailures;
    const record = jid === undefined ? undefined : await this.accounts.find(jid);
    return { type: "credentials", found: record?.credentials };
  }

  async #tokens(
    link: Link,
    domain: DomainJid | undefined,
    { username, device }: { readonly username: string; readonly device: string },
  ): Promise<AnswerInput> {
    const jid = this.#begins(link, domain, username);
    if (this.#mustWait(link)) return tooManyFailures;
    return { type: "tokens", found: jid === undefined ? [] : await this.tokenLogIns.candidates(jid, device) };
  }

  /** Somebody says who they are, and has not proven it. */
  #begins(link: Link, domain: DomainJid | undefined, username: string): BareJid | undefined {
    const jid = domain === undefined ? undefined : makeJid(username, domain);
    const user = jid && bareOf(jid);
    if (user === undefined) this.#negotiating.delete(link);
    else this.#negotiating.set(link, user);
    return user;
  }

  #mustWait(link: Link): boolean {
    const refused = this.#throttle.refuses(this.#attemptOn(link));
    if (refused) this.#parts.observer.limitHit("failed-logins");
    return refused;
  }

  #attemptOn(link: Link): LoginAttempt {
    return { address: addressGroup(link.remoteAddress), account: this.#negotiating.get(link) };
  }

  async #authorize(link: Link, { mechanism, user, anonymous, token }: Login): Promise<AnswerInput> {
    const { observer, log } = this.#parts;
    const refused = token === undefined ? undefined : await this.tokenLogIns.use(user, token);
    if (refused !== undefined) return { type: "authenticationFailed", condition: refused };
    if (anonymous) this.#binder.expectGuest(link);
    else this.#throttle.succeeded({ address: addressGroup(link.remoteAddress), account: user });
    this.#negotiating.set(link, user);
    observer.loginSucceeded(mechanism);
    this.#authenticated.get(link)?.();
    log.info({ stream: link.id, peer: link.remoteAddress, account: user, mechanism }, "logged in");
    return { type: "authorized", user };
  }

  async #keepCredentials(link: Link, user: BareJid, renewal: CredentialRenewal): Promise<AnswerInput> {
    const kept = await this.accounts.renewCredentials(user, renewal);
    if (kept.ok) {
      this.#parts.log.info({ stream: link.id, account: user }, "keys for a further mechanism were added");
      return { type: "credentialsKept" };
    }
    const condition = kept.reason === "bad-password" ? "not-authorized" : "temporary-auth-failure";
    return { type: "authenticationFailed", condition, text: kept.text };
  }

  #renewCredentials(link: Link, user: BareJid, renewal: CredentialRenewal): void {
    const { log } = this.#parts;
    const fields = { stream: link.id, account: user };
    this.accounts.renewCredentials(user, renewal).then(
      (renewed) => {
        if (renewed.ok) log.info(fields, "the keys of the password were made anew, as the configuration wants them");
        else log.warn({ ...fields, reason: renewed.reason }, "the keys of the password stay as they were");
      },
      (error: unknown) => log.error({ ...fields, error }, "the keys of the password cannot be renewed"),
    );
  }

  /** Ends the streams that are between log-in and session, where somebody may be whose password held a moment ago. */
  readonly #sendAway = (user: BareJid): void => {
    for (const link of this.links)
      if (this.#negotiating.get(link) === user)
        link.close(new StreamError("not-authorized", { text: "what you logged in with holds no more" }));
  };

  readonly #parseJid = (text: string): Jid | undefined => this.#jids.parse(text);
}

const tooManyFailures: AnswerInput = {
  type: "authenticationFailed",
  condition: "temporary-auth-failure",
  text: "too many failed log-ins; try again later",
};

function pause(env: Env, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  env.setTimer(ms, resolve);
  return promise;
}
