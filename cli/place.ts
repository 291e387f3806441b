import { resolve } from "node:path";
import { Option, type Command as Program } from "commander";
import type { CommandExample } from "#kit/command.ts";
import { defaultDataDir } from "./data-directory.ts";

/** What `--config` and `--data` say, for whoever works on that server. */
export interface Place {
  readonly configFile: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  /** The same, to be repeated in commands that are proposed. */
  readonly options: string;
}

export function placeOf(typed: Readonly<Record<string, unknown>>, directory: string): Place {
  const { config, data } = typed;
  const repeated = [
    ...(typeof config === "string" ? [`--config ${config}`] : []),
    ...(typeof data === "string" ? [`--data ${data}`] : []),
  ];
  return {
    configFile: typeof config === "string" ? resolve(directory, config) : undefined,
    dataDir: resolve(directory, typeof data === "string" ? data : defaultDataDir),
    options: repeated.map((option) => ` ${option}`).join(""),
  };
}

/** Declares what every command has, behind what it has of its own. */
export function declareCommon(program: Program, examples: readonly CommandExample[], name: string): void {
  program
    .allowExcessArguments(false)
    .addOption(new Option("--config <file>", "the configuration (default: balcony.toml, if there is one)"))
    .addOption(new Option("--data <directory>", `where everything is kept (default: ${defaultDataDir})`))
    .addOption(new Option("--json", "prints JSON"))
    .addHelpText("after", examplesText(examples, name));
}

function examplesText(examples: readonly CommandExample[], name: string): string {
  const width = Math.max(...examples.map(({ line }) => line.length));
  return `\nExamples:\n${examples.map(({ line, does }) => `  ${name} ${line.padEnd(width)}  ${does}`).join("\n")}`;
}
