import type { Jid } from "#protocol/jid/jid.ts";
import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { boolean, text, type Codec } from "#protocol/xml/codec.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import type { FieldType } from "./elements.ts";

/** One field of a form, whatever its values are. */
export interface AnyFormField {
  readonly var: string | undefined;
  readonly type: FieldType;
  readonly label: string | undefined;
  readonly desc: string | undefined;
  readonly required: boolean;
  /** Choices of a list: value → label. */
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly read: (values: readonly string[]) => unknown;
  readonly write: (value: never) => readonly string[];
}

/** One field of a form: what it asks, and how its `<value/>`s are read and written. */
export interface FormField<T, Required extends boolean = boolean> extends AnyFormField {
  readonly required: Required;
  /**
   * What was filled in; undefined when nothing was.
   *
   * @throws ShapeError `not-acceptable` [xep0004-4-01]
   */
  readonly read: (values: readonly string[]) => T | undefined;
  readonly write: (value: T) => readonly string[];
}

/** What people see of a field. */
export interface FieldFace<Required extends boolean> {
  readonly label?: string;
  /** Explains more than the label. */
  readonly desc?: string;
  /** Whether a submission without it, or with nothing in it, is refused. Default: it may be left out. */
  readonly required?: Required;
}

interface TextFace<Required extends boolean> extends FieldFace<Required> {
  /** UTF-16 code units. */
  readonly lengthMax?: number;
}

interface ManyFace<Required extends boolean> extends FieldFace<Required> {
  readonly valuesMax?: number;
}

const lineLengthMax = 3_071;
const textLengthMax = 16_384;
const valuesMaxDefault = 1_000;

/** A line of text. */
export function textSingle<Required extends boolean = false>(
  name: string,
  face: TextFace<Required> = {},
): FormField<string, Required> {
  return line("text-single", name, face);
}

/** A line of text that is not shown while it is typed. */
export function textPrivate<Required extends boolean = false>(
  name: string,
  face: TextFace<Required> = {},
): FormField<string, Required> {
  return line("text-private", name, face);
}

/** A value that the form brings along and takes back. */
export function hidden<Required extends boolean = false>(
  name: string,
  face: TextFace<Required> = {},
): FormField<string, Required> {
  return line("hidden", name, face);
}

/** A line of text that stands for something: a number, a date. Nothing in it is nothing filled in. */
export function typedText<T, Required extends boolean = false>(
  name: string,
  codec: Codec<T>,
  face: FieldFace<Required> = {},
): FormField<T, Required> {
  return single("text-single", name, codec, face);
}

/** Lines of text, joined by "\n" (XEP-0004 §3.3). */
export function textMulti<Required extends boolean = false>(
  name: string,
  face: TextFace<Required> = {},
): FormField<string, Required> {
  const { lengthMax = textLengthMax } = face;
  return {
    ...common("text-multi", name, face),
    read: (values) => short(name, values.join("\n"), lengthMax),
    write: (value) => (value === "" ? [] : value.split(/\r\n|\r|\n/)),
  };
}

/** Yes or no; nothing filled in is no (XEP-0004 §3.3). */
export function yesNo<Required extends boolean = false>(
  name: string,
  face: FieldFace<Required> = {},
): FormField<boolean, Required> {
  const field = single("boolean", name, boolean, face);
  return { ...field, read: (values) => field.read(values) ?? false };
}

/** An address. */
export function jidSingle<Required extends boolean = false>(
  name: string,
  face: FieldFace<Required> = {},
): FormField<Jid, Required> {
  return single("jid-single", name, jidCodec, face);
}

/** Addresses, each once. [xep0004-3.3-04] */
export function jidMulti<Required extends boolean = false>(
  name: string,
  face: ManyFace<Required> = {},
): FormField<readonly Jid[], Required> {
  return many("jid-multi", name, jidCodec, face);
}

/** One of some words, with what people read for each. */
export function listSingle<const Words extends Readonly<Record<string, string>>, Required extends boolean = false>(
  name: string,
  words: Words,
  face: FieldFace<Required> = {},
): FormField<keyof Words & string, Required> {
  return { ...single("list-single", name, wordOf(words), face), options: Object.entries(words) };
}

/** Any of some words, with what people read for each. */
export function listMulti<const Words extends Readonly<Record<string, string>>, Required extends boolean = false>(
  name: string,
  words: Words,
  face: ManyFace<Required> = {},
): FormField<readonly (keyof Words & string)[], Required> {
  return { ...many("list-multi", name, wordOf(words), face), options: Object.entries(words) };
}

/** Text among the questions, such as the head of a section. */
export function fixed(value: string): FormField<never, false> {
  return {
    ...common("fixed", undefined, {}),
    read: () => undefined,
    write: () => [value],
  };
}

function common<Required extends boolean>(
  type: FieldType,
  name: string | undefined,
  { label, desc, required }: FieldFace<Required>,
): Omit<FormField<never, Required>, "read" | "write"> {
  // Where nobody says that it is required, `Required` is inferred as false.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { var: name, type, label, desc, required: (required ?? false) as Required, options: [] };
}

function line<Required extends boolean>(
  type: FieldType,
  name: string,
  face: TextFace<Required>,
): FormField<string, Required> {
  const { lengthMax = lineLengthMax } = face;
  const field = single(type, name, text, face);
  // Nothing in a text is an empty text: that is how one is taken away (XEP-0004 §3.6).
  return { ...field, read: (values) => short(name, field.read(values) ?? "", lengthMax) };
}

function single<T, Required extends boolean>(
  type: FieldType,
  name: string,
  codec: Codec<T>,
  face: FieldFace<Required>,
): FormField<T, Required> {
  return {
    ...common(type, name, face),
    read: (values) => {
      const [value = "", ...more] = values;
      if (more.length > 0) throw unacceptable(name, "has one value"); // [xep0004-3.2-07]
      return value === "" ? undefined : decoded(name, codec, value);
    },
    write: (value) => [codec.encode(value)],
  };
}

function many<T, Required extends boolean>(
  type: FieldType,
  name: string,
  codec: Codec<T>,
  face: ManyFace<Required>,
): FormField<readonly T[], Required> {
  const { valuesMax = valuesMaxDefault } = face;
  return {
    ...common(type, name, face),
    read: (values) => {
      if (values.length > valuesMax) throw unacceptable(name, `has at most ${valuesMax} values`);
      const filled = values.filter((value) => value !== "");
      return [...new Set(filled.map((value) => decoded(name, codec, value)))];
    },
    write: (values) => values.map((value) => codec.encode(value)),
  };
}

/** Who fills in a list may not add to it. [xep0004-3.3-05] [xep0004-3.3-06] */
function wordOf<Words extends Readonly<Record<string, string>>>(words: Words): Codec<keyof Words & string> {
  return { decode: (value) => Object.keys(words).find((word) => word === value), encode: (value) => value };
}

function decoded<T>(name: string, codec: Codec<T>, value: string): T {
  const found = codec.decode(value);
  if (found === undefined) throw unacceptable(name, "does not take this value");
  return found;
}

function short(name: string, value: string, lengthMax: number): string {
  if (value.length > lengthMax) throw unacceptable(name, `takes at most ${lengthMax} characters`);
  return value;
}

/** What to answer to a form that was not filled in as it asks. */
export function unacceptable(name: string, what: string): ShapeError {
  return new ShapeError("not-acceptable", `the field ${name} ${what}`);
}
