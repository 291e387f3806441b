import { z } from "zod";

/** What the reference, the error messages and the reload know about a key of balcony.toml, besides its type. */
export interface KeyFacts {
  /** Sentences for the administrator. */
  readonly description: string;
  /** Completes "must be …". */
  readonly allowed: string;
  /** What is counted. */
  readonly unit?: string;
  /** As one would write it in the file; undefined for none. */
  readonly default?: unknown;
  /** Worth showing beside the default. */
  readonly example?: unknown;
  /** The words among which it chooses. */
  readonly choices?: readonly string[];
  /** Holds a secret: never shown. */
  readonly secret?: boolean;
  /** Whether a reload takes a new value over, or only a restart. */
  readonly change: "reload" | "restart";
}

/** A table of balcony.toml, or an array of such. */
export interface SectionFacts {
  readonly description: string;
  /** Lines of TOML. */
  readonly example?: string;
  /** The table whose keys it repeats, so that they need no description of their own. */
  readonly sameAs?: string;
}

/** Facts by schema: filled while the schema below is declared, constant afterwards. */
export const keyFacts = z.registry<KeyFacts>();
export const sectionFacts = z.registry<SectionFacts>();

type Common = Pick<KeyFacts, "description" | "change"> & Partial<Pick<KeyFacts, "example" | "secret">>;
type Range = { readonly min: number; readonly max: number; readonly unit: string };
/** Ports of TCP. */
const portMax = 65_535;

/** A whole number that is always there. */
export function integer(facts: Common & Range & { readonly default: number }) {
  const { min, max, unit, ...rest } = facts;
  return z
    .int()
    .min(min)
    .max(max)
    .prefault(facts.default)
    .register(keyFacts, {
      ...rest,
      unit,
      allowed: `a whole number of ${unit} ${between(min, max)}`,
    });
}

export function port(facts: Common & { readonly default: number }) {
  return z
    .int()
    .min(0)
    .max(portMax)
    .prefault(facts.default)
    .register(keyFacts, {
      ...facts,
      allowed: `a port ${between(0, portMax)}, 0 for any that is free`,
    });
}

/** A size, count or rate that can be switched off: `Infinity` then, so that a comparison needs no branch. */
export function bound(facts: Common & Range & { readonly default: number | false }) {
  const { min, max, unit, ...rest } = facts;
  return offable(min, max)
    .transform((value) => (typeof value === "number" ? value : Infinity))
    .prefault(facts.default)
    .register(keyFacts, { ...rest, unit, allowed: orOff(`a whole number of ${unit} ${between(min, max)}`) });
}

/** A time that can be switched off: undefined then, because a timer cannot wait for ever. */
export function duration(facts: Common & Range & { readonly default: number | false }) {
  const { min, max, unit, ...rest } = facts;
  return offable(min, max)
    .transform((value) => (typeof value === "number" ? value : undefined))
    .prefault(facts.default)
    .register(keyFacts, { ...rest, unit, allowed: orOff(`a whole number of ${unit} ${between(min, max)}`) });
}

export function flag(facts: Common & { readonly default: boolean }) {
  return z
    .boolean()
    .prefault(facts.default)
    .register(keyFacts, { ...facts, allowed: "true or false" });
}

/** One of a few words. */
export function choice<const Word extends string>(
  facts: Common & { readonly choices: readonly [Word, ...Word[]]; readonly default: NoInfer<Word> },
) {
  return z
    .enum(facts.choices)
    .prefault(facts.default)
    .register(keyFacts, { ...facts, allowed: oneOf(facts.choices) });
}

/** Some of a few words, each at most once, at least one of them. */
export function choices<const Word extends string>(
  facts: Common & { readonly choices: readonly [Word, ...Word[]]; readonly default: readonly NoInfer<Word>[] },
) {
  return z
    .array(z.enum(facts.choices))
    .min(1)
    .refine((words) => new Set(words).size === words.length)
    .prefault([...facts.default])
    .register(keyFacts, {
      ...facts,
      allowed: `a list of different words out of ${facts.choices.map(quoted).join(", ")}`,
    });
}

/** Text that must be there. */
export function text(
  facts: Common & { readonly allowed: string; readonly pattern?: RegExp; readonly default: string },
) {
  const { pattern = /^[^\0]{1,4096}$/, ...rest } = facts;
  return z.string().regex(pattern).prefault(facts.default).register(keyFacts, rest);
}

/** Text that may be absent. */
export function optionalText(facts: Common & { readonly allowed: string; readonly pattern?: RegExp }) {
  const { pattern = /^[^\0]{1,4096}$/, ...rest } = facts;
  return z.string().regex(pattern).optional().register(keyFacts, rest);
}

export function texts(
  facts: Common & { readonly allowed: string; readonly pattern: RegExp; readonly default: readonly string[] },
) {
  const { pattern, ...rest } = facts;
  return z
    .array(z.string().regex(pattern))
    .max(100)
    .prefault([...facts.default])
    .register(keyFacts, rest);
}

/** The same key where it may be left out, because another table has a value for it then. */
export function overriding(key: z.ZodType): z.ZodType {
  const { default: _, ...facts } = keyFacts.get(key) ?? { description: "", allowed: "", change: "restart" };
  const inner = key instanceof z.ZodPrefault ? key.unwrap() : key;
  if (!(inner instanceof z.ZodType)) throw new Error("a schema of zod/mini cannot be described");
  return inner.optional().register(keyFacts, facts);
}

/** A table of keys; absent means all defaults. */
export function section<Shape extends z.ZodRawShape>(facts: SectionFacts, shape: Shape) {
  return (
    z
      .strictObject(shape)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every key has a default, which zod cannot tell of a shape it does not know
      .prefault({} as never)
      .register(sectionFacts, facts)
  );
}

export function oneOf(words: readonly string[]): string {
  return words.length === 1 ? quoted(words[0] ?? "") : `one of ${words.map(quoted).join(", ")}`;
}

function offable(min: number, max: number) {
  return z.union([z.int().min(min).max(max), z.literal(false), z.literal("off")]);
}

function orOff(allowed: string): string {
  return `${allowed}, or false for no limit`;
}

function between(min: number, max: number): string {
  return `from ${min} to ${max}`;
}

function quoted(word: string): string {
  return JSON.stringify(word);
}
