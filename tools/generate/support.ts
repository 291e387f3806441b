import type { Supported } from "./supported.ts";
import { posix } from "node:path";
import type { Implements } from "#kit/server-module.ts";
import { coreSupport } from "./core-support.ts";
import type { LoadedFeature } from "./load-modules.ts";

/**
 * All that is implemented: what the features say of themselves, and what the core does. Where several do parts of one
 * document they become one entry, complete only when all are.
 */
export function collectSupport(features: readonly LoadedFeature[]): readonly Supported[] {
  const fromFeatures = features.flatMap(({ path, module }) =>
    module.implements.map((entry): Supported => ({ ...entry, places: [posix.dirname(path)] })),
  );
  return mergeSupport([...coreSupport, ...fromFeatures]);
}

/** Makes one entry of all that speak of the same document and parts of it, sorted: RFCs, then XEPs. */
export function mergeSupport(entries: readonly Supported[]): readonly Supported[] {
  const grouped = Map.groupBy(
    entries,
    (entry) => `${documentName(entry)} ${entry.rfc === undefined ? "" : entry.version}`,
  );
  return [...grouped.values()]
    .map(mergeOne)
    .toSorted((a, b) => order(a) - order(b) || a.version.localeCompare(b.version, "en", { numeric: true }));
}

export function documentName({ rfc, xep }: Implements): string {
  if (rfc !== undefined) return `RFC ${rfc}`;
  return `XEP-${String(xep).padStart(4, "0")}`;
}

function mergeOne(entries: readonly Supported[]): Supported {
  const [first, ...others] = entries;
  if (first === undefined) throw new Error("an empty group");
  const differing = others.find(({ version, title }) => version !== first.version || title !== first.title);
  if (differing !== undefined)
    throw new Error(
      `${documentName(first)} is "${first.title}" ${first.version} in ${first.places.join()}, but "${differing.title}" ${differing.version} in ${differing.places.join()}`,
    );
  const notes = entries.flatMap(({ note }) => (note === undefined ? [] : [note]));
  return {
    ...first,
    status: entries.every(({ status }) => status === "complete") ? "complete" : "partial",
    places: [...new Set(entries.flatMap(({ places }) => places))],
    ...(notes.length > 0 && { note: notes.join(" ") }),
  };
}

function order({ rfc, xep = 0 }: Implements): number {
  return rfc ?? 1_000_000 + xep;
}
