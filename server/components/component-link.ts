import { unreachable } from "#protocol/assert.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { ComponentEffect, ComponentInput } from "#protocol/stream/component/component-input.ts";
import { startServingComponent } from "#protocol/stream/component/component-receiving.ts";
import type { ComponentAnswer, ComponentState } from "#protocol/stream/component/component-state.ts";
import { isComponentEstablished, receiveComponent } from "#protocol/stream/component/receive-component.ts";
import type { StreamEnd } from "#protocol/stream/stream-end.ts";
import { formatStreamHeader, streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { StreamTimer } from "#protocol/stream/stream-input.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { XmlFault } from "#protocol/xml/fault.ts";
import type { StreamContext } from "#protocol/xml/read.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { Mailbox } from "../account/mailbox.ts";
import { Connection, type ConnectionOwner, type ConnectionServices } from "../link/connection.ts";
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

/** The server's end of a component's connection: it carries out what the machine asks for, and passes stanzas both ways. */
export class ComponentLink implements ConnectionOwner {
  readonly #connection: Connection;
  readonly #services: ComponentLinkServices;
  #state: ComponentState;
  /** Stanzas may be sent. */
  #usable = false;
  /** What was sent and the system has not taken, the oldest first. */
  readonly #untaken = new Mailbox<WaitingStanza>();
  #pingedAt: number | undefined;

  constructor(id: string, transport: Transport, services: ComponentLinkServices) {
    this.#services = services;
    this.#connection = new Connection(id, transport, this, services);
    const { defaultDomain, newStreamId } = services;
    const begun = startServingComponent({
      defaultDomain: defaultDomain(),
      newStreamId,
      component: (domain) => services.component(this, domain),
    });
    this.#state = begun.state;
    for (const effect of begun.effects) this.#carryOut(effect);
  }

  /** Begins to read. */
  open(): void {
    this.#connection.open();
  }

  get id(): string {
    return this.#connection.id;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get gone(): boolean {
    return this.#connection.gone;
  }

  /** Sends a stanza. It counts as delivered when the system has taken its bytes: XEP-0114 knows nothing better. */
  send(waiting: WaitingStanza): void {
    this.#connection.write(waiting.bytes);
    this.#services.tally.stanzasSent += 1;
    this.#untaken.add(waiting);
    this.#connection.whenTaken((taken) => {
      // What is never taken is handed on when the connection is over, which may be known ahead of this.
      if (taken) this.#untaken.take()?.duty?.discharge();
    });
  }

  close(error?: StreamError): void {
    this.#feed(error === undefined ? { type: "close" } : { type: "close", error });
  }

  /** Another connection goes on in its place: what this one does not take at once goes over that, ahead of what is newer. */
  giveWay(): void {
    this.#connection.giveWay();
  }

  /** Cuts the connection, without a word. */
  destroy(): void {
    this.#connection.destroy();
  }

  /**
   * Asks a component that has been silent for long whether it is there, and gives it up when it does not answer.
   *
   * @param ask sends it something that it must answer
   */
  checkAlive(now: number, bounds: { readonly afterMs: number; readonly answerMsMax: number }, ask: () => void): void {
    if (!this.#usable || this.#connection.isHeld) return;
    const { heardAt } = this.#connection;
    if (this.#pingedAt !== undefined && heardAt < this.#pingedAt) {
      if (now - this.#pingedAt < bounds.answerMsMax) return;
      this.#services.limitHit("ping-answer");
      this.#services.log.info(
        { stream: this.id },
        "the component has not answered for long; its connection counts as cut",
      );
      this.#connection.cut();
      return;
    }
    this.#pingedAt = undefined;
    if (now - heardAt < bounds.afterMs) return;
    this.#pingedAt = now;
    ask();
  }

  streamOpened(header: XmlElement, context: StreamContext): void {
    this.#feed({ type: "opened", header, context });
  }

  /** The path of every stanza of an established stream goes past the machine. */
  elementRead(element: XmlElement): void {
    if (!isComponentEstablished(this.#state) || !isStanza(element)) {
      this.#feed({ type: "element", element });
      return;
    }
    this.#connection.countStanza();
    this.#services.stanza(this, element);
  }

  streamClosed(): void {
    this.#feed({ type: "closed" });
  }

  failed(fault: XmlFault): void {
    if (fault.condition === "policy-violation") this.#services.limitHit("stanza-size");
    this.#feed({ type: "fault", fault });
  }

  /** There is no TLS on this kind of stream. */
  secured(): void {}

  timeout(timer: StreamTimer): void {
    this.#feed({ type: "timeout", timer });
  }

  disconnected(): void {
    this.#feed({ type: "disconnected" });
  }

  connectionLost(): void {
    this.#becomeUnusable();
    this.#services.closed(this, this.#untaken.takeAll());
  }

  peerTooSlow(bytes: number): void {
    this.#services.log.info({ stream: this.id, bytes }, "the component reads too slowly");
  }

  #feed(input: ComponentInput): void {
    if (this.#connection.gone) return;
    const step = receiveComponent(this.#state, input);
    this.#state = step.state;
    if (!isComponentEstablished(step.state)) this.#becomeUnusable();
    try {
      for (const effect of step.effects) this.#carryOut(effect);
    } catch (error) {
      this.#connection.breakDown(error);
    }
  }

  #becomeUnusable(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#services.unusable(this);
  }

  #carryOut(effect: ComponentEffect): void {
    const connection = this.#connection;
    switch (effect.type) {
      case "sendHeader":
        return connection.write(formatStreamHeader(effect.header));
      case "send":
        return connection.write(serializeBytes(effect.element));
      case "sendClose":
        return connection.writeLast(streamClosingTag);
      case "pauseInput":
        return connection.hold();
      case "resumeInput":
        return connection.letGo();
      case "disconnect":
        return connection.disconnect();
      case "startTimer":
        return connection.startTimer(effect.timer);
      case "stopTimer":
        return connection.stopTimer(effect.timer);
      case "admit": {
        const error = this.#services.admit(this, effect.domain);
        return this.#feed(error === undefined ? { type: "admitted" } : { type: "notAdmitted", error });
      }
      case "handshakeFailed":
        return this.#services.handshakeFailed(this, effect.domain);
      case "componentEstablished":
        connection.widenLimits();
        this.#usable = true;
        return this.#services.established(this, effect.domain, effect.language);
      case "stanza":
        return this.#services.stanza(this, effect.element);
      case "ended":
        return this.#services.ended(this, effect.end);
      default:
        return unreachable(effect);
    }
  }
}
