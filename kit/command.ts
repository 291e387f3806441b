import type { z } from "zod";
import type { Administration } from "./administration.ts";

/**
 * Something an administrator can do, described once: the command line, and later REST, the web administration and
 * ad-hoc commands (XEP-0050), are all made from this.
 */
export interface Command<
  Shape extends z.ZodRawShape = z.ZodRawShape,
  Result = unknown,
> extends CommandDescription<Shape> {
  readonly kind: "once";
  /** Refusals are thrown as AdministrationError. The result is plain data, fit for JSON. */
  readonly run: (administration: Administration, args: CommandArguments<Shape>) => Promise<Result>;
  /** The result for a human reader. */
  readonly render: (result: Result, style: Style) => string;
}

/** A command that goes on telling: a log, the progress of a backup. */
export interface StreamCommand<
  Shape extends z.ZodRawShape = z.ZodRawShape,
  Item = unknown,
> extends CommandDescription<Shape> {
  readonly kind: "stream";
  readonly run: (
    administration: Administration,
    args: CommandArguments<Shape>,
    signal: AbortSignal,
  ) => AsyncIterable<Item>;
  /** One item for a human reader; undefined shows nothing. */
  readonly render: (item: Item, style: Style) => string | undefined;
}

export interface CommandDescription<Shape extends z.ZodRawShape> {
  /** Words that name it: `["user", "add"]`. */
  readonly path: readonly [string, ...string[]];
  /** One line, for lists. */
  readonly summary: string;
  /** What it does and does not, in sentences. */
  readonly description: string;
  readonly arguments: Shape;
  /** Names of the arguments that are given by place on a command line, in this order. */
  readonly positional?: readonly (keyof Shape & string)[];
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

/** A command of either kind, its types forgotten: what a registry holds. */
export interface AnyCommand extends CommandDescription<z.ZodRawShape> {
  readonly kind: "once" | "stream";
  /** Checks the arguments, runs, and gives each result with its human form. */
  readonly results: (
    administration: Administration,
    args: unknown,
    signal: AbortSignal,
  ) => AsyncIterable<{ readonly data: unknown; readonly human: (style: Style) => string | undefined }>;
}

/** How to dress up text for a terminal; every function returns its input where colours are off. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

export const plainStyle: Style = {
  bold: (text) => text,
  dim: (text) => text,
  red: (text) => text,
  green: (text) => text,
  yellow: (text) => text,
};
