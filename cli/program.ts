import { resolve } from "node:path";
import { Command as Program, CommanderError, Option } from "commander";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration } from "#kit/administration.ts";
import type { Command, CommandExample } from "#kit/command.ts";
import { collectArguments, declareArguments } from "./arguments.ts";
import { defaultDataDir } from "./data-directory.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-codes.ts";
import { runCommand } from "./run-command.ts";
import { styleOf, type Terminal } from "./terminal.ts";

/** What `--config` and `--data` say, for whoever works on that server. */
export interface Place {
  readonly configFile: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  /** The same, to be repeated in commands that are proposed. */
  readonly options: string;
}

export interface LocalOptions {
  readonly place: Place;
  readonly json: boolean;
  readonly typed: Readonly<Record<string, unknown>>;
  /** What was typed in the place of each of the command's arguments. */
  readonly positional: readonly (string | undefined)[];
}

/** A command of the command line alone, such as `start`. */
export interface LocalCommand {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** As in a usage line: `[domain]` where it may be left out. */
  readonly positional?: readonly (readonly [name: string, description: string])[];
  readonly options: readonly (readonly [flags: string, description: string])[];
  readonly examples: readonly CommandExample[];
  readonly run: (options: LocalOptions) => Promise<ExitCode>;
}

export interface ProgramParts {
  /** How this program was called. */
  readonly name: string;
  readonly version: string;
  readonly terminal: Terminal;
  readonly directory: string;
  readonly commands: readonly Command[];
  readonly local: readonly LocalCommand[];
  readonly connect: (place: Place) => Promise<Administration & AsyncDisposable>;
}

const groupSummaries: Readonly<Record<string, string>> = {
  user: "accounts and who is logged in",
  invite: "links with which people can create their accounts",
  host: "the domains that the server speaks for",
  archive: "the messages that accounts keep",
  config: "the configuration",
  log: "the running server's log",
};

/** Does what a command line says; gives the exit code. */
export async function runProgram(argv: readonly string[], parts: ProgramParts): Promise<ExitCode> {
  const { terminal } = parts;
  let code: ExitCode = exitCodes.done;
  const program = buildProgram(parts, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    tell(error, argv, terminal, parts.name);
    return exitCodeOf(error);
  }
}

function buildProgram(parts: ProgramParts, finish: (code: ExitCode) => void): Program {
  const { terminal } = parts;
  const program = new Program(parts.name)
    .description("Balcony, an XMPP server: starts it, and administers it whether it runs or not.")
    .version(parts.version)
    .exitOverride()
    .showHelpAfterError(`(${parts.name} help says more)`)
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", `\n${exitCodesText}`);
  for (const local of parts.local) addLocal(program, local, parts, finish);
  const groups = new Map<string, Program>();
  for (const command of parts.commands) {
    const [first, ...rest] = command.path;
    if (rest.length === 0) {
      addCommand(program.command(first), command, parts, finish);
      continue;
    }
    let group = groups.get(first);
    if (group === undefined) {
      group = program
        .command(first)
        .description(groupSummaries[first] ?? "")
        .summary(groupSummaries[first] ?? "");
      groups.set(first, group);
    }
    addCommand(group.command(rest.join("-"), { isDefault: command.isGroupDefault === true }), command, parts, finish);
  }
  return program;
}

function addCommand(program: Program, command: Command, parts: ProgramParts, finish: (code: ExitCode) => void): void {
  program.summary(command.summary).description(command.description);
  declareArguments(program, command);
  if (command.secret !== undefined) program.option("--generate", `makes the ${command.secret} up and shows it once`);
  if (command.isConfirmed) program.option("--yes", "does not ask");
  addCommon(program, command.examples, parts.name);
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

function addLocal(parent: Program, local: LocalCommand, parts: ProgramParts, finish: (code: ExitCode) => void): void {
  const program = parent.command(local.name).summary(local.summary).description(local.description);
  const { positional: names = [] } = local;
  for (const [name, description] of names) program.argument(name, description);
  for (const [flags, description] of local.options) program.option(flags, description);
  addCommon(program, local.examples, parts.name);
  program.action(async (...received: readonly unknown[]) => {
    const typed = program.optsWithGlobals<Record<string, unknown>>();
    const positional = names.map((_, index) => {
      const value = received[index];
      return typeof value === "string" ? value : undefined;
    });
    finish(
      await local.run({ place: placeOf(typed, parts.directory), json: typed["json"] === true, typed, positional }),
    );
  });
}

function addCommon(program: Program, examples: readonly CommandExample[], name: string): void {
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

function placeOf(typed: Readonly<Record<string, unknown>>, directory: string): Place {
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

/** Says why it did not work, on standard error: a sentence, or JSON where the result would have been JSON. */
function tell(error: unknown, argv: readonly string[], terminal: Terminal, name: string): void {
  const message = error instanceof Error ? error.message : String(error);
  if (argv.includes("--json")) {
    const code = error instanceof AdministrationError ? error.code : "failed";
    terminal.stderr.write(`${JSON.stringify({ error: { code, message } })}\n`);
    return;
  }
  const style = styleOf(terminal.stderr, terminal.env);
  terminal.stderr.write(`${style.red(`${name}:`)} ${message}\n`);
}

const exitCodesText = `Exit codes:
  ${exitCodes.done}  done
  ${exitCodes.failed}  could not be done
  ${exitCodes.usage}  asked for in a wrong way
  ${exitCodes.config}  balcony.toml or a certificate is wrong
  ${exitCodes.notRunning}  only a running server could do it, and none runs
  ${exitCodes.alreadyRunning}  a server runs in this data directory already`;
