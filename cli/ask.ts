import { randomBytes } from "node:crypto";
import { AdministrationError } from "#kit/administration-error.ts";
import { passwordLengthMax } from "#kit/administration-values.ts";
import type { Input, Terminal } from "./terminal.ts";

const lineLengthMax = 4 * passwordLengthMax;
const generatedGroups = 5;
const generatedGroupLength = 5;
/** 32 of them, so that a byte gives one without favour; none that is mistaken for another. */
const letters = "abcdefghijkmnpqrstuvwxyz23456789";

/** A new password: asked for twice on a terminal, without echo; the first line of standard input elsewhere. */
export async function askNewPassword(terminal: Terminal): Promise<string> {
  const { stdin, stderr } = terminal;
  if (stdin.isTTY !== true) {
    const line = await readLine(stdin);
    if (line === "") throw new AdministrationError("invalid", "standard input has no password; or use --generate");
    return line;
  }
  const typed = characters(stdin);
  stdin.setRawMode?.(true);
  try {
    stderr.write("New password: ");
    const first = await readHidden(typed);
    stderr.write("\nOnce more: ");
    const second = await readHidden(typed);
    if (first !== second) throw new AdministrationError("invalid", "the two are not the same; nothing was changed");
    return first;
  } finally {
    stderr.write("\n");
    stdin.setRawMode?.(false);
    await typed.return(undefined);
  }
}

/** Whether the answer on the terminal is yes. */
export async function askYes(terminal: Terminal, question: string): Promise<boolean> {
  terminal.stderr.write(`${question} [y/N] `);
  return /^y(es)?$/i.test((await readLine(terminal.stdin)).trim());
}

/** 125 bits in five groups, to be written down or read out. */
export function generatePassword(entropy: (bytes: number) => Uint8Array = randomBytes): string {
  const drawn = [...entropy(generatedGroups * generatedGroupLength)].map((byte) => letters[byte & 31]);
  return Array.from({ length: generatedGroups }, (_, i) =>
    drawn.slice(i * generatedGroupLength, (i + 1) * generatedGroupLength).join(""),
  ).join("-");
}

/** The first line, without its end. */
async function readLine(input: Input): Promise<string> {
  let line = "";
  for await (const character of characters(input)) {
    if (character === controls.newLine || line.length >= lineLengthMax) break;
    line += character;
  }
  return line.replace(/\r$/, "");
}

const controls = {
  enter: "\r",
  newLine: "\n",
  interrupt: "\u0003",
  endOfInput: "\u0004",
  delete: "\u007f",
  backspace: "\b",
  clear: "\u0015",
};

/** A line from a terminal in raw mode, which shows nothing of it. */
async function readHidden(typed: AsyncGenerator<string, void>): Promise<string> {
  let line: string[] = [];
  for (;;) {
    const { done, value } = await typed.next();
    if (done === true) return line.join("");
    switch (value) {
      case controls.enter:
      case controls.newLine:
      case controls.endOfInput:
        return line.join("");
      case controls.interrupt:
        throw new AdministrationError("invalid", "given up; nothing was changed");
      case controls.delete:
      case controls.backspace:
        line = line.slice(0, -1);
        break;
      case controls.clear:
        line = [];
        break;
      default:
        if (line.length < lineLengthMax) line.push(value);
    }
  }
}

async function* characters(input: Input): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  for await (const chunk of input) yield* typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
}
