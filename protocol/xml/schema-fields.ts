import { type Codec, text } from "./codec.ts";
import { type ElementDefinition, type Field, type OptionalField, ShapeError } from "./element-schema.ts";
import { type XmlElement, xml } from "./element.ts";

/** An attribute that must be there; `name` as in {@link XmlElement.attr}. */
export function attr<T>(name: string, codec: Codec<T>): Field<T> {
  return {
    present: (element) => element.attr(name) !== undefined,
    read: (element) => decoded(codec, element.attr(name), () => `attribute ${name} of <${element.name}/>`),
    write: (value, draft) => {
      draft.attributes[name] = codec.encode(value);
    },
  };
}

/** The element's own character data. Always there, if empty. */
export function content<T>(codec: Codec<T>): Field<T> {
  return {
    present: (element) => element.text !== "",
    read: (element) => decoded(codec, element.text, () => `content of <${element.name}/>`),
    write: (value, draft) => {
      const encoded = codec.encode(value);
      if (encoded !== "") draft.children.push(encoded);
    },
  };
}

/** A field that may be absent. */
export function optional<T>(field: Field<T>): OptionalField<T> {
  return {
    optional: true,
    present: field.present,
    read: (element) => (field.present(element) ? field.read(element) : undefined),
    write: (value, draft) => {
      if (value !== undefined) field.write(value, draft);
    },
  };
}

/** A field that has this value where it is absent, and is not written when it has it. */
export function withDefault<T>(field: Field<T>, value: T): Field<T> {
  return {
    present: () => true,
    read: (element) => (field.present(element) ? field.read(element) : value),
    write: (written, draft) => {
      if (written !== value) field.write(written, draft);
    },
  };
}

/** The first child that another definition describes. */
export function child<T>(definition: ElementDefinition<T>): Field<T> {
  const { ns, name } = definition;
  return {
    present: (element) => element.child(ns, name) !== undefined,
    read: (element) => definition.parse(required(element, ns, name)),
    write: (value, draft) => {
      draft.children.push(definition.build(value));
    },
  };
}

/** All children that another definition describes, in document order. */
export function children<T>(definition: ElementDefinition<T>): Field<readonly T[]> {
  return {
    present: (element) => element.child(definition.ns, definition.name) !== undefined,
    read: (element) =>
      element
        .elements()
        .filter((candidate) => definition.is(candidate))
        .map((candidate) => definition.parse(candidate)),
    write: (values, draft) => {
      for (const value of values) draft.children.push(definition.build(value));
    },
  };
}

/** The character data of the first child of that name. */
export function childText<T>(ns: string, name: string, codec: Codec<T>): Field<T> {
  return {
    present: (element) => element.child(ns, name) !== undefined,
    read: (element) => decoded(codec, required(element, ns, name).text, () => `content of <${name}/>`),
    write: (value, draft) => {
      draft.children.push(xml(ns, name, {}, codec.encode(value)));
    },
  };
}

/** The character data of every child of that name. */
export function texts(ns: string, name: string): Field<readonly string[]> {
  return childTexts(ns, name, text);
}

/** The character data of every child of that name, decoded. */
export function childTexts<T>(ns: string, name: string, codec: Codec<T>): Field<readonly T[]> {
  return {
    present: (element) => element.child(ns, name) !== undefined,
    read: (element) =>
      element
        .elements()
        .filter((candidate) => candidate.name === name && candidate.ns === ns)
        .map((candidate) => decoded(codec, candidate.text, () => `content of <${name}/>`)),
    write: (values, draft) => {
      for (const value of values) draft.children.push(xml(ns, name, {}, codec.encode(value)));
    },
  };
}

/** Whether an empty child of that name is there. */
export function flag(ns: string, name: string): Field<boolean> {
  return {
    present: () => true,
    read: (element) => element.child(ns, name) !== undefined,
    write: (value, draft) => {
      if (value) draft.children.push(xml(ns, name));
    },
  };
}

/** A choice that is made by the name of a child: `<always/>`, `<roster/>`, `<never/>`. */
export function childName<const Names extends readonly string[]>(ns: string, ...names: Names): Field<Names[number]> {
  const find = (element: XmlElement): Names[number] | undefined => {
    const found = element.elements().find((candidate) => candidate.ns === ns && names.includes(candidate.name));
    return found?.name;
  };
  return {
    present: (element) => find(element) !== undefined,
    read: (element) => {
      const name = find(element);
      if (name === undefined)
        throw new ShapeError("bad-request", `<${element.name}/> lacks one of ${names.join(", ")}`);
      return name;
    },
    write: (value, draft) => {
      draft.children.push(xml(ns, value));
    },
  };
}

/** The first child of that name, unread. */
export function rawChild(ns: string, name: string): Field<XmlElement> {
  return {
    present: (element) => element.child(ns, name) !== undefined,
    read: (element) => required(element, ns, name),
    write: (value, draft) => {
      draft.children.push(value);
    },
  };
}

/** The first child element, whatever it is. */
export function payload(): Field<XmlElement> {
  return {
    present: (element) => element.firstElement !== undefined,
    read: (element) => {
      const first = element.firstElement;
      if (first === undefined) throw new ShapeError("bad-request", `<${element.name}/> lacks a payload`);
      return first;
    },
    write: (value, draft) => {
      draft.children.push(value);
    },
  };
}

/** All child elements, unread. */
export function payloads(): Field<readonly XmlElement[]> {
  return {
    present: (element) => element.firstElement !== undefined,
    read: (element) => element.elements(),
    write: (values, draft) => {
      draft.children.push(...values);
    },
  };
}

function required(parent: XmlElement, ns: string, name: string): XmlElement {
  const found = parent.child(ns, name);
  if (found === undefined) throw new ShapeError("bad-request", `<${parent.name}/> lacks <${name}/>`);
  return found;
}

function decoded<T>(codec: Codec<T>, raw: string | undefined, what: () => string): T {
  if (raw === undefined) throw new ShapeError("bad-request", `${what()} is missing`);
  const value = codec.decode(raw);
  if (value === undefined) throw new ShapeError(codec.refusal ?? "bad-request", `${what()} is of the wrong kind`);
  return value;
}
