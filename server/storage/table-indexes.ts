import type { TableShape } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";

/**
 * The indexes of a table by name. The name says the columns, so that an index that is declared differently is another
 * one. The owner gets an index where the key does not begin with it: a wipe looks for it.
 */
export function tableIndexes(shape: TableShape): ReadonlyMap<string, readonly string[]> {
  const lists = [...shape.indexes];
  const { owner } = shape;
  if (owner !== undefined && ![shape.key, ...lists].some(([first]) => first === owner)) lists.push([owner]);
  const named = new Map(lists.map((columns) => [`table_${shape.name}_by_${columns.join("_")}`.slice(0, 63), columns]));
  assert(named.size === lists.length, `two indexes of ${shape.name} have one name`);
  return named;
}
