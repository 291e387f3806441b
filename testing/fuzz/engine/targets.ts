import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { FuzzTarget } from "./target.ts";

/** The names of all targets. */
export function targetNames(): readonly string[] {
  return readdirSync(join(import.meta.dirname, "..", "targets"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => basename(name, ".ts"))
    .toSorted();
}

/** Loads a target, by its name or the path of its file, and with it the modules that it is about. */
export async function loadTarget(name: string): Promise<FuzzTarget> {
  const loaded: { readonly target: FuzzTarget } = await import(name.endsWith(".ts") ? name : `../targets/${name}.ts`);
  return loaded.target;
}
