import { domainOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { NS_SERVER } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { DomainPair, HeldPair } from "#protocol/stream/servers/domain-pair.ts";
import type { ServerSide } from "#protocol/stream/servers/server-config.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { randomToken, type Env, type Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { Stanza } from "#kit/stanza.ts";
import type { ConnectionServices } from "../link/connection.ts";
import type { Transport } from "../link/transport.ts";
import type { PeerTrust } from "../trust/peer-trust.ts";
import { Absences, type InDoubt } from "./absences.ts";
import { bounce } from "./bounce.ts";
import { checkPeer } from "./check-peer.ts";
import { DialTurns } from "./dial-turns.ts";
import type { Dialer } from "./dialer.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { FederationObserver } from "./federation-observer.ts";
import { KeyVerifier, verifierMsMax } from "./key-verifier.ts";
import { OutgoingStanza } from "./outgoing-stanza.ts";
import type { OutgoingStore } from "./outgoing-store.ts";
import { OwedBytes } from "./owed-bytes.ts";
import { fatesOf } from "./owed-stanzas.ts";
import { PairConnector } from "./pair-connector.ts";
import type { FederationPolicy } from "./policy.ts";
import { Resumptions } from "./resumptions.ts";
import { Route, type RouteServices } from "./route.ts";
import { adviceOn } from "./route-failure.ts";
import { Routes } from "./routes.ts";
import { failureOf, ServerDialer } from "./server-dialer.ts";
import { ServerLink, type Establishment, type ServerErrandParts, type ServerLinkServices } from "./server-link.ts";
import { senderOf, senderShare, SenderShares } from "./senders.ts";
import { withSteadyClock } from "./steady-clock.ts";
import { ServerLinks } from "./server-links.ts";
import { ServerStream, type ServerStreamServices } from "./server-stream.ts";
import { ServerStreams } from "./streams.ts";
import { domainOfOurs, withdrawLocal, withdrawNotAdmitted, withdrawOurs } from "./withdrawn-domains.ts";

export interface FederationParts {
  readonly connection: ConnectionServices;
  readonly limits: FederationLimits;
  readonly dialer: Dialer;
  readonly trust: PeerTrust;
  readonly side: ServerSide;
  readonly outgoing: OutgoingStore;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Whether a domain is ours: a host's or a component's. */
  readonly isOurs: (domain: DomainJid) => boolean;
  /** What a domain of ours asks of others; undefined where it talks to none. */
  readonly policyOf: (local: DomainJid) => FederationPolicy | undefined;
  /** Brings a stanza to whoever it is for within this server. */
  readonly route: (stanza: Stanza) => void;
  /** What some of their domains last said of their users may not hold any more. */
  readonly inDoubt: InDoubt;
  readonly observer: FederationObserver;
}

/** How often streams are looked at that may be idle, or silent. */
const checkMs = 5_000;
/** How often room is made among the pairs when there is none: whoever is refused does not have us look each time. */
const sweepMs = 1_000;
/** How often it is looked whether all is done when the server stops. */
const stopCheckMs = 10;

/** Streams to and from other servers: what our domains write to theirs, and what they write to ours. No sockets. */
export class Federation {
  readonly links = new ServerLinks();
  readonly streams = new ServerStreams();
  readonly routes = new Routes();
  readonly #parts: FederationParts;
  readonly #env: Env;
  readonly #log: Log;
  readonly #total = { bytes: 0 };
  readonly #turns: DialTurns;
  readonly #dialer: ServerDialer;
  readonly #connector: PairConnector;
  readonly #verifier: KeyVerifier;
  readonly #absences: Absences;
  readonly #stopped = new AbortController();
  readonly #linkServices: ServerLinkServices;
  readonly #streamServices: ServerStreamServices;
  readonly #routeServices: RouteServices;
  readonly #resumptions: Resumptions;
  readonly #authenticated = new WeakMap<ServerLink, () => void>();
  #check: Timer | undefined;
  /** When routes that are full of old ones were looked through last. */
  #sweptAt = 0;

  constructor(parts: FederationParts) {
    this.#parts = parts;
    const { connection, limits } = parts;
    this.#env = withSteadyClock(connection.env);
    this.#log = connection.log;
    this.#turns = new DialTurns(this.#env, { runningMax: limits.dialsMax, waitingMax: limits.pairsMax });
    this.#linkServices = this.#makeLinkServices();
    this.#streamServices = this.#makeStreamServices();
    this.#routeServices = this.#makeRouteServices();
    this.#dialer = new ServerDialer({
      env: this.#env,
      dialer: parts.dialer,
      connectMsMax: limits.connectMsMax,
      open: (transport, errand) => this.#openLink(transport, errand),
    });
    this.#connector = new PairConnector({
      log: this.#log,
      limits,
      links: this.links,
      streams: this.streams,
      routes: this.routes,
      dialer: this.#dialer,
      turns: this.#turns,
      policyOf: parts.policyOf,
    });
    this.#resumptions = new Resumptions({
      env: this.#env,
      log: this.#log,
      limits,
      streams: this.streams,
      stopped: this.#stopped.signal,
      securityOf: (local) => parts.policyOf(local)?.security,
      dial: (pair, sm) => {
        const errand = { ...pair, authorize: true, sm };
        return this.#dialer.dial(errand, pair.remote, this.#turns, this.#stopped.signal);
      },
    });
    this.#absences = new Absences({
      env: this.#env,
      limits,
      inDoubt: parts.inDoubt,
      isThere: (pair) => this.streams.withPair(pair).some(({ state }) => state === "open"),
      reach: (pair) => this.connect(pair),
    });
    this.#verifier = new KeyVerifier({
      limits,
      turns: new DialTurns(this.#env, { runningMax: limits.dialsMax, waitingMax: limits.verificationsMax }),
      links: this.links,
      env: this.#env,
      signal: this.#stopped.signal,
      securityOf: (local) => (local === undefined ? undefined : parts.policyOf(local)?.security),
      dial: (errand, by, turns, signal) => this.#dialer.dial(errand, by, turns, signal),
    });
  }

  /** What waits for all other servers together. */
  get waiting(): { readonly stanzas: number; readonly bytes: number } {
    let stanzas = 0;
    for (const route of this.routes) stanzas += route.waiting.stanzas;
    return { stanzas, bytes: this.#total.bytes };
  }

  /** Connections that are made or wait for their turn, keys that others verify for us, streams that we resume. */
  get underWay(): { readonly dials: number; readonly verifications: number; readonly resumptions: number } {
    const dials = this.#turns.running + this.#turns.waiting;
    return { dials, verifications: this.#verifier.open, resumptions: this.#resumptions.size };
  }

  /** Takes what is for a domain that is not ours. */
  send(stanza: Stanza): void {
    const { to, from } = stanza;
    if (to === undefined) return;
    const pair = { local: domainOf(from), remote: domainOf(to) };
    const route = this.routes.get(pair) ?? this.#newRoute(pair, senderOf(stanza));
    const duty = this.#parts.outgoing.take(stanza);
    if (route instanceof Route) route.send(new OutgoingStanza(stanza, route.pair, this.#env.now(), duty));
    else this.#bounce(new OutgoingStanza(stanza, pair, this.#env.now(), duty), route);
  }

  /**
   * Serves another server on a connection that was just accepted.
   *
   * @param authenticated told when it has shown who it is
   */
  accept(transport: Transport, authenticated?: () => void): void {
    const link = this.#openLink(transport, undefined);
    if (link !== undefined && authenticated !== undefined) this.#authenticated.set(link, authenticated);
  }

  /**
   * Opens a stream if there is none, whether or not anything waits for it.
   *
   * @throws RouteFailure, and StanzaError where nobody may
   */
  async connect(pair: DomainPair): Promise<ServerStream> {
    const route = this.routes.get(pair) ?? this.#newRoute(pair, pair.local);
    if (!(route instanceof Route)) throw route;
    return await route.connectNow();
  }

  /** Closes the streams with a remote domain; what they owe is sent first, or goes over a new one. */
  close(remote: DomainJid): number {
    const found = [...this.streams.of(remote)];
    for (const stream of found) stream.drain();
    return found.length;
  }

  /** A domain of ours is served no more: its streams end, and what waits for it goes back. */
  removeLocal(local: DomainJid): void {
    withdrawLocal(this, local);
  }

  /** There is a domain more that is ours: nobody else speaks for it from now on, and nothing for it goes elsewhere (A35). */
  domainAdded(): void {
    withdrawOurs(this, this.#parts.isOurs);
  }

  /** What our domains ask of others has changed: with whom they talk no more nothing goes on, and nothing waits for them. */
  policyChanged(): void {
    withdrawNotAdmitted(this, this.#parts.policyOf);
  }

  /** Lets what is under way arrive, closes the streams, writes down what is left. Resolves after `deadlineMs` at the latest. */
  async stop(deadlineMs: number): Promise<void> {
    const end = this.#env.now() + deadlineMs;
    const isUnderWay = (): boolean => this.links.size > 0;
    for (const link of this.links) if (link.stream === undefined) link.close(new StreamError("system-shutdown"));
    for (const stream of this.streams) stream.drain();
    await this.#parts.outgoing.secureAll();
    while (this.#env.now() < end && isUnderWay()) await this.#pause(stopCheckMs);
    this.#stopped.abort();
    this.#absences.stop();
    for (const route of this.routes) route.close();
    for (const link of this.links) link.connection.cut();
    for (const stream of this.streams) stream.end();
    await this.#parts.outgoing.secureAll();
    this.#check?.cancel();
  }

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#env.setTimer(ms, resolve);
    return promise;
  }

  #newRoute(pair: DomainPair, by: string): Route | StanzaError {
    const policy = this.#parts.policyOf(pair.local);
    // [rfc6120-10.4-01]
    if (policy === undefined)
      return new StanzaError("not-allowed", { text: `${pair.local} does not communicate with other servers` });
    if (!policy.admits(pair.remote))
      return new StanzaError("not-allowed", { text: `${pair.local} does not communicate with ${pair.remote}` });
    const { pairsMax } = this.#parts.limits;
    const isFull = (): boolean => this.routes.size >= pairsMax || this.routes.of(by) >= pairsMax * senderShare;
    const now = this.#env.now();
    if (isFull() && now >= this.#sweptAt + sweepMs) {
      this.#sweptAt = now;
      for (const route of this.routes) if (route.idle) this.routes.remove(route);
    }
    if (isFull()) {
      this.#parts.connection.limitHit("server-pairs");
      const text = "too many other servers are being written to; those that answer nothing are given up in a while";
      return new StanzaError("resource-constraint", { type: "wait", text });
    }
    const route = new Route(pair, by, this.#routeServices);
    this.routes.add(route);
    this.#watch();
    return route;
  }

  #openLink(transport: Transport, errand: ServerErrandParts | undefined): ServerLink | undefined {
    const link = new ServerLink(randomToken(this.#env, 10), transport, this.#linkServices, errand);
    if (link.connection.gone) return undefined;
    this.links.add(link);
    this.#watch();
    if (this.#stopped.signal.aborted) link.close(new StreamError("system-shutdown"));
    return link;
  }

  #makeRouteServices(): RouteServices {
    return {
      env: this.#env,
      limits: this.#parts.limits,
      total: this.#total,
      shares: new SenderShares(),
      find: (pair) => this.streams.forSending(pair),
      // When all stops, so does every route.
      connect: async (pair, by, signal) => {
        this.#stopped.signal.throwIfAborted();
        return await this.#connector.connect(pair, by, signal);
      },
      bounce: (stanza, error) => this.#bounce(stanza, error),
      asFailure: (error) => failureOf(error),
      failed: (pair, failure, retryMs) => {
        this.#parts.observer.routeFailed?.(failure.kind);
        const fields = { ...pair, reason: failure.message, retrySeconds: Math.ceil(retryMs / 1_000) };
        this.#log.info(fields, adviceOn[failure.kind]);
      },
    };
  }

  #bounce(stanza: OutgoingStanza, error: StanzaError): void {
    bounce(this.#parts, stanza, error);
  }

  #makeStreamServices(): ServerStreamServices {
    const { limits, parseJid, route, connection } = this.#parts;
    return {
      env: this.#env,
      limits,
      owed: new OwedBytes(limits.unacknowledgedTotalBytesMax),
      tally: connection.tally,
      parseJid,
      route,
      refuse: (stanza, error) => {
        const reply = errorReply(stanza.element, error);
        if (reply === undefined || stanza.to === undefined) return;
        this.send(new Stanza(stanza.kind, reply, stanza.to, stanza.from, "error", stanza.id, stanza.settlement));
      },
      violated: (stream, error, element) => {
        const from = element.attr("from");
        const fields = { stream: stream.id, ...stream.main, condition: error.condition, from, to: element.attr("to") };
        this.#log.warn(fields, "another server sent what it must not; its stream ends");
        this.#log.debug({ stream: stream.id, element: serialize(element).slice(0, 500) }, "this is what it sent");
      },
      hasRoom: (stream) => this.#eachRouteOf(stream, (own) => own.pump()),
      usable: (stream) => {
        for (const pair of stream.pairs.values()) this.#offer(stream, pair);
      },
      unusable: (stream) => this.#eachRouteOf(stream, (own) => own.lose(stream, [])),
      suspended: (stream) => {
        if (this.#stopped.signal.aborted) return;
        if (!stream.initiated) {
          this.#resumptions.await(stream);
          return;
        }
        this.#log.info({ stream: stream.id, ...stream.main }, "the connection to another server broke; resuming");
        void this.#resumptions.takeUp(stream);
      },
      ended: (stream, owed) => this.#ended(stream, owed),
    };
  }

  #eachRouteOf(stream: ServerStream, run: (route: Route) => void): void {
    for (const pair of stream.pairs.values()) {
      const route = this.routes.get(pair);
      if (route?.stream === stream) run(route);
    }
  }

  /** What a stream owed goes on by another, ahead of all that came later. */
  #ended(stream: ServerStream, owed: readonly OutgoingStanza[]): void {
    this.streams.remove(stream);
    if (this.#stopped.signal.aborted) return;
    if (stream.broke) this.#broke(stream, owed);
    for (const [pair, stanzas] of Map.groupBy(owed, (each) => each.pair)) {
      const { again, returned, unwelcome } = fatesOf(stanzas, stream.managed);
      const broke = new StanzaError("remote-server-timeout", { text: "the connection broke" });
      for (const stanza of returned) this.#bounce(stanza, broke);
      const refused = { type: "modify", text: "the other server closes each stream on which it is sent this" } as const;
      if (unwelcome !== undefined) this.#bounce(unwelcome, new StanzaError("not-acceptable", refused));
      const route = this.routes.get(pair) ?? this.#newRoute(pair, stream.main.remote);
      if (!(route instanceof Route)) for (const stanza of again) this.#bounce(stanza, route);
      else if (route.stream === stream) route.lose(stream, again);
      else route.takeBack(again);
    }
    this.#eachRouteOf(stream, (route) => route.lose(stream, []));
  }

  #broke(stream: ServerStream, owed: readonly OutgoingStanza[]): void {
    this.#absences.lost(stream.pairs.values());
    const { again, returned } = fatesOf(owed, stream.managed);
    const fates = { again: again.length, returned: returned.length, unproven: stream.unprovable };
    this.#parts.observer.streamBroke?.(fates);
    const fields = { stream: stream.id, ...stream.main, managed: stream.managed, ...fates };
    if (owed.length + fates.unproven > 0) this.#log.info(fields, "a stream with another server is lost");
  }

  #makeLinkServices(): ServerLinkServices {
    return {
      ...this.#parts.connection,
      env: this.#env,
      contentNamespace: NS_SERVER,
      isShared: true,
      side: this.#parts.side,
      checkPeer: (link, pair) => checkPeer(link, pair, { trust: this.#parts.trust, log: this.#log }),
      verifyKey: (link, request) => {
        const { local, remote, id } = request;
        void this.#verifier
          .verify(link, request)
          .then((outcome) => link.answer({ type: "keyVerified", local, remote, id, outcome }));
      },
      pairAuthorized: (link, pair, by) => {
        const { local, remote, ways } = pair;
        // Also one of ours that talks to no other servers, or that was not ours when the peer began to prove itself.
        if (this.#parts.isOurs(remote)) {
          link.close(domainOfOurs());
          return;
        }
        const tls = link.connection.channel !== undefined;
        this.#log.info({ stream: link.id, local, remote, ways, by, tls }, "a stream with another server is authorized");
        this.#authenticated.get(link)?.();
        this.#authenticated.delete(link);
        this.links.know(link);
        if (link.stream !== undefined) this.#addPair(link.stream, pair);
      },
      bidirectional: ({ stream }) => {
        if (stream === undefined) return;
        this.streams.makeBidirectional(stream);
        for (const pair of stream.pairs.values()) this.#offer(stream, pair);
      },
      established: (link, how) => this.#established(link, how),
      enableSm: (link, wish) => this.#resumptions.enable(link, wish),
      resumeSm: (link, wish, answer) => this.#resumptions.resume(link, wish, answer),
      smEnabled: (link, id, secondsMax) => {
        const { resumeSecondsMax, deliveryMsMax } = this.#parts.limits;
        const ms = Math.min((secondsMax ?? resumeSecondsMax) * 1_000, deliveryMsMax);
        link.stream?.countIncoming(id === undefined ? undefined : { id, ms });
      },
      smFailed: (link, h) => {
        const previous = this.#resumptions.previousOf(link);
        if (previous === undefined) link.stream?.doNotCount();
        // How far it got is told all the same (S8).
        else if (h !== undefined) previous.acknowledged(h);
      },
      streamEvent: (link, event) => {
        const level = event.name === "key-invalid" || event.name === "unsolicited-dialback" ? "warn" : "debug";
        this.#log[level]({ stream: link.id, peer: link.connection.remoteAddress, ...event }, event.name);
      },
      streamEnded: (link, end) => {
        const condition = end.type === "errorSent" || end.type === "errorReceived" ? end.error.condition : undefined;
        const text = "error" in end ? end.error.text : undefined;
        const fields = { stream: link.id, local: link.local, remote: link.remote, end: end.type, condition, text };
        this.#log[condition === undefined ? "debug" : "info"](fields, "a stream with another server ended");
        // It goes down, or has not been there for long to hear that we leave.
        if (end.type === "closeTimedOut" || (end.type === "errorReceived" && !isFarewell(condition)))
          this.#absences.lost(link.held);
      },
      closed: (link) => {
        this.links.delete(link);
      },
    };
  }

  #established(link: ServerLink, { how, h, language, smAsked }: Establishment): void {
    if (how === "resumed") {
      this.#resumptions.accepted(link, h);
      return;
    }
    const [first] = link.held;
    if (first === undefined || !link.open) return;
    const { local, remote } = link.errand?.errand ?? first;
    const initiated = link.errand !== undefined;
    const stream = new ServerStream({ link, main: { local, remote }, initiated, language }, this.#streamServices);
    link.stream = stream;
    this.streams.add(stream);
    if (smAsked === true) stream.countOutgoing(true);
    const previous = this.#resumptions.previousOf(link);
    for (const pair of link.held) this.#addPair(stream, pair);
    // The peer knows no more of the stream that was to go on: what it owed goes by this one.
    previous?.end();
  }

  #addPair(stream: ServerStream, pair: HeldPair): void {
    this.streams.addPair(stream, pair);
    this.routes.get(pair)?.encourage();
    this.#absences.found(pair);
    if (!stream.initiated) this.#closeSuperfluous(pair);
    this.#offer(stream, pair);
  }

  /** What waits for a pair goes by this stream if it goes by none. */
  #offer(stream: ServerStream, pair: HeldPair): void {
    if (stream.maySend(pair)) this.routes.get(pair)?.open(stream);
  }

  /** A peer that opens stream after stream, or that does not know that its old ones are still there. */
  #closeSuperfluous(pair: DomainPair): void {
    const accepted = this.streams.withPair(pair).filter(({ initiated, state }) => !initiated && state === "open");
    for (const stream of accepted.slice(0, -this.#parts.limits.incomingPerPairMax)) {
      this.#parts.connection.limitHit("streams-per-server");
      stream.close(new StreamError("conflict", { text: "there are newer streams for this pair of domains" }));
    }
  }

  #watch(): void {
    this.#check ??= this.#env.setTimer(checkMs, this.#checkAll);
  }

  readonly #checkAll = (): void => {
    this.#check = undefined;
    const now = this.#env.now();
    for (const stream of this.streams) stream.checkAlive(now);
    for (const link of this.links) {
      link.checkAlive(this.#parts.connection.env.now());
      if (link.verifiesOnly && !link.busy && now - link.since >= verifierMsMax) link.close();
    }
    for (const route of this.routes) if (route.forgettable) this.routes.remove(route);
    if (this.links.size > 0 || this.streams.size > 0 || this.routes.size > 0) this.#watch();
  };
}

/** Errors behind which a server has told all that there was to tell of its users, or goes on to tell it elsewhere. */
function isFarewell(condition: string | undefined): boolean {
  return condition === "host-gone" || condition === "conflict";
}
