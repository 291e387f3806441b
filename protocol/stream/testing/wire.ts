import { unreachable } from "#protocol/assert.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { receive } from "../receive.ts";
import type { QuestionEffect, StreamEffect } from "../stream-effect.ts";
import { formatStreamHeader, streamClosingTag } from "../stream-header.ts";
import type { StreamInput } from "../stream-input.ts";
import type { StreamState } from "../stream-state.ts";
import type { Step } from "../step.ts";

/** Answers a question of the machine; `undefined` leaves it open. */
export type Answers = (question: QuestionEffect) => StreamInput | undefined;

/** One end of a stream over memory: what an adapter does with a machine and a reader, and no more. */
export class Wire {
  state: StreamState;
  /** What was sent, piece by piece. */
  readonly sent: string[] = [];
  /** All effects so far, for tests of what is not sent. */
  readonly effects: StreamEffect[] = [];
  onSent: (text: string) => void = () => undefined;
  onStartTls: () => void = () => undefined;
  readonly #answers: Answers;
  readonly #reader: XmlStreamReader;
  readonly #inputs: StreamInput[] = [];
  #busy = false;
  #resuming = false;

  constructor(start: (wire: Wire) => Step<StreamState>, answers: Answers = () => undefined) {
    this.#answers = answers;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: (header, context) => this.input({ type: "opened", header, context }),
        elementRead: (element) => this.input({ type: "element", element }),
        streamClosed: () => this.input({ type: "closed" }),
        failed: (fault) => this.input({ type: "fault", fault }),
        keepAlive: () => this.input({ type: "keepAlive" }),
      },
      { input: "utf16", decodeUtf8: (bytes) => bytes },
    );
    const first = start(this);
    this.state = first.state;
    this.#busy = true;
    for (const effect of first.effects) this.#carryOut(effect);
    this.#busy = false;
    this.#drain();
  }

  /** Bytes from the peer. */
  write(text: string): void {
    this.#reader.write(text);
  }

  /** Inputs during a step wait until its effects are done. */
  input(input: StreamInput): void {
    this.#inputs.push(input);
    if (!this.#busy) this.#drain();
  }

  /** What was sent since the last call. */
  take(): string {
    return this.sent.splice(0).join("");
  }

  find<Type extends StreamEffect["type"]>(type: Type): Extract<StreamEffect, { type: Type }> | undefined {
    return this.effects.findLast((effect): effect is Extract<StreamEffect, { type: Type }> => effect.type === type);
  }

  #drain(): void {
    this.#busy = true;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const next = receive(this.state, input);
      this.state = next.state;
      for (const effect of next.effects) this.#carryOut(effect);
    }
    this.#busy = false;
    if (!this.#resuming) return;
    this.#resuming = false;
    this.#reader.resume();
  }

  #carryOut(effect: StreamEffect): void {
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
      case "lookupCredentials":
      case "lookupTokens":
      case "keepCredentials":
      case "issueToken":
      case "derive":
      case "authorize":
      case "earlyRequest":
      case "bindResource":
      case "enableSm":
      case "resumeSm": {
        const answer = this.#answers(effect);
        if (answer !== undefined) this.#inputs.push(answer);
        return undefined;
      }
      case "ackReceived":
      case "ackRequested":
      case "disconnect":
      case "ended":
      case "established":
      case "log":
      case "nonza":
      case "peerClosed":
      case "renewCredentials":
      case "smEnabled":
      case "smFailed":
      case "stanza":
      case "tokenReceived":
      case "startTimer":
      case "stopTimer":
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  #send(text: string): void {
    this.sent.push(text);
    this.onSent(text);
  }
}
