import type { Random } from "./random.ts";

/** What a change may draw on. */
export interface Mutation {
  readonly random: Random;
  /** Pieces of the language that the target reads, and texts that the program mentions, as byte strings. */
  readonly words: readonly string[];
  /** Only the pieces that the target names: for one that reads lines, these are lines. */
  readonly lines: readonly string[];
  /** Another input, to take parts from. */
  readonly other: string;
}

/** Makes another input of one; both are byte strings: a character for each byte. */
export type Mutate = (input: string, mutation: Mutation) => string;
