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
  /** Hosts that came and went; those of `config` are the new ones. */
  readonly hosts: { readonly added: readonly string[]; readonly removed: readonly string[] };
}

/** Parts the keys that can change while the server runs from those that cannot, by the flag that each has in the schema. */
export function planReload(current: Config, next: Config, features: readonly ConfigurableFeature[]): ReloadPlan {
  const found: Found = { changed: [], restartNeeded: [], hosts: { added: [], removed: [] } };
  const merged = mergeSection(keyTree(configSchema(features)), current, next, { path: "", isCamel: true, found });
  return { config: { ...current, ...merged }, ...found };
}

interface Found {
  readonly changed: string[];
  readonly restartNeeded: string[];
  readonly hosts: { readonly added: string[]; readonly removed: string[] };
}

interface Merging {
  /** As written in the file. */
  readonly path: string;
  /** Whether the values have the names that the code has for them; those of features keep the file's. */
  readonly isCamel: boolean;
  readonly found: Found;
}

function mergeSection(section: SectionNode, current: object, next: object, merging: Merging): object {
  const { path, isCamel, found } = merging;
  const merged: Record<string, unknown> = { ...current };
  for (const node of section.children) {
    const property = isCamel ? camelKey(node.name) : node.name;
    const [before, after] = [valueOf(current, property), valueOf(next, property)];
    if (isDeepStrictEqual(before, after)) continue;
    const name = path === "" ? node.name : `${path}.${node.name}`;
    if (node.kind === "key") {
      (node.facts.change === "reload" ? found.changed : found.restartNeeded).push(name);
      if (node.facts.change === "reload") merged[property] = after;
    } else if (node.isArray) {
      merged[property] = mergeArray(node, before, after, { ...merging, path: name });
    } else {
      const inner = { ...merging, path: name, isCamel: isCamel && node.name !== "features" };
      merged[property] = mergeSection(node, tableOf(before), tableOf(after), inner);
    }
  }
  return merged;
}

/** Tables of an array are told apart by their domain. Hosts come and go; others wait for a restart, as do nameless ones. */
function mergeArray(node: SectionNode, before: unknown, after: unknown, merging: Merging): unknown {
  const { path: name, found } = merging;
  // Several may be of one domain, and their order counts.
  if (name === "s2s.routes") {
    found.changed.push(name);
    return after;
  }
  const [old, fresh] = [tablesOf(before), tablesOf(after)];
  const identify = (table: object): unknown => valueOf(table, "domain");
  if (!node.children.some((child) => child.name === "domain")) {
    found.restartNeeded.push(name);
    return before;
  }
  const mergeTable = (table: object, successor: object): object =>
    mergeSection(node, table, successor, { ...merging, path: `${name} ${String(identify(table))}` });
  const came = fresh.filter((table) => !old.some((one) => identify(one) === identify(table))).map(identify);
  const went = old.filter((table) => !fresh.some((one) => identify(one) === identify(table))).map(identify);
  if (name === "hosts") {
    found.hosts.added.push(...came.map(String));
    found.hosts.removed.push(...went.map(String));
    return fresh.map((table) => {
      const predecessor = old.find((one) => identify(one) === identify(table));
      return predecessor === undefined ? table : mergeTable(predecessor, table);
    });
  }
  if (name === "components") {
    found.changed.push(...came.map((domain) => `${name} ${String(domain)} (new)`));
    found.changed.push(...went.map((domain) => `${name} ${String(domain)} (gone)`));
    return fresh.map((table) => {
      const predecessor = old.find((one) => identify(one) === identify(table));
      return predecessor === undefined ? table : mergeTable(predecessor, table);
    });
  }
  found.restartNeeded.push(...came.map((domain) => `${name} ${String(domain)} (new)`));
  found.restartNeeded.push(...went.map((domain) => `${name} ${String(domain)} (gone)`));
  return old.map((table) => {
    const successor = fresh.find((one) => identify(one) === identify(table));
    return successor === undefined ? table : mergeTable(table, successor);
  });
}

function tableOf(value: unknown): object {
  return isObject(value) ? value : {};
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
