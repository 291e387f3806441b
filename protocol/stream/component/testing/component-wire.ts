import { parseJid, isDomain, type DomainJid } from "#protocol/jid/jid.ts";
import { NS_COMPONENT_ACCEPT } from "#protocol/xml/namespaces.ts";
import { StreamError } from "../../stream-error.ts";
import { MachineWire } from "../../testing/machine-wire.ts";
import { startComponent } from "../component-initiating.ts";
import type { ComponentEffect, ComponentInput, ComponentStep } from "../component-input.ts";
import { startServingComponent } from "../component-receiving.ts";
import type { ComponentAnswer, ComponentState } from "../component-state.ts";
import { isComponentEstablished, receiveComponent } from "../receive-component.ts";

/** What the one who owns the stream says to `admit`. */
export type Admission = ComponentInput | "later";

/** One end of a component's stream over memory. */
export class ComponentWire extends MachineWire<ComponentState, ComponentInput, ComponentEffect> {
  constructor(first: ComponentStep<ComponentState>, admission: Admission = { type: "admitted" }) {
    const machine = { receive: receiveComponent, contentNamespace: NS_COMPONENT_ACCEPT };
    super(
      machine,
      () => first,
      ({ type }) => (type === "admit" && admission !== "later" ? admission : undefined),
    );
  }

  get established(): boolean {
    return isComponentEstablished(this.state);
  }

  /** The kinds of effects so far, in order. */
  kinds(): readonly ComponentEffect["type"][] {
    return this.effects.map(({ type }) => type);
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
