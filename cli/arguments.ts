import { resolve } from "node:path";
import { Argument, Option, type Command as Program } from "commander";
import { z } from "zod";
import { assert } from "#protocol/assert.ts";
import type { Command } from "#kit/command.ts";

/** Declares a command's arguments to the command-line parser. */
export function declareArguments(program: Program, command: Command): void {
  for (const name of command.positional ?? []) {
    const schema = schemaOf(command, name);
    const shown = schema.safeParse(undefined).success ? `[${name}]` : `<${name}>`;
    program.addArgument(new Argument(shown, schema.description ?? ""));
  }
  for (const name of Object.keys(command.arguments)) {
    if ((command.positional ?? []).includes(name) || name === command.secret) continue;
    program.addOption(optionOf(command, name));
  }
}

/** What was typed, as the command's schema wants it: numbers as numbers, file names absolute. */
export function collectArguments(
  command: Command,
  typed: {
    readonly positional: readonly unknown[];
    readonly options: Readonly<Record<string, unknown>>;
    readonly directory: string;
  },
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const name of Object.keys(command.arguments)) {
    const place = (command.positional ?? []).indexOf(name);
    const value = place === -1 ? typed.options[name] : typed.positional[place];
    if (value !== undefined) args[name] = valueOf(command, name, value, typed.directory);
  }
  return args;
}

function valueOf(command: Command, name: string, value: unknown, directory: string): unknown {
  if (typeof value !== "string") return value;
  if (command.files?.includes(name) === true) return resolve(directory, value);
  const isNumber = innermost(schemaOf(command, name)) instanceof z.ZodNumber;
  return isNumber && value.trim() !== "" ? Number(value) : value;
}

function optionOf(command: Command, name: string): Option {
  const schema = schemaOf(command, name);
  const letter = command.letters?.[name];
  const inner = innermost(schema);
  const value = inner instanceof z.ZodBoolean ? "" : ` <${name}>`;
  const flags = `${letter === undefined ? "" : `-${letter}, `}--${kebab(name)}${value}`;
  return new Option(flags, `${schema.description ?? ""}${defaultText(schema)}`);
}

function defaultText(schema: z.ZodType): string {
  const found = schema.safeParse(undefined);
  return found.success && found.data !== undefined && found.data !== false
    ? ` (default: ${JSON.stringify(found.data)})`
    : "";
}

function schemaOf(command: Command, name: string): z.ZodType {
  const schema: unknown = command.arguments[name];
  assert(schema instanceof z.ZodType, `the command has an argument ${name}`);
  return schema;
}

function innermost(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return innermost(schema.unwrap());
  }
  return schema;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
