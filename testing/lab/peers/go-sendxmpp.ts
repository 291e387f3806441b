import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitMsMax } from "../inbox.ts";
import { labDir, passwordOf } from "../lab.ts";
import { serverAddress } from "../network.ts";
import { runToEnd, tail, type Finished } from "../process.ts";

const runMsMax = 60_000;
const pollMs = 50;

export interface GoSendxmppOptions {
  readonly jid: string;
  readonly password?: string;
  readonly directTls?: boolean;
  /** Look the server up by its SRV records instead of going to its address. */
  readonly lookUp?: boolean;
}

/** Sends one message and logs out again, as a script of an administrator would. */
export async function goSendxmpp(options: GoSendxmppOptions, to: string, body: string): Promise<Finished> {
  return await runToEnd({
    command: ["go-sendxmpp", ...account(options), to],
    input: `${body}\n`,
    msMax: runMsMax,
    logFile: join(labDir, "go-sendxmpp.log"),
  });
}

/** go-sendxmpp --listen: logs in and prints what messages come. */
export class GoListener implements AsyncDisposable {
  readonly #logFile: string;
  readonly #child;

  constructor(options: GoSendxmppOptions) {
    this.#logFile = join(labDir, `go-sendxmpp-${options.jid.split("@")[0]}.log`);
    const log = openSync(this.#logFile, "w");
    this.#child = spawn("go-sendxmpp", [...account(options), "--listen"], { stdio: ["ignore", log, log] });
    closeSync(log);
  }

  /** Waits until it has printed something that matches. */
  async prints(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + waitMsMax;
    for (;;) {
      const printed = readFileSync(this.#logFile, "utf8");
      const [found] = pattern.exec(printed) ?? [];
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`go-sendxmpp did not print ${pattern}:\n${tail(this.#logFile)}`);
      await sleep(pollMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}

function account(options: GoSendxmppOptions): string[] {
  const port = options.directTls === true ? 5223 : 5222;
  const password = options.password ?? passwordOf(options.jid);
  return [
    "-u",
    options.jid,
    "-p",
    password,
    ...(options.lookUp === true ? [] : ["-j", `${serverAddress}:${port}`]),
    ...(options.directTls === true ? ["-t"] : []),
  ];
}
