import { toBytes } from "./byte-strings.ts";
import { byteMutations } from "./mutate-bytes.ts";
import type { Mutate } from "./mutation.ts";

/** What is fuzzed in one go: a property of a piece of the program that must hold for every input. */
export interface FuzzTarget {
  /** One line for the help text. */
  readonly summary: string;
  /** Inputs are no longer than this. */
  readonly bytesMax: number;
  /** Pieces of the language of its inputs, in UTF-8 as byte strings. */
  readonly words: readonly string[];
  /** Where to begin, as byte strings. */
  readonly seeds: readonly string[];
  /** Changes that know something of the structure of its inputs. */
  readonly mutations: readonly Mutate[];
  /** So many are tried in a round: 30 s of one core, on the machine on which they were counted. */
  readonly roundExecutions: number;
  /** Tries an input, a character for each byte. Throws when something is not as it must be. */
  readonly run: (input: string) => void;
}

/** Declares a target; words and seeds are ordinary texts here. */
export function fuzzTarget(target: FuzzTarget): FuzzTarget {
  return {
    ...target,
    words: target.words.map(toBytes),
    seeds: target.seeds.map(toBytes),
    mutations: [...target.mutations, ...byteMutations],
  };
}
