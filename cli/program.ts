import { Command as Program, CommanderError, Help } from "commander";
import { AdministrationError } from "#kit/administration-error.ts";
import type { CommandExample, CommandOutline } from "#kit/command.ts";
import type { CommandParts } from "./declare-command.ts";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-codes.ts";
import { declareCommon, placeOf, type Place } from "./place.ts";
import { styleOf, type Terminal } from "./terminal.ts";

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

export interface ProgramParts extends CommandParts {
  readonly version: string;
  readonly commands: readonly CommandOutline[];
  readonly local: readonly LocalCommand[];
}

const groupSummaries: Readonly<Record<string, string>> = {
  user: "accounts and who is logged in",
  invite: "links with which people can create their accounts",
  archive: "the messages that accounts keep",
  host: "the domains that the server speaks for",
  certificate: "what the hosts prove themselves with",
  s2s: "streams with other servers",
  component: "programs that speak for domains of their own",
  config: "the configuration",
  log: "the running server's log",
};

/** Does what a command line says; gives the exit code. Of the commands, only the one that is meant is loaded. */
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
  const outlines = new Map<Program, CommandOutline>();
  const complete = async (program: Program): Promise<void> => {
    const outline = outlines.get(program);
    if (outline === undefined) return;
    const { declareCommand } = await import("./declare-command.ts");
    declareCommand(program, await outline.load(), parts, finish);
  };
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
    .configureHelp({ subcommandTerm: (one) => termOf(one, outlines.get(one)) })
    .addHelpText("after", `\n${exitCodesText}`);
  for (const local of parts.local) addLocal(program, local, parts, finish);
  const groups = new Map<string, Program>();
  for (const outline of parts.commands) {
    const [first, ...rest] = outline.path;
    let parent = program;
    if (rest.length > 0) {
      parent = groups.get(first) ?? program.command(first).description(groupSummaries[first] ?? "");
      groups.set(first, parent);
    }
    const options = { isDefault: outline.isGroupDefault === true };
    outlines.set(parent.command(outline.path.slice(-1).join(), options).summary(outline.summary), outline);
  }
  for (const one of [program, ...groups.values()]) {
    one.hook("preSubcommand", (_, called) => complete(called));
    addHelp(one, complete);
  }
  return program;
}

/** How a list shows a command: also one that is not loaded, and so has not said yet what it takes. */
function termOf(program: Program, outline: CommandOutline | undefined): string {
  if (outline === undefined) return new Help().subcommandTerm(program);
  return [program.name(), "[options]", outline.takes ?? ""].join(" ").trimEnd();
}

/** As the parser's own, which would show a command before it is loaded. */
function addHelp(parent: Program, complete: (program: Program) => Promise<void>): void {
  parent
    .command("help")
    .description("display help for command")
    .helpOption(false)
    .argument("[command...]")
    .action(async (words: readonly string[]) => {
      let meant: Program = parent;
      for (const word of words) {
        const found = meant.commands.find((one) => one.name() === word);
        if (found === undefined) meant.help({ error: true });
        meant = found;
      }
      await complete(meant);
      meant.help();
    });
}

function addLocal(parent: Program, local: LocalCommand, parts: ProgramParts, finish: (code: ExitCode) => void): void {
  const program = parent.command(local.name).summary(local.summary).description(local.description);
  const { positional: names = [] } = local;
  for (const [name, description] of names) program.argument(name, description);
  for (const [flags, description] of local.options) program.option(flags, description);
  declareCommon(program, local.examples, parts.name);
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
