import { serialize } from "#protocol/xml/serialize.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import type { WireEffect } from "../stream-effect.ts";
import { formatStreamHeader, streamClosingTag } from "../stream-header.ts";
import type { PeerInput } from "../stream-input.ts";

/** What the reader tells of. */
type ReaderInput = Extract<PeerInput, { readonly type: "opened" | "element" | "closed" | "fault" | "keepAlive" }>;

interface MachineStep<State, Effect> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** A stream machine, of whatever kind. */
export interface Machine<State, Input, Effect> {
  readonly receive: (state: State, input: Input | ReaderInput) => MachineStep<State, Effect>;
  /** Of its stanzas; jabber:client if it says nothing. */
  readonly contentNamespace?: string;
}

/** One end of a stream over memory: what an adapter does with a machine and a reader, and no more. */
export class MachineWire<State, Input, Effect extends { readonly type: string }> {
  state: State;
  /** What was sent, piece by piece. */
  readonly sent: string[] = [];
  /** All effects so far, for tests of what is not sent. */
  readonly effects: Effect[] = [];
  onSent: (text: string) => void = () => undefined;
  onStartTls: () => void = () => undefined;
  readonly #machine: Machine<State, Input, Effect>;
  readonly #answer: (effect: Effect, wire: MachineWire<State, Input, Effect>) => Input | undefined;
  readonly #reader: XmlStreamReader;
  readonly #inputs: (Input | ReaderInput)[] = [];
  #busy = true;
  #resuming = false;

  /** @param answer answers a question of the machine, or reacts to any other effect; `undefined` leaves it open */
  constructor(
    machine: Machine<State, Input, Effect>,
    start: (wire: MachineWire<State, Input, Effect>) => MachineStep<State, Effect>,
    answer: (effect: Effect, wire: MachineWire<State, Input, Effect>) => Input | undefined,
  ) {
    this.#machine = machine;
    this.#answer = answer;
    const { contentNamespace } = machine;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: (header, context) => this.input({ type: "opened", header, context }),
        elementRead: (element) => this.input({ type: "element", element }),
        streamClosed: () => this.input({ type: "closed" }),
        failed: (fault) => this.input({ type: "fault", fault }),
        keepAlive: () => this.input({ type: "keepAlive" }),
      },
      { input: "utf16", decodeUtf8: (bytes) => bytes, ...(contentNamespace !== undefined && { contentNamespace }) },
    );
    const first = start(this);
    this.state = first.state;
    for (const effect of first.effects) this.#carryOut(effect);
    this.#drain();
  }

  /** Text from the peer. */
  write(text: string): void {
    this.#reader.write(text);
  }

  /** Inputs during a step wait until its effects are done. */
  input(input: Input | ReaderInput): void {
    this.#inputs.push(input);
    if (!this.#busy) this.#drain();
  }

  /** What was sent since the last call. */
  take(): string {
    return this.sent.splice(0).join("");
  }

  /** All effects of a type, in order. */
  all<Type extends Effect["type"]>(type: Type): readonly Extract<Effect, { readonly type: Type }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { readonly type: Type }> => effect.type === type);
  }

  /** The latest effect of a type. */
  find<Type extends Effect["type"]>(type: Type): Extract<Effect, { readonly type: Type }> | undefined {
    return this.all(type).at(-1);
  }

  #drain(): void {
    this.#busy = true;
    for (let input = this.#inputs.shift(); input !== undefined; input = this.#inputs.shift()) {
      const next = this.#machine.receive(this.state, input);
      this.state = next.state;
      for (const effect of next.effects) this.#carryOut(effect);
    }
    this.#busy = false;
    if (!this.#resuming) return;
    this.#resuming = false;
    this.#reader.resume();
  }

  #carryOut(effect: Effect): void {
    this.effects.push(effect);
    if (isForTheWire(effect)) return this.#onTheWire(effect);
    const answer = this.#answer(effect, this);
    if (answer !== undefined) this.#inputs.push(answer);
    return undefined;
  }

  #onTheWire(effect: WireEffect): void {
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
      default:
        // Nothing is to be ended: there is no transport.
        return undefined;
    }
  }

  #send(text: string): void {
    this.sent.push(text);
    this.onSent(text);
  }
}

const wireEffects: ReadonlySet<string> = new Set<WireEffect["type"]>([
  "sendHeader",
  "send",
  "sendClose",
  "startTls",
  "restartInput",
  "pauseInput",
  "resumeInput",
]);

function isForTheWire<Effect extends { readonly type: string }>(effect: Effect): effect is Effect & WireEffect {
  return wireEffects.has(effect.type);
}
