import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Inputs that are kept of one target, in bytes. */
export const keptBytesMax = 64 * 1_024;

/** Where inputs are kept unless somebody says otherwise. */
export const corpusFolder = join(import.meta.dirname, "..", "corpus");

/** The inputs that are kept of a target, as byte strings; none if there is no file. A JSON string a line. */
export function readKept(folder: string, target: string): readonly string[] {
  const path = pathOf(folder, target);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const input: unknown = JSON.parse(line);
      if (typeof input !== "string") throw new Error(`${path} has a line that is no JSON string`);
      return input;
    });
}

/** Keeps inputs, the shortest first, as many as there is room for. Returns how many. */
export function writeKept(folder: string, target: string, inputs: readonly string[]): number {
  let room = keptBytesMax;
  const lines = inputs
    .map((input) => `${asciiJson(input)}\n`)
    .filter((line) => {
      if (line.length > room) return false;
      room -= line.length;
      return true;
    });
  mkdirSync(folder, { recursive: true });
  writeFileSync(pathOf(folder, target), lines.join(""));
  return lines.length;
}

function pathOf(folder: string, target: string): string {
  return join(folder, `${target}.jsonl`);
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(/[\x7f-\xff]/gu, (character) => {
    return `\\u00${character.charCodeAt(0).toString(16)}`;
  });
}
