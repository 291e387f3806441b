import type { TomlPath } from "./toml-lines.ts";

/** What is wrong with a configuration though each key by itself is right, and where. */
export interface CrossProblem {
  readonly path: TomlPath;
  readonly text: string;
}
