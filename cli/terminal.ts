import { plainStyle, type Style } from "#kit/style.ts";

/** Where a command writes. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly write: (text: string) => unknown;
}

/** Where a command reads. */
export interface Input extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean | undefined;
  readonly setRawMode?: ((raw: boolean) => unknown) | undefined;
}

/** What a command runs in: the terminal, or a test. */
export interface Terminal {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends what goes on: Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Colours on a terminal, unless the user does not want them (no-color.org). */
export function styleOf(output: Output, env: Terminal["env"]): Style {
  if (output.isTTY !== true || (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb") return plainStyle;
  const paint = (code: number) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33) };
}
