import { parseLogLine } from "./log-line.ts";
import type { LogLevel } from "#kit/administration-values.ts";

const colours: Readonly<Record<LogLevel, string>> = { debug: "2", info: "32", warn: "33", error: "31" };

/** A line of the log for human eyes: time of day, level, text, then the fields. */
export function prettyLine(json: string, coloured: boolean): string {
  const { time, level, text, fields } = parseLogLine(json);
  const paint = (code: string, words: string): string => (coloured ? `\u001b[${code}m${words}\u001b[0m` : words);
  const clock = time.slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${paint("2", `${key}=`)}${shown(value)}`);
  return `${[paint("2", clock), paint(colours[level], level.toUpperCase().padEnd(5)), printable(text), ...rest].join(" ")}\n`;
}

/** The same without colours, for a reader that has split the line already. */
export function prettyFields(text: string, fields: Readonly<Record<string, unknown>>): string {
  return [printable(text), ...Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`)].join(" ");
}

/** Quoted unless it is one harmless word: what a peer sent must not pass for another line, or move the cursor. */
function shown(value: unknown): string {
  if (typeof value === "string") return /^[\w@.:/+-]+$/.test(value) ? value : printable(JSON.stringify(value));
  return printable(JSON.stringify(value));
}

function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ""}}`,
  );
}
