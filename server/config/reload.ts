import { isDeepStrictEqual } from "node:util";
import { camelKey } from "./camel-keys.ts";
import type { Config } from "./config.ts";
import { keyTree, type SectionNode } from "./key-tree.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";

/** What a changed balcony.toml means for a running server. */
export interface ReloadPlan {
  /** What may be in force from now on: the new values of reloadable keys, the old ones of all others. */
  readonly config: Config;
  /** Keys as written in the file, whose new value is in `config`. */
  readonly changed: readonly string[];
  /** Keys whose new value waits. */
  readonly restartNeeded: readonly string[];
}

/** Parts the keys that can change while the server runs from those that cannot, by the flag that each has in the schema. */
export function planReload(current: Config, next: Config, features: readonly ConfigurableFeature[]): ReloadPlan {
  const changed: string[] = [];
  const restartNeeded: string[] = [];
  const root = keyTree(configSchema(features));
  const merged = mergeSection(root, current, next, "", { changed, restartNeeded });
  return { config: { ...current, ...merged }, changed, restartNeeded };
}

interface Found {
  readonly changed: string[];
  readonly restartNeeded: string[];
}

function mergeSection(section: SectionNode, current: object, next: object, path: string, found: Found): object {
  const merged: Record<string, unknown> = { ...current };
  for (const node of section.children) {
    const property = path === "features" || path.startsWith("features.") ? node.name : camelKey(node.name);
    const [before, after] = [valueOf(current, property), valueOf(next, property)];
    if (isDeepStrictEqual(before, after)) continue;
    const name = path === "" ? node.name : `${path}.${node.name}`;
    if (node.kind === "key") {
      (node.facts.change === "reload" ? found.changed : found.restartNeeded).push(name);
      if (node.facts.change === "reload") merged[property] = after;
    } else if (node.isArray) {
      merged[property] = mergeArray(node, before, after, name, found);
    } else if (isObject(before) && isObject(after)) {
      merged[property] = mergeSection(node, before, after, name, found);
    }
  }
  return merged;
}

/** Tables of an array are told apart by their domain; those that came or went wait for a restart, as do nameless ones. */
function mergeArray(node: SectionNode, before: unknown, after: unknown, name: string, found: Found): unknown {
  const [old, fresh] = [tablesOf(before), tablesOf(after)];
  const identify = (table: object): unknown => valueOf(table, "domain");
  if (!node.children.some((child) => child.name === "domain")) {
    found.restartNeeded.push(name);
    return before;
  }
  for (const table of fresh) {
    if (!old.some((one) => identify(one) === identify(table)))
      found.restartNeeded.push(`${name} ${String(identify(table))} (new)`);
  }
  return old.map((table) => {
    const successor = fresh.find((one) => identify(one) === identify(table));
    if (successor !== undefined)
      return mergeSection(node, table, successor, `${name} ${String(identify(table))}`, found);
    found.restartNeeded.push(`${name} ${String(identify(table))} (gone)`);
    return table;
  });
}

function tablesOf(value: unknown): readonly object[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function valueOf(object: object, name: string): unknown {
  return Object.entries(object).find(([key]) => key === name)?.[1];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
