import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { LogLine } from "#kit/administration.ts";
import { parseLogLine } from "#server/log-line.ts";

const program = join(import.meta.dirname, "../../cli/main.ts");
/** Lines of the log that are kept for the report of a failure. */
const linesMax = 200;

export interface ServerPlace {
  readonly configFile: string;
  readonly dataDir: string;
  /** Where Node keeps compiled code: a server that is killed never writes it. */
  readonly compileCache: string;
  /** What goes before the command, such as `nice`. */
  readonly prefix?: readonly string[];
  /** What a command is given to read. */
  readonly input?: string;
}

/** A `balcony start` in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #port = Promise.withResolvers<number>();
  readonly #ports = new Map<string, number>();
  readonly #started = Promise.withResolvers<void>();
  /** Resolves when the process has ended and all that it wrote was read. */
  readonly ended: Promise<void>;
  /** What the log tells of bugs. */
  readonly errors: string[] = [];
  readonly #texts = new Map<string, number>();
  #spoke = Promise.withResolvers<void>();
  #killed = false;

  constructor(place: ServerPlace) {
    const [command, args] = commandLine(place, "start");
    this.#child = spawn(command, args, { env: environment(place), stdio: ["ignore", "pipe", "pipe"] });
    for (const promise of [this.#port.promise, this.#started.promise]) promise.catch(() => {});
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error("the server's output is not a pipe");
    createInterface({ input: stdout }).on("line", (text) => this.#log(text));
    createInterface({ input: stderr }).on("line", (text) => this.#remember(text));
    this.ended = new Promise((resolve) => this.#child.once("close", resolve)).then((): void => {
      const error = new Error(this.#killed ? "the server was killed" : `the server ended by itself:\n${this.log}`);
      this.#port.reject(error);
      this.#started.reject(error);
      if (!this.#killed) this.errors.push(error.message);
    });
  }

  /** Resolves with the port for clients when it listens and says that it has started; rejects when it ends before that. */
  async started(): Promise<number> {
    await this.#started.promise;
    return this.#port.promise;
  }

  /** Of a listener of this kind, once it has started. */
  portOf(kind: string): number {
    const port = this.#ports.get(kind);
    if (port === undefined) throw new Error(`nothing of the kind ${kind} listens:\n${this.log}`);
    return port;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How many lines of the log, so far, say this. */
  count(text: string): number {
    return this.#texts.get(text) ?? 0;
  }

  /** Resolves when the log has said this so many times. */
  async said(text: string, times = 1): Promise<void> {
    while (this.count(text) < times) await Promise.race([this.#spoke.promise, this.#gone()]);
  }

  /** Ends it at once, without its knowing. */
  kill(): void {
    this.#killed = true;
    this.#child.kill("SIGKILL");
  }

  /** Ends it as an administrator does. */
  async stop(): Promise<void> {
    this.#killed = true;
    this.#child.kill("SIGTERM");
    await this.ended;
  }

  /** The end of what it printed. */
  get log(): string {
    return this.#lines.join("\n");
  }

  #log(line: string): void {
    this.#remember(line);
    const event = eventOf(line);
    if (event !== undefined) {
      this.#texts.set(event.text, this.count(event.text) + 1);
      this.#spoke.resolve();
      this.#spoke = Promise.withResolvers();
    }
    if (event?.text === "listening") this.#listens(event.fields);
    if (event?.text === "started") this.#started.resolve();
    if (event?.level === "error") this.errors.push(line);
  }

  #listens({ kind, port }: LogLine["fields"]): void {
    if (typeof kind !== "string" || typeof port !== "number") return;
    this.#ports.set(kind, port);
    if (kind === "client") this.#port.resolve(port);
  }

  async #gone(): Promise<never> {
    await this.ended;
    throw new Error(`the server has ended:\n${this.log}`);
  }

  #remember(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length > linesMax) this.#lines.shift();
  }
}

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs another command of `balcony` for the server in this place. */
export async function runCommand(place: ServerPlace, ...words: readonly [string, ...string[]]): Promise<CommandResult> {
  const [command, args] = commandLine(place, ...words);
  const child = spawn(command, args, { env: environment(place), stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => {});
  child.stdin.end(place.input ?? "");
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.err += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, ...output };
}

/**
 * Where Node keeps compiled code of processes of `balcony`: where the tests have theirs, so that a server starts in half the
 * time from the second run on, or else in this directory. In a folder of its own: these processes set flags of V8
 * (cli/v8-flags.ts), under which it throws away what was compiled without, and each would take from the other what it keeps.
 */
export function compileCacheFor(dir: string): string {
  return join(process.env["NODE_COMPILE_CACHE"] ?? dir, "balcony");
}

function commandLine(place: ServerPlace, ...words: readonly string[]): readonly [command: string, args: string[]] {
  const { configFile, dataDir, prefix = [] } = place;
  const line = [...prefix, process.execPath, program, ...words, "--config", configFile, "--data", dataDir];
  const [command = "", ...args] = line;
  return [command, args];
}

function environment({ compileCache }: ServerPlace): NodeJS.ProcessEnv {
  return { ...process.env, NODE_COMPILE_CACHE: compileCache };
}

/** Undefined for what is no line of the log. */
function eventOf(line: string): LogLine | undefined {
  try {
    return parseLogLine(line);
  } catch {
    return undefined;
  }
}
