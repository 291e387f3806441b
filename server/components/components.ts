import { domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { ComponentAnswer } from "#protocol/stream/component/component-state.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import type { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import { assert } from "#protocol/assert.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { Host } from "#kit/host.ts";
import type { Log } from "#kit/log.ts";
import type { DiscoItem } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { Identity, Info } from "#xep/0030-disco/elements.ts";
import { Ping } from "#xep/0199-ping/elements.ts";
import type { CoreObserver } from "../core-settings.ts";
import type { Tally } from "../tally.ts";
import { AddressRates } from "../link/address-rates.ts";
import { addressGroup } from "../link/address-group.ts";
import type { Transport } from "../link/transport.ts";
import { LoginThrottle, type LoginAttempt } from "../log-in/login-throttle.ts";
import type { OutgoingStore } from "../s2s/outgoing-store.ts";
import { Component } from "./component.ts";
import { ComponentLink, type ComponentLinkServices } from "./component-link.ts";
import type { ComponentLimits, ComponentSettings } from "./component-settings.ts";

/** How often silent connections are looked for. */
const livenessCheckMs = 5_000;

export interface ComponentsParts {
  readonly env: Env;
  readonly log: Log;
  readonly limits: ComponentLimits;
  readonly failedLogins: { readonly max: number; readonly windowMs: number } | undefined;
  readonly observer: Pick<CoreObserver, "limitHit" | "streamClosed" | "counted">;
  readonly treeReaders: TreeReaderPool;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly parseJid: (text: string) => Jid | undefined;
  readonly outgoing: OutgoingStore;
  /** Takes a stanza wherever it is for. */
  readonly route: (stanza: Stanza) => void;
  /** There is one more, or one that has other names. */
  readonly added: () => void;
}

/** The external components (XEP-0114): programs of their own that speak for domains beside the hosts. */
export class Components {
  /** What components sent and were sent. */
  readonly tally: Tally = { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 };
  readonly #parts: ComponentsParts;
  readonly #components = new Map<string, Component>();
  readonly #links = new Map<ComponentLink, { component?: Component; readonly authenticated: () => void }>();
  readonly #throttle: LoginThrottle;
  readonly #services: ComponentLinkServices;
  #liveness: Timer | undefined;
  #stopping = false;

  constructor(parts: ComponentsParts) {
    this.#parts = parts;
    this.#throttle = new LoginThrottle(parts.env, parts.failedLogins);
    this.#services = this.#makeServices();
  }

  /** All that there are to be, by their domains. */
  get all(): ReadonlyMap<string, Component> {
    return this.#components;
  }

  /** Connections, those included that have not proven anything yet. */
  get linkCount(): number {
    return this.#links.size;
  }

  /** The component of a domain. What a host serves is never a component's; whoever asks looks at the hosts first. */
  find(domain: DomainJid): Component | undefined {
    const exact = this.#components.get(domain);
    if (exact !== undefined) return exact;
    for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1)) {
      const above = this.#components.get(domain.slice(dot + 1));
      if (above?.owns(domain) === true) return above;
    }
    return undefined;
  }

  /** Takes a stanza for a component's domain; false when it is for no component. */
  deliver(stanza: Stanza): boolean {
    const component = stanza.to === undefined ? undefined : this.find(domainOf(stanza.to));
    component?.deliver(stanza);
    return component !== undefined;
  }

  /** Takes over which ones there are to be by now: of the others the connections end with `host-gone`. */
  follow(wanted: readonly ComponentSettings[]): void {
    const domains = new Set(wanted.map(({ domain }) => domain));
    for (const { domain } of this.#components.values()) if (!domains.has(domain)) this.remove(domain);
    for (const settings of wanted) {
      const { domain } = settings;
      if (this.#parts.hosts.has(domain))
        this.#parts.log.warn({ component: domain }, "a component has the domain of a host, which it does not get");
      this.set(settings);
    }
  }

  /** There is to be such a component from now on, or with other settings. */
  set(settings: ComponentSettings): void {
    const known = this.#components.get(settings.domain);
    if (known === undefined)
      this.#components.set(
        settings.domain,
        new Component(settings, {
          ...this.#parts,
          limitHit: this.#parts.observer.limitHit,
          ownerOf: (domain) => (this.#parts.hosts.has(domain) ? undefined : this.find(domain)),
        }),
      );
    else known.change(settings);
    this.#parts.added();
  }

  /** There is to be none any more; its connection ends with `host-gone`, what waited goes back. */
  remove(domain: DomainJid): void {
    const component = this.#components.get(domain);
    this.#components.delete(domain);
    component?.remove();
  }

  /**
   * Serves a connection that was just accepted.
   *
   * @param authenticated told when it has proven to be a component's
   */
  accept(transport: Transport, authenticated: () => void = ignore): void {
    const { env } = this.#parts;
    const link = new ComponentLink(randomToken(env, 10), transport, this.#services);
    this.#links.set(link, { authenticated });
    link.connection.open();
    if (link.connection.gone) return;
    this.#liveness ??= env.setTimer(livenessCheckMs, this.#checkLiveness);
    if (this.#stopping) link.close(new StreamError("system-shutdown"));
  }

  /** What a host lists: the components below it that are there, or were a moment ago. */
  itemsOf(host: DomainJid): readonly DiscoItem[] {
    const items: DiscoItem[] = [];
    for (const component of this.#components.values()) {
      const { domain, name, presence } = component;
      if (presence.state === "absent" || this.parentOf(component)?.domain !== host) continue;
      items.push(name === undefined ? { jid: domain } : { jid: domain, name });
    }
    return items;
  }

  /** Tells every component that the server goes down. */
  stop(): void {
    this.#stopping = true;
    for (const component of this.#components.values()) component.stop();
    for (const link of this.#links.keys()) link.close(new StreamError("system-shutdown"));
  }

  /** Cuts what connections are left. */
  destroy(): void {
    this.#liveness?.cancel();
    for (const link of this.#links.keys()) link.connection.destroy();
  }

  #makeServices(): ComponentLinkServices {
    const { env, log, limits, observer, treeReaders, hosts } = this.#parts;
    return {
      env,
      log,
      limits: limits.link,
      tally: this.tally,
      // Components of one machine do not share a bound: they are not strangers who could open as many as they like.
      addressRates: new AddressRates({ bytes: undefined, stanzas: undefined }),
      treeReaders,
      limitHit: observer.limitHit,
      contentNamespace: NS_COMPONENT_ACCEPT,
      isShared: true,
      defaultDomain: () => {
        const [first] = hosts.values();
        assert(first !== undefined, "a server has a host");
        return first.domain;
      },
      newStreamId: () => randomToken(env),
      component: (link, domain) => this.#mayTry(link, domain),
      admit: (link, domain) => this.#admit(link, domain),
      handshakeFailed: (link, domain) => {
        this.#throttle.failed(attemptOn(link, domain));
        observer.counted?.("component_handshakes_failed", 1);
        log.warn(
          { stream: link.id, peer: link.connection.remoteAddress, component: domain },
          "a component's handshake failed",
        );
      },
      established: (link, domain, language) => this.#established(link, domain, language),
      stanza: (link, element) => this.#links.get(link)?.component?.receive(link, element),
      unusable: (link) => this.#links.get(link)?.component?.disconnected(link),
      ended: (link, end) => this.#tellEnd(link, end),
      closed: (link, undelivered) => {
        const { component } = this.#links.get(link) ?? {};
        this.#links.delete(link);
        if (component !== undefined)
          log.info({ stream: link.id, component: component.domain }, "component disconnected");
        component?.takeBack(undelivered);
      },
    };
  }

  #mayTry(link: ComponentLink, domain: DomainJid): ComponentAnswer {
    const component = this.#components.get(domain);
    if (component === undefined) {
      this.#parts.log.info(
        { peer: link.connection.remoteAddress, component: domain },
        "nobody wants a component of this name",
      );
      return { type: "refused", error: new StreamError("host-unknown") };
    }
    if (!this.#throttle.refuses(attemptOn(link, domain)))
      return { type: "served", secrets: [component.settings.secret] };
    this.#parts.observer.limitHit("failed-logins");
    const text = "too many failed handshakes; try again later";
    return { type: "refused", error: new StreamError("policy-violation", { text }) };
  }

  #admit(link: ComponentLink, domain: DomainJid): StreamError | undefined {
    const component = this.#components.get(domain);
    // It was removed just now.
    if (component === undefined) return new StreamError("host-unknown");
    this.#throttle.succeeded(attemptOn(link, domain));
    const { presence } = component;
    if (presence.state !== "connected") return undefined;
    const fields = { stream: link.id, peer: link.connection.remoteAddress, component: domain, old: presence.link.id };
    if (component.settings.conflict === "replace-old") {
      this.#parts.log.warn(fields, "a component connects anew; its old connection ends");
      presence.link.close(new StreamError("conflict", { text: "the component has connected anew" }));
      return undefined;
    }
    this.#parts.log.warn(fields, "a component is connected already; the new connection is refused");
    // Perhaps the old one only seems to be there.
    this.#askForLife(component, presence.link, 0);
    return new StreamError("conflict", { text: "the component is connected already" });
  }

  #established(link: ComponentLink, domain: DomainJid, language: string | undefined): void {
    const component = this.#components.get(domain);
    const entry = this.#links.get(link);
    if (component === undefined || entry === undefined) return link.connection.destroy();
    entry.component = component;
    entry.authenticated();
    this.#parts.observer.counted?.("component_connections", 1);
    this.#parts.log.info(
      { stream: link.id, peer: link.connection.remoteAddress, component: domain },
      "component connected",
    );
    for (const [other, known] of this.#links)
      if (known.component === component && other !== link) other.connection.giveWay();
    component.connected(link, language);
    this.#askForName(component);
  }

  /** It may have been changed since it was here last. What it says is shown to people, so it has a bound. */
  #askForName(component: Component): void {
    const payload = Info.build({ identities: [], features: [], forms: [] });
    this.#askerOf(component).ask({ to: component.domain, type: "get", payload }, (answer) => {
      const info = answer?.type === "result" ? answer.element.child(Info.ns, Info.name) : undefined;
      if (info === undefined) return;
      const name = info.child(Identity.ns, Identity.name)?.attr("name");
      component.nameOfItsOwn = name?.slice(0, nameLengthMax);
    });
  }

  readonly #checkLiveness = (): void => {
    const { env, limits } = this.#parts;
    for (const [link, { component }] of this.#links)
      if (component !== undefined) this.#askForLife(component, link, limits.pingAfterMs ?? Infinity);
    this.#liveness = this.#links.size === 0 ? undefined : env.setTimer(livenessCheckMs, this.#checkLiveness);
  };

  #askForLife(component: Component, link: ComponentLink, afterMs: number): void {
    const { env, limits } = this.#parts;
    link.checkAlive(env.now(), { afterMs, answerMsMax: limits.pingAnswerMsMax }, () =>
      this.#askerOf(component).ask({ to: component.domain, type: "get", payload: Ping.build({}) }, ignore),
    );
  }

  #tellEnd(link: ComponentLink, end: StreamEnd): void {
    const condition = end.type === "errorSent" || end.type === "errorReceived" ? end.error.condition : undefined;
    this.#parts.observer.streamClosed(condition);
    const fields = { stream: link.id, end: end.type, condition, text: "error" in end ? end.error.text : undefined };
    if (end.type === "errorSent") this.#parts.log.info(fields, "a component's stream ended with an error from us");
    else this.#parts.log.debug(fields, "a component's stream ended");
  }

  /** The host that a component belongs to, and that lists it: the one that was named, or else the closest one above it. */
  parentOf({ settings: { domain, host } }: Component): Host | undefined {
    const { hosts } = this.#parts;
    if (host !== undefined) return hosts.get(host);
    for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1)) {
      const above = hosts.get(domain.slice(dot + 1));
      if (above !== undefined) return above;
    }
    return undefined;
  }

  /** In whose name a component is asked for something. */
  #askerOf(component: Component): Host {
    const [first] = this.#parts.hosts.values();
    const asker = this.parentOf(component) ?? first;
    assert(asker !== undefined, "a server has a host");
    return asker;
  }
}

/** What a component may call itself in lists, in characters. */
const nameLengthMax = 200;

/**
 * Failures are counted for a component and an address together, and for the component. An address alone says nothing: it
 * is the same for all the programs of this machine, and one of them must not lock out the others.
 */
function attemptOn(link: ComponentLink, domain: DomainJid): LoginAttempt {
  return { address: `${domain} ${addressGroup(link.connection.remoteAddress)}`, account: domain };
}

function ignore(): void {}
