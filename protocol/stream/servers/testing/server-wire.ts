import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { formatStreamHeader, streamClosingTag } from "../../stream-header.ts";
import { receiveBetweenServers } from "../receive.ts";
import type { ServerEffect } from "../server-effect.ts";
import type { ServerInput } from "../server-input.ts";
import type { ServerStreamState } from "../server-state.ts";
import type { ServerStep } from "../server-step.ts";

/** Answers a question of the machine, or reacts to any other effect; `undefined` leaves it open. */
export type ServerAnswers = (effect: ServerEffect, wire: ServerWire) => ServerInput | undefined;

/** One end of a stream between servers over memory: what an adapter does with a machine and a reader, and no more. */
export class ServerWire {
  state: ServerStreamState;
  /** What was sent, piece by piece. */
  readonly sent: string[] = [];
  /** All effects so far, for tests of what is not sent. */
  readonly effects: ServerEffect[] = [];
  onSent: (text: string) => void = () => undefined;
  onStartTls: () => void = () => undefined;
  readonly #answers: ServerAnswers;
  readonly #reader: XmlStreamReader;
  readonly #inputs: ServerInput[] = [];
  #busy = true;
  #resuming = false;

  constructor(start: (wire: ServerWire) => ServerStep<ServerStreamState>, answers: ServerAnswers = () => undefined) {
    this.#answers = answers;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: (header, context) => this.input({ type: "opened", header, context }),
        elementRead: (element) => this.input({ type: "element", element }),
        streamClosed: () => this.input({ type: "closed" }),
        failed: (fault) => this.input({ type: "fault", fault }),
        keepAlive: () => this.input({ type: "keepAlive" }),
      },
      { input: "utf16", decodeUtf8: (bytes) => bytes, contentNamespace: "jabber:server" },
    );
    const first = start(this);
    this.state = first.state;
    for (const effect of first.effects) this.#carryOut(effect);
    this.#busy = false;
    this.#drain();
  }

  /** Bytes from the peer. */
  write(text: string): void {
    this.#reader.write(text);
  }

  /** Inputs during a step wait until its effects are done. */
  input(input: ServerInput): void {
    this.#inputs.push(input);
    if (!this.#busy) this.#drain();
  }

  /** What was sent since the last call. */
  take(): string {
    return this.sent.splice(0).join("");
  }

  /** All effects of a type, in order. */
  all<Type extends ServerEffect["type"]>(type: Type): readonly Extract<ServerEffect, { type: Type }>[] {
    return this.effects.filter((effect): effect is Extract<ServerEffect, { type: Type }> => effect.type === type);
  }

  #drain(): void {
    this.#busy = true;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const next = receiveBetweenServers(this.state, input);
      this.state = next.state;
      for (const effect of next.effects) this.#carryOut(effect);
    }
    this.#busy = false;
    if (!this.#resuming) return;
    this.#resuming = false;
    this.#reader.resume();
  }

  #carryOut(effect: ServerEffect): void {
    this.effects.push(effect);
    switch (effect.type) {
      case "sendHeader":
        return this.#send(formatStreamHeader(effect.header));
      case "send":
        return this.#send(serialize(effect.element));
      case "sendClose":
        return this.#send(streamClosingTag);
      case "startTls":
        return this.onStartTls();
      case "restartInput":
        return effect.rest === "drop" ? this.#reader.drop() : this.#reader.restart();
      case "pauseInput":
        return this.#reader.pause();
      case "resumeInput":
        // Not before the step is done: what waits is read at once, and may ask for a pause again.
        this.#resuming = true;
        return undefined;
      default: {
        const answer = this.#answers(effect, this);
        if (answer !== undefined) this.#inputs.push(answer);
        return undefined;
      }
    }
  }

  #send(text: string): void {
    this.sent.push(text);
    this.onSent(text);
  }
}
