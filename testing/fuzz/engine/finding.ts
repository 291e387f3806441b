import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./instrumented-imports.ts";

/** An input for which something is not as it must be. */
export interface Finding {
  readonly input: string;
  /** The same for inputs that find the same thing: what was thrown, and where. */
  readonly signature: string;
  /** The error with its stack, for people. */
  readonly report: string;
}

const reportLengthMax = 4_000;

export function findingOf(input: string, error: unknown): Finding {
  if (!(error instanceof Error)) return { input, signature: `threw ${typeof error}`, report: String(error) };
  const report = (error.stack ?? String(error)).slice(0, reportLengthMax);
  // A stack that overflowed says nothing about where.
  const place = error instanceof RangeError ? error.message : placeOf(error.stack ?? "");
  return { input, signature: `${error.name} ${place}`, report };
}

/** The line of ours that threw. */
function placeOf(stack: string): string {
  for (const [, url = "", line = ""] of stack.matchAll(/(file:[^\s)]+?):(\d+):\d+/gu)) {
    const path = relative(root, fileURLToPath(url)).replaceAll(sep, "/");
    if (!path.startsWith("..") && !path.startsWith("testing/fuzz/engine/")) return `${path}:${line}`;
  }
  return "somewhere";
}
