import { receive } from "../receive.ts";
import type { QuestionEffect, StreamEffect } from "../stream-effect.ts";
import type { StreamInput } from "../stream-input.ts";
import type { StreamState } from "../stream-state.ts";
import type { Step } from "../step.ts";
import { MachineWire } from "./machine-wire.ts";

/** Answers a question of the machine; `undefined` leaves it open. */
export type Answers = (question: QuestionEffect) => StreamInput | undefined;

/** One end of a client's stream over memory. */
export class Wire extends MachineWire<StreamState, StreamInput, StreamEffect> {
  constructor(start: (wire: Wire) => Step<StreamState>, answers: Answers = () => undefined) {
    super({ receive }, start, (effect) => (isQuestion(effect) ? answers(effect) : undefined));
  }
}

const questions: ReadonlySet<string> = new Set<QuestionEffect["type"]>([
  "lookupCredentials",
  "lookupTokens",
  "keepCredentials",
  "issueToken",
  "derive",
  "authorize",
  "earlyRequest",
  "bindResource",
  "enableSm",
  "resumeSm",
]);

function isQuestion(effect: StreamEffect): effect is QuestionEffect {
  return questions.has(effect.type);
}
