import type { AskedWords } from "./asked-words.ts";
import { blockOf, type Coverage, type Feature } from "./coverage.ts";
import { type Finding, findingOf } from "./finding.ts";
import { toBytes } from "./byte-strings.ts";
import type { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import type { FuzzTarget } from "./target.ts";

export interface FuzzerOptions {
  readonly target: FuzzTarget;
  readonly coverage: Coverage;
  readonly asked: AskedWords;
  readonly random: Random;
  /** Texts of the program under test. */
  readonly words: readonly string[];
  /** Whether an input that goes where none went before is built upon. Without, only the first inputs are. */
  readonly guided: boolean;
  /** Told of every input before it is tried, so that one which never ends is known. */
  readonly trying: (input: string, executions: number) => void;
  /** Told of every input that is built upon from now on. */
  readonly learned: (input: string) => void;
}

/** Kinds of findings after which a target has shown enough. */
export const findingsMax = 16;
const turnsOfNew = 16;
const turnsWhereAsked = 512;
const rareBlocksMax = 24;
const rareForExecutions = 500;
const shrinkAttemptsMax = 100;
const shrunkLengthMin = 24;

interface LearnedInput {
  readonly input: string;
  /** What the program compared it, or parts of it, with: see AskedWords. */
  readonly asked: readonly string[];
  /** Those of them that it never asked for before. */
  readonly askedFirst: readonly string[];
  /** How many changes of it are tried before those of others. */
  turns: number;
}

/** Tries inputs on one target, guided by which blocks of the program they reach. */
export class Fuzzer {
  executions = 0;
  readonly #learned: LearnedInput[] = [];
  /** For each block a short input that enters it. */
  readonly #owners = new Map<number, LearnedInput>();
  readonly #everAsked = new Set<string>();
  /** The learned ones whose turns have not all been taken. */
  readonly #waiting: LearnedInput[] = [];
  #rare: readonly LearnedInput[] = [];
  #rareUntil = 0;
  readonly findings = new Map<string, Finding>();
  readonly #options: FuzzerOptions;

  constructor(options: FuzzerOptions) {
    this.#options = options;
    options.coverage.clear();
    // Programs throw all the time, and a stack is the dearest part of it.
    Error.stackTraceLimit = 0;
  }

  /** Tries an input, and builds upon it, or on what of it is enough, if it is worth it. */
  add(input: string): void {
    const { coverage } = this.#options;
    const fresh = this.#news(input);
    if (fresh.length === 0) return;
    const shorter =
      input.length < shrunkLengthMin
        ? input
        : shrink(input, (text) => this.#try(text) && coverage.takeWhether(fresh), shrinkAttemptsMax);
    this.#learn(shorter, fresh);
  }

  /** The same with one that was shrunk when it was learned: in an earlier run, or by another thread. */
  addLearned(input: string): void {
    const fresh = this.#news(input);
    if (fresh.length > 0) this.#learn(input, fresh);
  }

  /** What an input reaches that none has reached. */
  #news(input: string): readonly Feature[] {
    const { coverage, target } = this.#options;
    return input.length <= target.bytesMax && this.#try(input) ? coverage.takeNew() : [];
  }

  #learn(shorter: string, fresh: readonly Feature[]): void {
    const { coverage, learned } = this.#options;
    const words = this.#options.asked.during(() => this.#try(shorter));
    coverage.clear();
    const asked = words.map(asBytes).filter((word) => !shorter.includes(word));
    const askedFirst = asked.filter((word) => !this.#everAsked.has(word));
    for (const word of askedFirst) this.#everAsked.add(word);
    const turns = askedFirst.length > 0 ? turnsWhereAsked : turnsOfNew;
    const entry = { input: shorter, asked, askedFirst, turns };
    this.#learned.push(entry);
    this.#waiting.push(entry);
    for (const block of new Set(fresh.map(blockOf))) {
      const owner = this.#owners.get(block);
      if (owner === undefined || owner.input.length > shorter.length) this.#owners.set(block, entry);
    }
    learned(shorter);
  }

  /** What is built upon, in the order in which it was learned. */
  get inputs(): readonly string[] {
    return this.#learned.map(({ input }) => input);
  }

  /** Tries one more input, made of those that are there. */
  step(): void {
    const { coverage, guided, target } = this.#options;
    const input = this.#mutated().slice(0, target.bytesMax);
    if (guided) this.add(input);
    else if (this.#try(input)) coverage.takeNew();
  }

  /** The fewest and shortest of the inputs that together go everywhere that all of them go. */
  kept(): readonly string[] {
    const { coverage } = this.#options;
    coverage.forget();
    return this.inputs
      .toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
      .filter((input) => this.#try(input) && coverage.takeNew().length > 0);
  }

  /** Whether nothing was found. */
  #try(input: string): boolean {
    const { coverage, target, trying } = this.#options;
    trying(input, ++this.executions);
    try {
      target.run(input);
      return true;
    } catch {
      const found = this.#again(input);
      coverage.clear();
      this.#found(found);
      return false;
    }
  }

  /** The finding of an input that throws, with a stack. */
  #again(input: string): Finding {
    return withStack(() => {
      try {
        this.#options.target.run(input);
      } catch (error) {
        return findingOf(input, error);
      }
      return findingOf(input, new Error("threw once and not again: something remembers what came before"));
    });
  }

  #found(finding: Finding): void {
    const { signature } = finding;
    if (this.findings.has(signature) || this.findings.size >= findingsMax) return;
    // Known from here on, so that shrinking does not find it again.
    this.findings.set(signature, finding);
    const { coverage, target, trying } = this.#options;
    let least = finding;
    shrink(finding.input, (shorter) => {
      trying(shorter, ++this.executions);
      try {
        target.run(shorter);
        return false;
      } catch {
        const found = this.#again(shorter);
        if (found.signature !== signature) return false;
        least = found;
        return true;
      }
    });
    coverage.clear();
    this.findings.set(signature, least);
  }

  #mutated(): string {
    const { random, target } = this.#options;
    const first = this.#next();
    let { input } = first;
    const changes = 1 + random.below(random.oneIn(4) ? 8 : 3);
    for (let change = 0; change < changes; change++) {
      const mutate = random.pick(target.mutations);
      if (mutate === undefined) break;
      const mutation = { random, words: this.#words(first), lines: target.words, other: this.#one().input };
      input = mutate(input, mutation).slice(0, 2 * target.bytesMax);
    }
    return input;
  }

  /** What was asked about this very input, and of none before, leads on most likely. */
  #words({ asked, askedFirst }: LearnedInput): readonly string[] {
    const { random, target, words } = this.#options;
    if (askedFirst.length > 0 && random.oneIn(2)) return askedFirst;
    if (asked.length > 0 && random.oneIn(2)) return asked;
    return random.oneIn(2) ? target.words : words;
  }

  #next(): LearnedInput {
    const { random } = this.#options;
    const waiting = this.#waiting;
    if (waiting.length === 0 || random.oneIn(4)) return this.#one();
    const at = random.oneIn(3) ? waiting.length - 1 : random.below(waiting.length);
    const entry = waiting[at] ?? nothing;
    if (--entry.turns <= 0) waiting.splice(at, 1);
    return entry;
  }

  /** Every other one is an input that goes where few go: behind a door that is hard to open there may be another. */
  #one(): LearnedInput {
    const { random } = this.#options;
    const rare = random.oneIn(2) ? random.pick(this.#rareOnes()) : undefined;
    return rare ?? random.pick(this.#learned) ?? nothing;
  }

  #rareOnes(): readonly LearnedInput[] {
    if (this.executions >= this.#rareUntil) {
      this.#rareUntil = this.executions + rareForExecutions;
      const owners = this.#options.coverage.rarest(rareBlocksMax).map((block) => this.#owners.get(block));
      this.#rare = owners.filter((owner) => owner !== undefined);
    }
    return this.#rare;
  }
}

const nothing: LearnedInput = { input: "", asked: [], askedFirst: [], turns: 0 };

/** Byte strings stay what they are. */
function asBytes(word: string): string {
  return /[^\0-\xff]/u.test(word) ? toBytes(word) : word;
}

const stackFramesMax = 30;

function withStack<T>(run: () => T): T {
  Error.stackTraceLimit = stackFramesMax;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = 0;
  }
}
