import { ProgressLine } from "./progress-line.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration } from "#kit/administration.ts";
import type { Command } from "#kit/command.ts";
import { askNewPassword, askYes, generatePassword } from "./ask.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { styleOf, type Terminal } from "./terminal.ts";

export interface RunOptions {
  readonly json: boolean;
  /** Makes the secret up. */
  readonly generate: boolean;
  /** The question has been answered already. */
  readonly yes: boolean;
}

/** Runs one command of the registry and shows what it gives. */
export async function runCommand(
  command: Command,
  args: Readonly<Record<string, unknown>>,
  parts: {
    readonly connect: () => Promise<Administration & AsyncDisposable>;
    readonly terminal: Terminal;
    readonly options: RunOptions;
  },
): Promise<ExitCode> {
  const { terminal, options } = parts;
  await using opened = new AsyncDisposableStack();
  const connect = async (): Promise<Administration> => opened.use(await parts.connect());
  // A question may tell what would be lost; a secret is asked for before anything is opened.
  const asked = command.isConfirmed ? await connect() : undefined;
  if (asked !== undefined) await confirmed(command, args, { ...parts, administration: asked });
  const generated = command.secret !== undefined && options.generate ? generatePassword() : undefined;
  const secret = command.secret === undefined ? undefined : (generated ?? (await askNewPassword(terminal)));
  const complete = command.secret === undefined ? args : { ...args, [command.secret]: secret };
  const administration = asked ?? (await connect());
  using progress = new ProgressLine(terminal);
  const style = styleOf(terminal.stdout, terminal.env);
  let isWell = true;
  for await (const { data, human, failure, progress: share } of command.results(
    administration,
    complete,
    terminal.signal,
  )) {
    progress.show(share);
    if (options.json) {
      if (data === undefined) continue;
      const whole = generated === undefined ? data : { ...(typeof data === "object" && data), password: generated };
      terminal.stdout.write(`${JSON.stringify(whole)}\n`);
    } else {
      const text = human(style);
      if (text !== undefined) {
        progress.clear();
        terminal.stdout.write(`${text}\n`);
      }
    }
    isWell &&= failure === undefined;
  }
  progress.clear();
  if (generated !== undefined && !options.json) {
    terminal.stdout.write(
      `password: ${style.bold(generated)}\n${style.dim("It is shown this once and kept nowhere.")}\n`,
    );
  }
  return isWell ? exitCodes.done : exitCodes.failed;
}

async function confirmed(
  command: Command,
  args: Readonly<Record<string, unknown>>,
  {
    terminal,
    options,
    administration,
  }: { readonly terminal: Terminal; readonly options: RunOptions; readonly administration: Administration },
): Promise<void> {
  const question = await command.confirmation(args, administration);
  if (question === undefined || options.yes) return;
  if (terminal.stdin.isTTY !== true) throw new AdministrationError("invalid", `${question} Say so with --yes.`);
  if (!(await askYes(terminal, question))) throw new AdministrationError("invalid", "nothing was changed");
}
