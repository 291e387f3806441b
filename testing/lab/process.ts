import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, openSync, closeSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const startMsMax = 90_000;
/** A server may take ten seconds to take leave of its users, and this machine may be a slow one. */
const stopMsMax = 30_000;
/** What a program may take that has no reason to take any time. */
const toolMsMax = 90_000;
const pollMs = 50;

/** Where a program listens: a port, or the path of a socket. */
export type Listening = { readonly host: string; readonly port: number } | { readonly path: string };

export interface CommandOptions {
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** A program that runs until it is stopped. What it prints goes into a log file. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly logFile: string;

  private constructor(child: ChildProcess, name: string, logFile: string) {
    this.#child = child;
    this.#name = name;
    this.logFile = logFile;
  }

  /** Starts a program and waits until it accepts connections everywhere where it `listens`. */
  static async start(
    options: CommandOptions & { readonly logFile: string; readonly listens: readonly Listening[] },
  ): Promise<Daemon> {
    const [program, ...args] = options.command;
    for (const place of options.listens) {
      if (await accepts(place)) throw new Error(`cannot start ${program}: something listens on ${told(place)} already`);
    }
    const log = openSync(options.logFile, "a");
    const environment = { ...process.env, ...options.environment };
    const stdio = ["ignore", log, log] as const;
    // A process group of its own, so that stopping it reaches what a launching shell has started too.
    const settings = { stdio: [...stdio], env: environment, cwd: options.directory, detached: true };
    const child = spawn(program, args, settings);
    closeSync(log);
    const daemon = new Daemon(child, program, options.logFile);
    try {
      await once(child, "spawn");
      for (const place of options.listens) await daemon.#untilAccepted(place);
    } catch (cause) {
      await daemon.stop();
      throw new Error(`${program} did not start; its log ends with\n${tail(options.logFile)}`, { cause });
    }
    return daemon;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} was never started`);
    return this.#child.pid;
  }

  /** Sends a signal to the program and to all that it has started. */
  signal(signal: NodeJS.Signals): void {
    this.#signal(signal);
  }

  /** Asks the program and all that it has started to end, and makes them end when they do not. */
  async stop(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      this.#signal(signal);
      for (const deadline = Date.now() + stopMsMax; this.#signal(0); await sleep(pollMs))
        if (Date.now() > deadline) break;
      if (!this.#signal(0)) return;
    }
    throw new Error(`${this.#name} does not end; its log ends with\n${tail(this.logFile)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  /** False when nobody is left in the process group. */
  #signal(signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(-this.pid, signal);
    } catch {
      return false;
    }
  }

  async #untilAccepted(place: Listening): Promise<void> {
    const deadline = Date.now() + startMsMax;
    while (!(await accepts(place))) {
      if (this.#ended) throw new Error(`${this.#name} ended with ${this.#child.exitCode ?? this.#child.signalCode}`);
      if (Date.now() > deadline) throw new Error(`nothing listens on ${told(place)} after ${startMsMax} ms`);
      await sleep(pollMs);
    }
  }
}

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end. Its output, both streams, is returned and, where asked, logged. */
export async function runToEnd(
  options: CommandOptions & {
    readonly input?: string;
    /** Default: what a program may take that has no reason to take any time. */
    readonly msMax?: number;
    readonly logFile?: string;
    /** Ends it; an error is thrown then. */
    readonly signal?: AbortSignal;
  },
): Promise<Finished> {
  const [program, ...args] = options.command;
  const child = spawn(program, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
    cwd: options.directory,
    timeout: options.msMax ?? toolMsMax,
    killSignal: "SIGKILL",
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: "a" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      output += text;
      log?.write(text);
    });
  }
  child.stdin.on("error", () => {}); // the program may end without reading its input: its exit code says so
  child.stdin.end(options.input ?? "");
  const [code] = await once(child, "close");
  log?.end();
  return { code: typeof code === "number" ? code : -1, output };
}

/** As runToEnd, for a program that has to succeed. */
export async function runOrThrow(options: Parameters<typeof runToEnd>[0]): Promise<string> {
  const { code, output } = await runToEnd(options);
  if (code !== 0) throw new Error(`${options.command.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

/** The last lines of a log. */
export function tail(file: string, lineCount = 30): string {
  try {
    return readFileSync(file, "utf8").split("\n").slice(-lineCount).join("\n");
  } catch {
    return `(${file} cannot be read)`;
  }
}

function told(place: Listening): string {
  return "path" in place ? place.path : `${place.host}:${place.port}`;
}

async function accepts(place: Listening): Promise<boolean> {
  const socket = connect(place);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
