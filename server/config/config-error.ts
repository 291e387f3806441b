/** One thing that is wrong in balcony.toml. */
export interface ConfigProblem {
  /** Counted from 1; undefined where there is no file. */
  readonly line: number | undefined;
  /** What is wrong, and what would be right. */
  readonly text: string;
}

/** A configuration that a server cannot start with: each problem a line of the message, as `file:line: what`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(file: string | undefined, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => located(file, problem)).join("\n"), options);
    this.problems = problems;
  }
}

function located(file: string | undefined, { line, text }: ConfigProblem): string {
  if (file === undefined) return text;
  return line === undefined ? `${file}: ${text}` : `${file}:${line}: ${text}`;
}
