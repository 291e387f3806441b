import assert from "node:assert/strict";
import { isPaused } from "../receiving/leaving.ts";
import { receive } from "../receive.ts";
import type { StreamEffect } from "../stream-effect.ts";
import type { StreamInput } from "../stream-input.ts";
import type { StreamState } from "../stream-state.ts";
import type { Step } from "../step.ts";

const effectsMax = 10;
/** What may lead to the next input at once, and so must leave nothing of its step undone. */
const lastOnes: ReadonlySet<StreamEffect["type"]> = new Set([
  "authorize",
  "bindResource",
  "derive",
  "earlyRequest",
  "enableSm",
  "lookupCredentials",
  "lookupTokens",
  "keepCredentials",
  "issueToken",
  "peerClosed",
  "resumeInput",
  "resumeSm",
  "startTls",
] as const);

/** What must hold of every step, kept while walking. */
export class Walk {
  state: StreamState;
  readonly phases = new Set<string>();
  #headerDue: boolean;
  #paused = false;
  #closed = false;
  #ended = false;
  #established = 0;

  constructor(first: Step<StreamState>) {
    this.state = first.state;
    this.#headerDue = first.state.role === "receiving";
  }

  /** Takes a step; returns what it wants done. */
  take(input: StreamInput): readonly StreamEffect[] {
    const before = this.state;
    const { effects, state } = receive(before, input);
    this.state = state;
    this.phases.add(state.phase);
    assert.ok(effects.length <= effectsMax, `${effects.length} effects`);
    assert.ok(!this.#ended || effects.length === 0, "nothing happens after the end");
    for (const [index, effect] of effects.entries()) {
      this.#checkSending(before, effect);
      if (effect.type === "startTls") assert.deepEqual(effects[index - 1], { type: "restartInput", rest: "drop" });
      if (lastOnes.has(effect.type)) assert.equal(index, effects.length - 1, `${effect.type} comes last`);
      this.#checkPausing(effect);
      if (effect.type === "ended") this.#ended = true;
      if (effect.type === "established") assert.equal(++this.#established, 1, "established once");
    }
    assert.equal(this.#ended, state.phase === "ended");
    // Of a peer that has closed there is nothing more to read, whether reading is paused or not.
    if (state.phase !== "ended" && state.phase !== "finishing")
      assert.equal(this.#paused, isWaiting(state), "paused while a question is open");
    return effects;
  }

  #checkSending(before: StreamState, effect: StreamEffect): void {
    if (effect.type === "restartInput") this.#headerDue = this.state.role === "receiving";
    if (effect.type === "sendHeader") this.#headerDue = false;
    if (effect.type !== "send" && effect.type !== "sendHeader" && effect.type !== "sendClose") return;
    assert.ok(!this.#closed, "nothing is sent behind the closing tag");
    assert.ok(!this.#headerDue, "nothing is sent before the header");
    assert.ok(before.phase !== "securing", "nothing is sent during a handshake");
    if (effect.type === "sendClose") this.#closed = true;
  }

  #checkPausing(effect: StreamEffect): void {
    if (effect.type !== "pauseInput" && effect.type !== "resumeInput") return;
    assert.equal(this.#paused, effect.type === "resumeInput", "paused and resumed by turns");
    this.#paused = effect.type === "pauseInput";
  }
}

function isWaiting(state: StreamState): boolean {
  if (state.phase === "closing" || state.phase === "ended") return false;
  if (state.role === "receiving") return isPaused(state);
  return (state.phase === "proving" || state.phase === "salting") && state.waitingFor === "key";
}
