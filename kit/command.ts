import { z } from "zod";
import type { Administration } from "./administration.ts";
import { AdministrationError } from "./administration-error.ts";
import type { Style } from "./style.ts";

/** What a list says of a command, which is all that is known of it until it is wanted. */
export interface CommandOutline {
  /** Words that name it: `["user", "add"]`. */
  readonly path: readonly [string, ...string[]];
  /** One line. */
  readonly summary: string;
  /** Its argument by place, as in a usage line: `[host]` may be left out. */
  readonly takes?: `<${string}>` | `[${string}]`;
  /** Whether the first word of the path alone means this command. */
  readonly isGroupDefault?: boolean;
  readonly load: () => Promise<Command>;
}

/** What a command takes and says about itself, however it is called and reached. */
export interface CommandDescription<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** What it does and does not, in sentences. */
  readonly description: string;
  /** Each with a description of its own (`.describe(…)`). */
  readonly arguments: Shape;
  /** Names of the arguments that are given by place on a command line, in this order. */
  readonly positional?: readonly (keyof Shape & string)[];
  /** One-letter names of arguments, for who types them often. */
  readonly letters?: Readonly<Partial<Record<keyof Shape & string, string>>>;
  /** Arguments that name files: absolute when they get here, relative to wherever they are typed. */
  readonly files?: readonly (keyof Shape & string)[];
  /** The argument that is a secret: asked for without echo, never written on a command line. */
  readonly secret?: keyof Shape & string;
  /** A question to be answered with yes before it runs, because it cannot be undone. */
  readonly confirm?: (args: CommandArguments<Shape>, administration: Administration) => string | Promise<string>;
  readonly permission: Permission;
  readonly examples: readonly CommandExample[];
}

/** Who may run a command. The local operator has both. */
export type Permission = "observe" | "administer";

export interface CommandExample {
  /** What follows the program's name. */
  readonly line: string;
  readonly does: string;
}

export type CommandArguments<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** A command that answers once. */
export interface OnceCommand<Shape extends z.ZodRawShape, Result> extends CommandDescription<Shape> {
  /** Refusals are thrown as AdministrationError. The result is plain data, fit for JSON. */
  readonly run: (administration: Administration, args: CommandArguments<Shape>) => Promise<Result>;
  /** What is shown on a terminal until the answer is there, where that takes its time. */
  readonly waiting?: (args: CommandArguments<Shape>) => string;
  /** The result for a human reader. */
  readonly render: (result: Result, style: Style) => string;
  /** What is bad about the result, for the exit code; undefined when all is well. */
  readonly failure?: (result: Result) => string | undefined;
}

/** A command that goes on telling: a log, the progress of a backup. */
export interface StreamCommand<Shape extends z.ZodRawShape, Item> extends CommandDescription<Shape> {
  readonly stream: (
    administration: Administration,
    args: CommandArguments<Shape>,
    signal: AbortSignal,
  ) => AsyncIterable<Item>;
  /** One item for a human reader; undefined shows nothing. */
  readonly render: (item: Item, style: Style) => string | undefined;
  /** How far it is, for a line on a terminal that the next one replaces. */
  readonly progress?: (item: Item) => string | undefined;
  /** What is bad about an item, for the exit code; undefined when all is well. */
  readonly failure?: (item: Item) => string | undefined;
  /** What stands for an item where JSON is wanted; undefined shows nothing. The item itself without it. */
  readonly data?: (item: Item) => unknown;
}

/**
 * Something an administrator can do, described once: the command line, and later REST, the web administration and
 * ad-hoc commands (XEP-0050), are all made from this.
 */
export interface Command extends Omit<CommandDescription, "confirm"> {
  readonly kind: "once" | "stream";
  /** Whether it has a question to be answered first. */
  readonly isConfirmed: boolean;
  /**
   * The question; it may tell what would be lost.
   *
   * @throws AdministrationError (invalid) when the arguments are not the command's
   */
  readonly confirmation: (args: unknown, administration: Administration) => Promise<string | undefined>;
  /** Checks the arguments, runs, and gives each result as data and for a human reader. */
  readonly results: (
    administration: Administration,
    args: unknown,
    signal: AbortSignal,
  ) => AsyncIterable<CommandResult>;
}

export interface CommandResult {
  /** Undefined: nothing to show. */
  readonly data: unknown;
  readonly progress: string | undefined;
  readonly human: (style: Style) => string | undefined;
  /** Set when the command did what it was asked, and what it found is bad. */
  readonly failure: string | undefined;
}

/** Declares a command that answers once. */
export function onceCommand<Shape extends z.ZodRawShape, Result>(command: OnceCommand<Shape, Result>): Command {
  return {
    ...described(command),
    kind: "once",
    async *results(administration, args) {
      const known = checked(command, args);
      const progress = command.waiting?.(known);
      if (progress !== undefined) yield { data: undefined, progress, human: () => undefined, failure: undefined };
      const data = await command.run(administration, known);
      yield {
        data,
        progress: undefined,
        human: (style) => command.render(data, style),
        failure: command.failure?.(data),
      };
    },
  };
}

/** Declares a command that goes on telling. */
export function streamCommand<Shape extends z.ZodRawShape, Item>(command: StreamCommand<Shape, Item>): Command {
  return {
    ...described(command),
    kind: "stream",
    async *results(administration, args, signal) {
      for await (const item of command.stream(administration, checked(command, args), signal)) {
        yield {
          data: command.data === undefined ? item : command.data(item),
          progress: command.progress?.(item),
          human: (style) => command.render(item, style),
          failure: command.failure?.(item),
        };
      }
    },
  };
}

function described<Shape extends z.ZodRawShape>(command: CommandDescription<Shape>) {
  const { confirm, ...description } = command;
  return {
    ...description,
    isConfirmed: confirm !== undefined,
    confirmation: async (args: unknown, administration: Administration) =>
      confirm?.(checked(command, args), administration),
  };
}

function checked<Shape extends z.ZodRawShape>(command: CommandDescription<Shape>, args: unknown) {
  const result = z.strictObject(command.arguments).safeParse(args);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => [...path.map(String), message].join(": "));
  throw new AdministrationError("invalid", problems.join("; "));
}
