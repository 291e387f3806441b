import type { ShapeCondition } from "./codec.ts";
import { type XmlElement, type XmlNode, xml } from "./element.ts";

/** An element that is not of the shape its namespace asks for. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  readonly condition: ShapeCondition;

  constructor(condition: ShapeCondition, message: string) {
    super(message);
    this.condition = condition;
  }
}

/** What `build` collects before the element is made. */
export interface ElementDraft {
  readonly attributes: Record<string, string>;
  readonly children: XmlNode[];
}

/** One property of a value, and where it stands in the element. */
export interface Field<T> {
  /** Whether the element has it; {@link optional} and {@link withDefault} ask. */
  readonly present: (element: XmlElement) => boolean;
  /** @throws {ShapeError} when it is absent or of the wrong shape */
  readonly read: (element: XmlElement) => T;
  readonly write: (value: T, draft: ElementDraft) => void;
}

/** A property that may be absent: the value then has no such property. */
export interface OptionalField<T> extends Field<T | undefined> {
  readonly optional: true;
}

/** Any field, whatever its value. */
export interface AnyField {
  readonly present: (element: XmlElement) => boolean;
  readonly read: (element: XmlElement) => unknown;
  readonly write: (value: never, draft: ElementDraft) => void;
}

type Fields = Readonly<Record<string, AnyField>>;
type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { readonly optional: true } ? K : never }[keyof F];
type ValueOf<F extends AnyField> = ReturnType<F["read"]>;

/** The value that an element with these fields stands for. */
export type Shape<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: ValueOf<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: ValueOf<F[K]> };

type Flat<T> = { readonly [K in keyof T]: T[K] };

/**
 * A lens over elements of one name: reads the value it stands for, builds the element of a value.
 *
 * What it has no field for is ignored when reading (RFC 6120 §11.4), and stays in the element that was read.
 * These are methods, against the style guide, because a definition of any value must pass for one of `unknown`.
 */
export interface ElementDefinition<T> {
  readonly ns: string;
  readonly name: string;
  /** Whether the element has this name and namespace. */
  is(element: XmlElement | undefined): boolean;
  /** @throws {ShapeError} when the element is another one or lacks something or has a value of the wrong kind */
  parse(element: XmlElement): T;
  /** The value of the first such child, `undefined` if there is none. @throws {ShapeError} as `parse` */
  within(parent: XmlElement): T | undefined;
  /** The element of a value, with children of other kinds appended. */
  build(value: T, ...more: readonly (XmlNode | undefined)[]): XmlElement;
}

/** The value of a definition: `type Item = Infer<typeof Item>`. */
export type Infer<D> = D extends { parse(element: XmlElement): infer T } ? T : never;

/** Declares an element once: its type, its parser, its builder. */
export function element<const F extends Fields = Readonly<Record<never, never>>>(
  ns: string,
  name: string,
  fields?: F,
): ElementDefinition<Flat<Shape<F>>> {
  const entries = Object.entries<AnyField>(fields ?? {});
  const is = (candidate: XmlElement | undefined): boolean =>
    candidate !== undefined && candidate.name === name && candidate.ns === ns;
  const parse = (source: XmlElement): Flat<Shape<F>> => {
    if (!is(source)) throw new ShapeError("bad-request", `<${name}/> of ${ns} expected`);
    const value: Record<string, unknown> = {};
    // Nothing else is looked at. [rfc6120-11.4-02]
    for (const [key, field] of entries) {
      const found = field.read(source);
      if (found !== undefined) value[key] = found;
    }
    // The keys and their types are those of `fields`, which is what Shape says.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return value as Flat<Shape<F>>;
  };
  return {
    ns,
    name,
    is,
    parse,
    within: (parent) => {
      const found = parent.child(ns, name);
      return found === undefined ? undefined : parse(found);
    },
    build: (value, ...more) => {
      const draft: ElementDraft = { attributes: {}, children: [] };
      const values: Readonly<Record<string, unknown>> = value;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of a field's value went with the map
      for (const [key, field] of entries) field.write(values[key] as never, draft);
      return xml(ns, name, draft.attributes, ...draft.children, ...more);
    },
  };
}
