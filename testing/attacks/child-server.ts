import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { Answer, Figures, Memory, Ports, Reload, type Orders, type Question } from "./questions.ts";

const program = new URL("server-process.ts", import.meta.url).pathname;
const openFilesDefault = 4_096;
const answerMsMax = 30_000;

export interface ChildServerOptions extends Partial<Orders> {
  /** Files and sockets that the process may have open. */
  readonly openFilesMax?: number;
}

/** A really listening server in a process of its own, with few files where that is the attack. */
export class ChildServer implements AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
  readonly #child: ChildProcess;
  #starved = false;

  private constructor(child: ChildProcess, ports: { readonly port: number; readonly tlsPort: number }) {
    this.#child = child;
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
  }

  static async start({
    toml = "",
    accounts,
    openFilesMax = openFilesDefault,
  }: ChildServerOptions = {}): Promise<ChildServer> {
    const orders: Orders = { toml, accounts: accounts ?? ["romeo@montague.example", "juliet@montague.example"] };
    const child = spawn(
      "bash",
      ["-c", 'ulimit -n "$0" && exec "$@"', String(openFilesMax), process.execPath, program, JSON.stringify(orders)],
      { stdio: ["ignore", "inherit", "inherit", "ipc"] },
    );
    try {
      return new ChildServer(child, Ports.parse(await answerOf(child, "started")));
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  async figures(): Promise<Figures> {
    return Figures.parse(await this.#ask("figures"));
  }

  async memory(): Promise<Memory> {
    return Memory.parse(await this.#ask("memory"));
  }

  /** Has it read its certificates again; tells what went wrong. */
  async reload(): Promise<readonly string[]> {
    return Reload.parse(await this.#ask("reload")).problems;
  }

  /** Changes the soft limit of open files while it runs; the hard one stays. Needs `prlimit`, of util-linux. */
  async limitOpenFiles(max: number): Promise<void> {
    try {
      await promisify(execFile)("prlimit", ["--pid", String(this.#child.pid), `--nofile=${max}:`]);
    } catch (cause) {
      throw new Error("only prlimit (Linux, util-linux) limits the open files of a process that runs, and it failed", {
        cause,
      });
    }
    this.#starved = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#starved) await this.limitOpenFiles(openFilesDefault);
    const exited = once(this.#child, "exit");
    await this.#ask("stop");
    await exited;
  }

  #ask(question: Question): Promise<unknown> {
    const answer = answerOf(this.#child, question);
    this.#child.send(question);
    return answer;
  }
}

async function answerOf(child: ChildProcess, question: string): Promise<unknown> {
  const late = AbortSignal.timeout(answerMsMax);
  const over = new AbortController();
  const signal = AbortSignal.any([late, over.signal]);
  const died = once(child, "exit", { signal }).then(() => {
    throw new Error(`the server's process ended before it answered "${question}"`);
  });
  try {
    for (;;) {
      const [message]: unknown[] = await Promise.race([once(child, "message", { signal }), died]);
      const { question: answered, answer } = Answer.parse(message);
      if (answered === question) return answer;
    }
  } finally {
    died.catch(() => undefined);
    over.abort();
  }
}
