import { bareOf, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { Stanza } from "#kit/stanza.ts";
import { admitFromComponent } from "./admit-component.ts";
import type { LimitName } from "../link/link-limits.ts";
import type { ComponentLink } from "./component-link.ts";
import { ComponentQueue, type WaitingStanza } from "./component-queue.ts";
import type { OutgoingStore } from "../s2s/outgoing-store.ts";
import type { ComponentLimits, ComponentSettings } from "./component-settings.ts";

export interface ComponentParts {
  readonly env: Env;
  readonly log: Log;
  readonly limits: ComponentLimits;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Takes a stanza wherever it is for. */
  readonly route: (stanza: Stanza) => void;
  readonly limitHit: (limit: LimitName) => void;
  /** Whose a domain is, hosts and all other components considered. */
  readonly ownerOf: (domain: DomainJid) => Component | undefined;
  /** Keeps what waits for long, beyond a restart of ours. */
  readonly outgoing: Pick<OutgoingStore, "take">;
}

/** How a component is there. */
export type ComponentPresence =
  | { readonly state: "connected"; readonly since: number; readonly link: ComponentLink }
  /** It was there a moment ago, or may come for the first time: what is for it waits. */
  | { readonly state: "away"; readonly since: number }
  /** Nobody waits for it any more. */
  | { readonly state: "absent"; readonly since: number };

/** One component, connected or not: what is for it is handed to its program, waits for that to come back, or goes back. */
export class Component {
  readonly #parts: ComponentParts;
  readonly #queue: ComponentQueue;
  #settings: ComponentSettings;
  #presence: ComponentPresence;
  #patience: Timer | undefined;
  #language: string | undefined;
  /** What it calls itself, as far as it was asked and has answered. */
  nameOfItsOwn: string | undefined;
  #removed = false;

  constructor(settings: ComponentSettings, parts: ComponentParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#queue = new ComponentQueue(parts.limits);
    this.#presence = { state: "away", since: parts.env.now() };
    this.#beginToWait();
  }

  get settings(): ComponentSettings {
    return this.#settings;
  }

  get domain(): DomainJid {
    return this.#settings.domain;
  }

  get presence(): ComponentPresence {
    return this.#presence;
  }

  /** Stanzas that wait for it. */
  get waiting(): number {
    return this.#queue.size;
  }

  get name(): string | undefined {
    return this.#settings.name ?? this.nameOfItsOwn;
  }

  /** Takes over what the administrator has changed. A connection that is there stays, also when the secret is new. */
  change(settings: ComponentSettings): void {
    this.#settings = settings;
  }

  /** Whether this domain is the component's. */
  owns(domain: DomainJid): boolean {
    return domain === this.domain || (this.#settings.subdomains && domain.endsWith(`.${this.domain}`));
  }

  /** A stanza is for it. */
  deliver(stanza: Stanza): void {
    const { presence } = this;
    const waiting: WaitingStanza = {
      stanza,
      bytes: serializeBytes(stanza.element),
      duty: this.#parts.outgoing.take(stanza),
    };
    if (presence.state === "connected") presence.link.send(waiting);
    else if (presence.state === "absent") this.#giveBack([waiting], notThere());
    else if (!this.#queue.add(waiting)) {
      this.#parts.limitHit("component-queue");
      this.#giveBack([waiting], tooMuch());
    }
  }

  /** Its program has proven to know the secret, and nothing more stands against it. */
  connected(link: ComponentLink, language: string | undefined): void {
    this.#patience?.cancel();
    this.#patience = undefined;
    this.#language = language;
    this.#presence = { state: "connected", since: this.#parts.env.now(), link };
    for (const waiting of this.#queue.takeAll()) link.send(waiting);
  }

  /** Its link cannot be used any more: what comes waits for the next. */
  disconnected(link: ComponentLink): void {
    if (this.#presence.state !== "connected" || this.#presence.link !== link) return;
    this.#presence = { state: "away", since: this.#parts.env.now() };
    if (!this.#removed) this.#beginToWait();
  }

  /** What a link did not bring over the wire is sent by the next one, or goes back. */
  takeBack(undelivered: readonly WaitingStanza[]): void {
    const { presence } = this;
    if (presence.state === "connected") for (const waiting of undelivered) presence.link.send(waiting);
    else if (presence.state === "absent") this.#giveBack(undelivered, notThere());
    else this.#giveBack(this.#queue.putBack(undelivered), tooMuch());
  }

  /** Its program sent a stanza. */
  receive(link: ComponentLink, element: XmlElement): void {
    const { parseJid, route } = this.#parts;
    // Below its name there may be hosts, and components that are closer (A44).
    const mayWriteAs = (domain: DomainJid): boolean => this.owns(domain) && this.#parts.ownerOf(domain) === this;
    const admitted = admitFromComponent(element, { parseJid, mayWriteAs, language: this.#language });
    if (admitted instanceof StreamError) link.close(admitted);
    else if ("refused" in admitted) this.#refuse(admitted.refused, admitted.error);
    else route(admitted);
  }

  /** There is to be no such component any more. */
  remove(): void {
    this.#removed = true;
    this.#patience?.cancel();
    const { presence } = this;
    this.#presence = { state: "absent", since: this.#parts.env.now() };
    if (presence.state === "connected")
      presence.link.close(new StreamError("host-gone", { text: "this component was removed" }));
    this.#giveBack(this.#queue.takeAll(), new StanzaError("remote-server-not-found"));
  }

  /** The server stops. What waits is not decided about: its senders send it again. */
  stop(): void {
    this.#patience?.cancel();
    this.#removed = true;
    if (this.#presence.state === "connected") this.#presence.link.close(new StreamError("system-shutdown"));
  }

  #beginToWait(): void {
    const { env, limits } = this.#parts;
    if (limits.awayMsMax === 0) this.#stopWaiting();
    else this.#patience = env.setTimer(limits.awayMsMax, () => this.#stopWaiting());
  }

  #stopWaiting(): void {
    this.#presence = { state: "absent", since: this.#presence.since };
    const stanzas = this.#queue.takeAll();
    if (stanzas.length === 0) return;
    const fields = { component: this.domain, stanzas: stanzas.length };
    this.#parts.log.info(fields, "a component stays away; what waited goes back");
    this.#giveBack(stanzas, notThere());
  }

  #giveBack(stanzas: readonly WaitingStanza[], error: StanzaError): void {
    for (const { stanza, duty } of stanzas) {
      // Nobody waits for an answer to presence that says farewell or asks for some.
      const isAwaited = stanza.kind !== "presence" || stanza.type === undefined || stanza.type === "subscribe";
      // What answers for it is not forgotten before its sender knows.
      const settlement = duty?.handOver();
      if (isAwaited) this.#refuse(stanza, error, settlement);
      settlement?.release();
    }
  }

  #refuse(stanza: Stanza, error: StanzaError, settlement?: Stanza["settlement"]): void {
    const reply = errorReply(stanza.element, error);
    if (reply === undefined) return;
    const { kind, to, from, id } = stanza;
    this.#parts.route(new Stanza(kind, reply, to ?? bareOf(from), from, "error", id, settlement));
  }
}

/**
 * The name is known, and whoever serves it cannot be reached within a reasonable time: what RFC 6120 §8.3.3.17 has this
 * condition for, and not `service-unavailable` (§8.3.3.19), which says that what is asked for is not done there at all. Its
 * type is `wait`, since the program will come back.
 */
function notThere(): StanzaError {
  return new StanzaError("remote-server-timeout", { text: "this service is not connected at present" });
}

function tooMuch(): StanzaError {
  return new StanzaError("resource-constraint", { text: "too much waits for this service" });
}
