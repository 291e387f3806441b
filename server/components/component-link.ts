import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ComponentEffect, ComponentInput } from "#protocol/stream/component/component-input.ts";
import { startServingComponent } from "#protocol/stream/component/component-receiving.ts";
import type { ComponentAnswer, ComponentState } from "#protocol/stream/component/component-state.ts";
import { isComponentEstablished, receiveComponent } from "#protocol/stream/component/receive-component.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import { streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { Mailbox } from "../account/mailbox.ts";
import type { Connection, ConnectionServices, WriteFollower } from "../link/connection.ts";
import { Silence, type SilenceBounds } from "../link/silence.ts";
import { StreamDriver, type StreamOwner } from "../link/stream-driver.ts";
import type { Transport } from "../link/transport.ts";
import type { WaitingStanza } from "./component-queue.ts";

/** What a component's link asks of the server around it. */
export interface ComponentLinkServices extends ConnectionServices {
  readonly defaultDomain: () => DomainJid;
  readonly newStreamId: () => string;
  /** Whether a component of this name may try to connect from there, and by which secret. */
  readonly component: (link: ComponentLink, domain: DomainJid) => ComponentAnswer;
  /** It has proven to know the secret: may it come in? */
  readonly admit: (link: ComponentLink, domain: DomainJid) => StreamError | undefined;
  readonly handshakeFailed: (link: ComponentLink, domain: DomainJid) => void;
  readonly established: (link: ComponentLink, domain: DomainJid, language: string | undefined) => void;
  readonly stanza: (link: ComponentLink, element: XmlElement) => void;
  /** From now on nothing can be sent on it. Told once, if it was established. */
  readonly unusable: (link: ComponentLink) => void;
  readonly ended: (link: ComponentLink, end: StreamEnd) => void;
  /** The connection is over. `undelivered` was never taken by the system, the oldest first. */
  readonly closed: (link: ComponentLink, undelivered: readonly WaitingStanza[]) => void;
}

const machine = { receive: receiveComponent, isEstablished: isComponentEstablished };

/** The server's end of a component's connection: it carries out what the machine asks for, and passes stanzas both ways. */
export class ComponentLink implements StreamOwner<ComponentState, ComponentEffect>, WriteFollower {
  readonly id: string;
  readonly connection: Connection;
  readonly #stream: StreamDriver<ComponentState, ComponentInput, ComponentEffect>;
  readonly #services: ComponentLinkServices;
  /** Stanzas may be sent. */
  #usable = false;
  /** What was sent and the system has not taken, the oldest first. */
  readonly #untaken = new Mailbox<WaitingStanza>();
  readonly #silence = new Silence();

  constructor(id: string, transport: Transport, services: ComponentLinkServices) {
    this.id = id;
    this.#services = services;
    const { defaultDomain, newStreamId } = services;
    const { state, effects } = startServingComponent({
      defaultDomain: defaultDomain(),
      newStreamId,
      component: (domain) => services.component(this, domain),
    });
    this.#stream = new StreamDriver(id, transport, { machine, state, owner: this, services });
    this.connection = this.#stream.connection;
    for (const effect of effects) this.carryOut(effect);
  }

  /** Sends a stanza. It counts as delivered when the system has taken its bytes: XEP-0114 knows nothing better. */
  send(waiting: WaitingStanza): void {
    this.#services.tally.stanzasSent += 1;
    this.#untaken.add(waiting);
    this.connection.writeFollowed(waiting.bytes, this);
  }

  taken(writes: number): void {
    for (let left = writes; left > 0; left--) this.#untaken.take()?.duty?.discharge();
  }

  /** What was not taken is handed on last of all. */
  notTaken(): void {}

  close(error?: StreamError): void {
    this.#stream.close(error);
  }

  /**
   * Asks a component that has been silent for long whether it is there, and gives it up when it does not answer.
   *
   * @param ask sends it something that it must answer
   */
  checkAlive(now: number, bounds: SilenceBounds, ask: () => void): void {
    if (!this.#usable || this.connection.isHeld) return;
    const what = this.#silence.check(now, this.connection.heardAt, bounds);
    if (what === "ask") ask();
    if (what !== "giveUp") return;
    this.#services.limitHit("ping-answer");
    this.#services.log.info(
      { stream: this.id },
      "the component has not answered for long; its connection counts as cut",
    );
    this.connection.cut();
  }

  stanzaRead(stanza: XmlElement): void {
    this.connection.countStanza();
    this.#services.stanza(this, stanza);
  }

  /** There is no TLS on this kind of stream. */
  secured(): void {}

  connectionLost(): void {
    this.#becomeUnusable();
    this.#services.closed(this, this.#untaken.takeAll());
  }

  peerTooSlow(bytes: number): void {
    this.#services.log.info({ stream: this.id, bytes }, "the component reads too slowly");
  }

  moved(state: ComponentState): void {
    if (!isComponentEstablished(state)) this.#becomeUnusable();
  }

  #becomeUnusable(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#services.unusable(this);
  }

  carryOut(effect: ComponentEffect): void {
    switch (effect.type) {
      case "sendClose":
        return this.connection.writeLast(streamClosingTag);
      case "admit": {
        const error = this.#services.admit(this, effect.domain);
        return this.#stream.feed(error === undefined ? { type: "admitted" } : { type: "notAdmitted", error });
      }
      case "handshakeFailed":
        return this.#services.handshakeFailed(this, effect.domain);
      case "componentEstablished":
        this.connection.widenLimits();
        this.#usable = true;
        return this.#services.established(this, effect.domain, effect.language);
      case "stanza":
        return this.#services.stanza(this, effect.element);
      case "ended":
        return this.#services.ended(this, effect.end);
      default:
        return this.#stream.perform(effect);
    }
  }
}
