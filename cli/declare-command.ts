import type { Command as Program } from "commander";
import type { Administration } from "#kit/administration.ts";
import type { Command } from "#kit/command.ts";
import { collectArguments, declareArguments } from "./arguments.ts";
import type { ExitCode } from "./exit-codes.ts";
import { declareCommon, placeOf, type Place } from "./place.ts";
import { runCommand } from "./run-command.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is run with. */
export interface CommandParts {
  /** How this program was called. */
  readonly name: string;
  readonly terminal: Terminal;
  readonly directory: string;
  readonly connect: (place: Place) => Promise<Administration & AsyncDisposable>;
}

/** Declares to the command-line parser what a command takes and does. */
export function declareCommand(
  program: Program,
  command: Command,
  parts: CommandParts,
  finish: (code: ExitCode) => void,
): void {
  program.description(command.description);
  declareArguments(program, command);
  if (command.secret !== undefined) program.option("--generate", `makes the ${command.secret} up and shows it once`);
  if (command.isConfirmed) program.option("--yes", "does not ask");
  declareCommon(program, command.examples, parts.name);
  program.action(async (...received: readonly unknown[]) => {
    const typed = program.optsWithGlobals<Record<string, unknown>>();
    const args = collectArguments(command, { positional: received, options: typed, directory: parts.directory });
    const options = {
      json: typed["json"] === true,
      generate: typed["generate"] === true,
      yes: typed["yes"] === true,
    };
    const connect = () => parts.connect(placeOf(typed, parts.directory));
    finish(await runCommand(command, args, { connect, terminal: parts.terminal, options }));
  });
}
