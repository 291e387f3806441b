import assert from "node:assert/strict";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_DIALBACK } from "#protocol/xml/namespaces.ts";
import { isHandshaking, isPaused } from "../leaving.ts";
import { heldPairs, mayComeIn, mayGoOut } from "../pair-table.ts";
import { receiveBetweenServers } from "../receive.ts";
import type { ServerEffect } from "../server-effect.ts";
import type { ServerInput } from "../server-input.ts";
import type { ServerStreamState } from "../server-state.ts";
import type { ServerStep } from "../server-step.ts";

/** Of one step, beyond what had been waiting. */
const effectsMax = 12;
const waitingMax = 120;
/** What may lead to the next input at once, and so must leave nothing of its step undone. */
const lastOnes: ReadonlySet<ServerEffect["type"]> = new Set([
  "enableSm",
  "peerClosed",
  "resumeInput",
  "resumeSm",
  "startTls",
] as const);

/** What must hold of every step of a stream between servers, kept while walking. */
export class ServerWalk {
  state: ServerStreamState;
  readonly phases = new Set<string>();
  #headerDue: boolean;
  #paused = false;
  #closed = false;
  #ended = false;
  #established = false;
  /** Pairs that the peer was asked for, as `from to` of what it must answer. */
  readonly #asked = new Set<string>();
  /** What was asked about the peer, and how it was answered. */
  readonly #trusted = new Set<string>();
  readonly #valid = new Set<string>();

  constructor(first: ServerStep<ServerStreamState>) {
    this.state = first.state;
    this.#headerDue = true;
    this.#look(first.state, undefined, first.effects);
  }

  /** Takes a step; returns what it wants done. */
  take(input: ServerInput): readonly ServerEffect[] {
    const before = this.state;
    const { effects, state } = receiveBetweenServers(before, input);
    this.state = state;
    assert.ok(effects.length <= effectsMax + waitingMax, `${effects.length} effects`);
    assert.ok(!this.#ended || effects.length === 0, "nothing happens after the end");
    this.#note(input);
    this.#look(before, input, effects);
    assert.equal(this.#ended, state.phase === "ended");
    return effects;
  }

  #look(before: ServerStreamState, input: ServerInput | undefined, effects: readonly ServerEffect[]): void {
    this.phases.add(this.state.phase);
    for (const [index, effect] of effects.entries()) {
      this.#checkSending(before, effect);
      if (effect.type === "startTls") assert.deepEqual(effects[index - 1], { type: "restartInput", rest: "drop" });
      if (lastOnes.has(effect.type)) assert.equal(index, effects.length - 1, `${effect.type} comes last`);
      this.#checkPausing(effect);
      this.#checkAuthorization(input, effect);
      if (effect.type === "ended") this.#ended = true;
    }
    const { state } = this;
    if (state.phase === "closing" || state.phase === "ended") return;
    if (state.phase !== "finishing") assert.equal(this.#paused, isPaused(state), "paused while a question is open");
    // Whoever may send has been authorized, and then the stream is established.
    if (heldPairs(state.facts).length > 0 && state.phase !== "awaitingResumed")
      assert.ok(this.#established, "a pair that is authorized establishes the stream");
    for (const pair of heldPairs(state.facts)) {
      assert.equal(mayComeIn(state.facts, pair), pair.ways !== "out");
      assert.equal(mayGoOut(state.facts, pair), pair.ways !== "in");
    }
  }

  /** What the peer and the owner have said that could authorize anybody. */
  #note(input: ServerInput): void {
    if (input.type === "peerChecked" && input.trusted) this.#trusted.add(input.remote);
    if (input.type === "keyVerified" && input.outcome.type === "valid")
      this.#valid.add(`${input.local} ${input.remote} ${input.id}`);
  }

  #checkSending(before: ServerStreamState, effect: ServerEffect): void {
    if (effect.type === "restartInput") this.#headerDue = true;
    if (effect.type === "sendHeader") this.#headerDue = false;
    if (effect.type === "send") this.#noteRequest(effect.element);
    if (effect.type !== "send" && effect.type !== "sendHeader" && effect.type !== "sendClose") return;
    assert.ok(!this.#closed, "nothing is sent behind the closing tag");
    assert.ok(!this.#headerDue, "nothing is sent before the header");
    assert.ok(
      before.phase === "closing" || before.phase === "ended" || !isHandshaking(before),
      "nothing is sent during a handshake",
    );
    if (effect.type === "sendClose") this.#closed = true;
  }

  #noteRequest(element: XmlElement): void {
    if (element.ns !== NS_DIALBACK || element.name !== "result" || element.attr("type") !== undefined) return;
    this.#asked.add(`${element.attr("from") ?? ""} ${element.attr("to") ?? ""}`);
  }

  #checkPausing(effect: ServerEffect): void {
    if (effect.type !== "pauseInput" && effect.type !== "resumeInput") return;
    assert.equal(this.#paused, effect.type === "resumeInput", "paused and resumed by turns");
    this.#paused = effect.type === "pauseInput";
  }

  /** A32, A35: nobody comes in without a proof, and an answer that nobody asked for authorizes nothing. */
  #checkAuthorization(input: ServerInput | undefined, effect: ServerEffect): void {
    if (effect.type === "established") {
      assert.ok(!this.#established, "established once");
      this.#established = true;
    }
    if (effect.type === "stanza") assert.ok(this.#established || this.state.phase === "awaitingResumed");
    if (effect.type !== "pairAuthorized") return;
    const { by, local, remote, ways } = effect;
    const isAnswer = input?.type === "element" && input.element.name === "result";
    switch (by) {
      case "external":
        // The peer believes ours, or we believe theirs.
        return assert.ok(this.state.role === "initiating" || this.#trusted.has(remote), "a certificate that is good");
      case "certificate":
        return assert.ok(this.#trusted.has(remote), "a certificate that is good");
      case "dialback":
        if (isAnswer) return assert.ok(this.#asked.has(`${local} ${remote}`), "an answer to a question");
        assert.notEqual(ways, "out");
        return assert.ok(
          input?.type === "keyVerified" && this.#valid.has(`${local} ${remote} ${input.id}`),
          "a key that was verified",
        );
      case "resumption":
        return assert.ok(
          input?.type === "smResumed" || (input?.type === "element" && input.element.name === "resumed"),
          "a stream that goes on",
        );
    }
  }
}
