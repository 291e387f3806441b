import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Inbox, inTime } from "../inbox.ts";
import { labDir } from "../lab.ts";
import { componentAddress } from "../network.ts";
import { tail } from "../process.ts";
import type { ComponentAccount } from "../target.ts";
import type { PeerEvent } from "./slixmpp.ts";

const program = new URL("slixmpp/component.py", import.meta.url).pathname;

/** A component made of slixmpp, in a process of its own: it answers every message with the same text. */
export class SlixmppComponent implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #inbox = new Inbox<PeerEvent>();

  constructor({ domain, secret }: ComponentAccount) {
    this.#logFile = join(labDir, `slixmpp-${domain}.log`);
    const log = openSync(this.#logFile, "a");
    const given = { domain, secret, host: componentAddress, port: 5347 };
    this.#child = spawn("/usr/bin/python3", [program, JSON.stringify(given)], { stdio: ["ignore", "pipe", log] });
    closeSync(log);
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("the component was started without a pipe");
    createInterface({ input: stdout }).on("line", (line) => {
      const told: unknown = JSON.parse(line);
      if (isRecord(told)) this.#inbox.add({ event: String(told["event"]), ...told });
    });
  }

  async event(name: string): Promise<PeerEvent> {
    const found = this.#inbox.take((event) => event.event === name);
    return await inTime(found, () => `no event "${name}"\nlog ${this.#logFile}:\n${tail(this.#logFile)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
