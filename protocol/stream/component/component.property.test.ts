import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { xml } from "#protocol/xml/element.ts";
import { NS_COMPONENT_ACCEPT, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { buildStreamError, StreamError } from "../stream-error.ts";
import { startComponent } from "./component-initiating.ts";
import type { ComponentEffect, ComponentInput } from "./component-input.ts";
import { startServingComponent } from "./component-receiving.ts";
import type { ComponentState } from "./component-state.ts";
import { buildHandshake, handshakeOf } from "./handshake.ts";
import { isComponentEstablished, receiveComponent } from "./receive-component.ts";
import { domain } from "./testing/component-wire.ts";

const name = domain("plays.shakespeare.example");
const secret = "test";
const rightProof = buildHandshake(handshakeOf("id1", secret));
const message = xml("jabber:client", "message", { from: name, to: "romeo@montague.example" });
const header = (to: string | undefined, ns: string) => ({
  type: "opened" as const,
  header: xml(NS_STREAM, "stream", { to, id: "id1" }),
  context: { contentNamespace: ns, prefix: "stream", prefixes: new Map([["stream", NS_STREAM]]) },
});

/** Whatever can happen, in any order. */
const anyInput: fc.Arbitrary<ComponentInput> = fc.oneof(
  fc.constantFrom<ComponentInput>(
    header(name, NS_COMPONENT_ACCEPT),
    header("sonnets.shakespeare.example", NS_COMPONENT_ACCEPT),
    header(undefined, NS_COMPONENT_ACCEPT),
    header(name, "jabber:client"),
    { type: "element", element: rightProof },
    { type: "element", element: buildHandshake("guess") },
    { type: "element", element: buildHandshake() },
    { type: "element", element: message },
    { type: "element", element: xml("urn:xmpp:sm:3", "r") },
    { type: "element", element: buildStreamError(new StreamError("reset")) },
    { type: "closed" },
    { type: "fault", fault: { condition: "not-well-formed", text: "broken" } },
    { type: "keepAlive" },
    { type: "disconnected" },
    { type: "admitted" },
    { type: "notAdmitted", error: new StreamError("conflict") },
    { type: "close" },
    { type: "close", error: new StreamError("system-shutdown") },
    { type: "timeout", timer: "negotiation" },
    { type: "timeout", timer: "closing" },
  ),
);

/** How it should go, up to some point, and whatever can happen from there on. */
const anyLife = fc
  .tuple(fc.nat(3), fc.array(anyInput, { maxLength: 12 }))
  .map(([steps, rest]): readonly ComponentInput[] => [...orderly.slice(0, steps), ...rest]);

const orderly: readonly ComponentInput[] = [
  header(name, NS_COMPONENT_ACCEPT),
  { type: "element", element: rightProof },
  { type: "admitted" },
];

/** What must hold of every step, whatever came. */
class Walk {
  state: ComponentState;
  readonly #receiving: boolean;
  #headerSent = false;
  #paused = false;
  #closed = false;
  #ended = false;
  #proven = false;
  #established = 0;

  constructor(state: ComponentState, receiving: boolean, first: readonly ComponentEffect[]) {
    this.state = state;
    this.#receiving = receiving;
    this.#look(first);
  }

  take(input: ComponentInput): void {
    const before = this.state;
    if (input.type === "element" && input.element === rightProof && before.phase === "awaitingProof")
      this.#proven = true;
    const { effects, state } = receiveComponent(before, input);
    this.state = state;
    assert.ok(!this.#ended || effects.length === 0, "nothing happens after the end");
    this.#look(effects);
    assert.equal(this.#ended, state.phase === "ended");
    if (state.phase !== "ended")
      assert.equal(this.#paused, state.phase === "admitting", "paused while a question is open");
    if (isComponentEstablished(state)) assert.equal(this.#established, 1);
    if (this.#receiving && this.#established > 0) assert.ok(this.#proven, "nobody comes in without a proof");
  }

  #look(effects: readonly ComponentEffect[]): void {
    for (const [index, effect] of effects.entries()) {
      if (effect.type === "sendHeader") this.#headerSent = true;
      if (effect.type === "send" || effect.type === "sendClose" || effect.type === "sendHeader") {
        assert.ok(!this.#closed, "nothing is sent behind the closing tag");
        assert.ok(this.#headerSent, "nothing is sent ahead of the header");
      }
      if (effect.type === "sendClose") this.#closed = true;
      if (effect.type === "pauseInput" || effect.type === "resumeInput") {
        assert.equal(this.#paused, effect.type === "resumeInput", "paused and resumed by turns");
        this.#paused = effect.type === "pauseInput";
      }
      if (effect.type === "admit" || effect.type === "resumeInput") assert.equal(index, effects.length - 1);
      if (effect.type === "stanza") assert.ok(this.#established > 0, "no stanza before it is let in");
      if (effect.type === "componentEstablished") this.#established += 1;
      if (effect.type === "ended") this.#ended = true;
    }
  }
}

const walks = { numRuns: 3_000 };

test("a server's end keeps its rules whatever comes in whatever order", () => {
  const phases = new Set<string>();
  fc.assert(
    fc.property(anyLife, (inputs) => {
      const begun = startServingComponent({
        defaultDomain: domain("shakespeare.example"),
        component: (to) =>
          to === name
            ? { type: "served", secrets: [secret] }
            : { type: "refused", error: new StreamError("host-unknown") },
        newStreamId: () => "id1",
      });
      const walk = new Walk(begun.state, true, begun.effects);
      for (const input of inputs) {
        walk.take(input);
        phases.add(walk.state.phase);
      }
    }),
    walks,
  );
  assert.deepEqual([...phases].toSorted(), ["admitting", "awaitingProof", "closing", "ended", "opening", "serving"]);
});

test("a component's end keeps its rules whatever comes in whatever order", () => {
  fc.assert(
    fc.property(anyLife, (inputs) => {
      const begun = startComponent({ domain: name, secret });
      const walk = new Walk(begun.state, false, begun.effects);
      for (const input of inputs) walk.take(input);
    }),
    walks,
  );
});
