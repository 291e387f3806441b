import type { Implements } from "#kit/server-module.ts";

/** A document that is implemented, and the files or folders that do it. */
export interface Supported extends Implements {
  readonly places: readonly string[];
}
