import { unreachable } from "#protocol/assert.ts";
import { parseJid, isDomain, type DomainJid } from "#protocol/jid/jid.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { formatStreamHeader, streamClosingTag } from "../../stream-header.ts";
import { StreamError } from "../../stream-error.ts";
import { startComponent } from "../component-initiating.ts";
import type { ComponentEffect, ComponentInput, ComponentStep } from "../component-input.ts";
import { startServingComponent } from "../component-receiving.ts";
import type { ComponentAnswer, ComponentState } from "../component-state.ts";
import { isComponentEstablished, receiveComponent } from "../receive-component.ts";

/** What the one who owns the stream says to `admit`. */
export type Admission = ComponentInput | "later";

/** One end of a component's stream over memory: what an adapter does with the machine and a reader, and no more. */
export class ComponentWire {
  state: ComponentState;
  readonly effects: ComponentEffect[] = [];
  onSent: (text: string) => void = () => undefined;
  readonly #sent: string[] = [];
  readonly #admission: Admission;
  readonly #inputs: ComponentInput[] = [];
  readonly #reader: XmlStreamReader;
  #busy = false;
  #resuming = false;

  constructor(first: ComponentStep<ComponentState>, admission: Admission = { type: "admitted" }) {
    this.#admission = admission;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: (header, context) => this.input({ type: "opened", header, context }),
        elementRead: (element) => this.input({ type: "element", element }),
        streamClosed: () => this.input({ type: "closed" }),
        failed: (fault) => this.input({ type: "fault", fault }),
        keepAlive: () => this.input({ type: "keepAlive" }),
      },
      { input: "utf16", decodeUtf8: (bytes) => bytes, contentNamespace: NS_COMPONENT_ACCEPT },
    );
    this.state = first.state;
    for (const effect of first.effects) this.#carryOut(effect);
  }

  get established(): boolean {
    return isComponentEstablished(this.state);
  }

  /** Text from the peer. */
  write(text: string): void {
    this.#reader.write(text);
  }

  /** Inputs during a step wait until its effects are done. */
  input(input: ComponentInput): void {
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
      const { state, effects } = receiveComponent(this.state, next);
      this.state = state;
      for (const effect of effects) this.#carryOut(effect);
    }
    this.#busy = false;
    if (!this.#resuming) return;
    this.#resuming = false;
    this.#reader.resume();
  }

  /** What was sent since the last call. */
  take(): string {
    return this.#sent.splice(0).join("");
  }

  /** The kinds of effects so far, in order. */
  kinds(): readonly ComponentEffect["type"][] {
    return this.effects.map(({ type }) => type);
  }

  find<Type extends ComponentEffect["type"]>(type: Type): Extract<ComponentEffect, { type: Type }> | undefined {
    return this.effects.findLast((effect): effect is Extract<ComponentEffect, { type: Type }> => effect.type === type);
  }

  #carryOut(effect: ComponentEffect): void {
    this.effects.push(effect);
    switch (effect.type) {
      case "sendHeader":
        return this.#send(formatStreamHeader(effect.header));
      case "send":
        return this.#send(serialize(effect.element));
      case "sendClose":
        return this.#send(streamClosingTag);
      case "pauseInput":
        return this.#reader.pause();
      case "resumeInput":
        this.#resuming = true;
        return undefined;
      case "admit":
        if (this.#admission !== "later") this.#inputs.push(this.#admission);
        return undefined;
      case "handshakeFailed":
      case "componentEstablished":
      case "stanza":
      case "ended":
      case "disconnect":
      case "startTimer":
      case "stopTimer":
        return undefined;
      default:
        return unreachable(effect);
    }
  }

  #send(text: string): void {
    this.#sent.push(text);
    this.onSent(text);
  }
}

export function domain(text: string): DomainJid {
  const jid = parseJid(text);
  if (jid === undefined || !isDomain(jid)) throw new Error(`${text} is no domain`);
  return jid;
}

/** The server's end; it serves `plays.shakespeare.example` with the secret `test`, and its ids are `id1`, `id2`, … */
export function serveComponent(
  options: { readonly admission?: Admission; readonly secrets?: readonly string[] } = {},
): ComponentWire {
  const { admission, secrets = ["test"] } = options;
  let ids = 0;
  const component = (name: DomainJid): ComponentAnswer => {
    if (name === domain("plays.shakespeare.example")) return { type: "served", secrets };
    if (name === domain("busy.shakespeare.example"))
      return { type: "refused", error: new StreamError("policy-violation", { text: "too many failures" }) };
    return { type: "refused", error: new StreamError("host-unknown") };
  };
  const config = { defaultDomain: domain("shakespeare.example"), component, newStreamId: () => `id${++ids}` };
  return new ComponentWire(startServingComponent(config), admission);
}

export function beComponent(name = "plays.shakespeare.example", secret = "test"): ComponentWire {
  return new ComponentWire(startComponent({ domain: domain(name), secret }));
}
