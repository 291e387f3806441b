import { z } from "zod";
import { keyFacts, sectionFacts, type KeyFacts, type SectionFacts } from "./key.ts";

/** A key of balcony.toml as the schema declares it. */
export interface KeyNode {
  readonly kind: "key";
  readonly name: string;
  readonly facts: KeyFacts;
  /** Whether the table is wrong without it. */
  readonly isRequired: boolean;
}

/** A table, or an array of tables. */
export interface SectionNode {
  readonly kind: "section";
  readonly name: string;
  readonly facts: SectionFacts;
  readonly isArray: boolean;
  readonly children: readonly ConfigNode[];
}

export type ConfigNode = KeyNode | SectionNode;

/** What the schema declares, as a tree that the reference, the messages and the reload walk over. */
export function keyTree(schema: z.ZodType): SectionNode {
  return sectionNode("", schema, { description: "" });
}

/** The node at a path of the document; the nearest one around it where the path leads out of the schema. */
export function nodeAt(root: SectionNode, path: readonly PropertyKey[]): ConfigNode {
  let node: ConfigNode = root;
  for (const step of path) {
    if (node.kind === "key") return node;
    if (typeof step !== "string") continue;
    const child: ConfigNode | undefined = childOf(node, step);
    if (child === undefined) return node;
    node = child;
  }
  return node;
}

export function childOf(section: SectionNode, name: string): ConfigNode | undefined {
  return section.children.find((child) => child.name === name);
}

function sectionNode(name: string, schema: z.ZodType, facts: SectionFacts): SectionNode {
  const inner = unwrap(schema);
  const isArray = inner instanceof z.ZodArray;
  const table = isArray ? unwrap(asType(inner.element)) : inner;
  if (!(table instanceof z.ZodObject)) throw new Error(`the schema of [${name}] is not a table`);
  const shape: Readonly<Record<string, z.core.$ZodType>> = table.shape;
  const children = Object.entries(shape).map(([key, child]) => declared(key, asType(child)));
  return { kind: "section", name, facts, isArray, children };
}

function declared(name: string, schema: z.ZodType): ConfigNode {
  const facts = keyFacts.get(schema);
  if (facts !== undefined) return { kind: "key", name, facts, isRequired: !schema.safeParse(undefined).success };
  const section = sectionFacts.get(schema);
  if (section !== undefined) return sectionNode(name, schema, section);
  throw new Error(`the key ${name} has no description`);
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ? unwrap(asType(schema.unwrap())) : schema;
}

function asType(schema: z.core.$ZodType): z.ZodType {
  if (!(schema instanceof z.ZodType)) throw new Error("a schema of zod/mini cannot be described");
  return schema;
}
