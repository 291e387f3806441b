/** `stanza_bytes_max` becomes `stanzaBytesMax`: names of the file as names of the code. */
export type CamelKey<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelKey<Tail>>}`
  : Name;

/** The same throughout a tree of plain objects and arrays; everything read-only. */
export type CamelKeys<T> = T extends readonly (infer Item)[]
  ? readonly CamelKeys<Item>[]
  : T extends string | number | boolean | undefined
    ? T
    : { readonly [Name in keyof T as Name extends string ? CamelKey<Name> : never]: CamelKeys<T[Name]> };

export function camelKeys<T>(tree: T): CamelKeys<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type says what camelTree does, key by key
  return camelTree(tree) as CamelKeys<T>;
}

function camelTree(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(camelTree);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, value]) => [camelKey(name), camelTree(value)]));
}

export function camelKey(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
