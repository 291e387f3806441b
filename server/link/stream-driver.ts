import { unreachable } from "#protocol/assert.ts";
import type { TimerEffect, WireEffect } from "#protocol/stream/stream-effect.ts";
import type { StreamError } from "#protocol/stream/stream-error.ts";
import { formatStreamHeader } from "#protocol/stream/stream-header.ts";
import type { OwnerInput, PeerInput, StreamTimer } from "#protocol/stream/stream-input.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { XmlFault } from "#protocol/xml/fault.ts";
import type { StreamContext } from "#protocol/xml/read.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { Connection, type ConnectionOwner, type ConnectionServices, type ConnectionStream } from "./connection.ts";
import type { Transport } from "./transport.ts";

/** What happens on every connection, which every stream machine understands. */
type ConnectionInput =
  | Extract<PeerInput, { readonly type: "opened" | "element" | "closed" | "fault" | "disconnected" }>
  | OwnerInput;

/** What machines want of their connection, whoever is at the other end. */
export type ConnectionEffect = Exclude<WireEffect, { readonly type: "sendClose" | "startTls" }> | TimerEffect;

/** A pure machine: see `receive` of client streams, of streams between servers, and of components. */
export interface StreamMachine<State, Input, Effect> {
  readonly receive: (state: State, input: Input) => { readonly state: State; readonly effects: readonly Effect[] };
  /** Whether stanzas go past it. */
  readonly isEstablished: (state: State) => boolean;
}

/** Whose stream it is. */
export interface StreamOwner<State, Effect> extends ConnectionOwner {
  /** Told after each step, before its effects are carried out. */
  readonly moved: (state: State) => void;
  readonly carryOut: (effect: Effect) => void;
  /** The path of every stanza of an established stream goes past the machine. */
  readonly stanzaRead: (stanza: XmlElement) => void;
}

/**
 * Drives the machine of a stream by its connection: what happens there goes in, and what comes out is carried out, in order.
 * What is no matter of the connection is its owner's.
 */
export class StreamDriver<State, Input, Effect> implements ConnectionStream {
  readonly connection: Connection;
  readonly #machine: StreamMachine<State, Input | ConnectionInput, Effect>;
  readonly #owner: StreamOwner<State, Effect>;
  readonly #services: ConnectionServices;
  #state: State;
  #established = false;

  constructor(
    id: string,
    transport: Transport,
    parts: {
      readonly machine: StreamMachine<State, NoInfer<Input> | ConnectionInput, Effect>;
      readonly state: State;
      readonly owner: StreamOwner<State, Effect>;
      readonly services: ConnectionServices;
    },
  ) {
    const { machine, state, owner, services } = parts;
    this.#machine = machine;
    this.#state = state;
    this.#owner = owner;
    this.#services = services;
    this.connection = new Connection(id, transport, { stream: this, owner }, services);
  }

  get state(): State {
    return this.#state;
  }

  feed(input: Input | ConnectionInput): void {
    if (this.connection.gone) return;
    const step = this.#machine.receive(this.#state, input);
    this.#state = step.state;
    this.#established = this.#machine.isEstablished(step.state);
    this.#owner.moved(step.state);
    try {
      for (const effect of step.effects) this.#owner.carryOut(effect);
    } catch (error) {
      this.connection.breakDown(error);
    }
  }

  /** Ends the stream: with an error, or in peace. */
  close(error?: StreamError): void {
    this.feed(error === undefined ? { type: "close" } : { type: "close", error });
  }

  /** Carries out what concerns the connection. */
  perform(effect: ConnectionEffect): void {
    const { connection } = this;
    switch (effect.type) {
      case "sendHeader":
        return connection.write(formatStreamHeader(effect.header));
      case "send":
        return connection.write(serializeBytes(effect.element));
      case "restartInput":
        return connection.restartInput(effect.rest);
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
      default:
        return unreachable(effect);
    }
  }

  streamOpened(header: XmlElement, context: StreamContext): void {
    this.feed({ type: "opened", header, context });
  }

  elementRead(element: XmlElement): void {
    if (this.#established && isStanza(element)) this.#owner.stanzaRead(element);
    else this.feed({ type: "element", element });
  }

  streamClosed(): void {
    this.feed({ type: "closed" });
  }

  failed(fault: XmlFault): void {
    if (fault.condition === "policy-violation") this.#services.limitHit("stanza-size");
    // What was read so far is not repeated. [rfc6120-8.3.1-09] [rfc6120-13.12-11]
    this.feed({ type: "fault", fault });
  }

  timeout(timer: StreamTimer): void {
    this.feed({ type: "timeout", timer });
  }

  disconnected(): void {
    this.feed({ type: "disconnected" });
  }
}
