import { setTimeout as sleep } from "node:timers/promises";
import { runOrThrow, runToEnd } from "../process.ts";

const waitMsMax = 90_000;
const pollMs = 100;
const size = ["-x", "140", "-y", "50"];
/** So much of the end of a line must be seen before Enter is pressed. */
const typedCharsSeen = 30;

/**
 * A program in a terminal of tmux: typed at, and read off its screen. Each has a tmux of its own: one that ends with its last
 * terminal may be asked for the next.
 */
export class Terminal implements AsyncDisposable {
  readonly #session: string;

  private constructor(session: string) {
    this.#session = session;
  }

  /** @param session a name that no other terminal has; @param command a line for a shell */
  static async start(session: string, command: string): Promise<Terminal> {
    const terminal = new Terminal(session);
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", "-s", session, ...size, command);
    return terminal;
  }

  /** Types without pressing Enter. */
  async press(keys: string): Promise<void> {
    await this.#tmux("send-keys", "-t", this.#session, "-l", "--", keys);
  }

  /** Types a line and presses Enter when it is there: what comes together with it some programs take for pasted text. */
  async type(line: string): Promise<void> {
    const end = line.slice(-typedCharsSeen);
    const count = async (): Promise<number> => (await this.screen()).split(end).length - 1;
    const before = await count();
    await this.press(line);
    for (const deadline = Date.now() + waitMsMax; (await count()) <= before; await sleep(pollMs))
      if (Date.now() > deadline)
        throw new Error(`the terminal ${this.#session} does not take ${line}:\n${await this.screen()}`);
    await this.#tmux("send-keys", "-t", this.#session, "Enter");
  }

  /** What the screen shows now. */
  async screen(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-t", this.#session);
  }

  /** Waits until the screen shows something, and returns the match. */
  async shows(pattern: RegExp): Promise<string> {
    for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
      const screen = await this.screen();
      const [found] = pattern.exec(screen) ?? [];
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`the terminal ${this.#session} does not show ${pattern}:\n${screen}`);
    }
  }

  /** Waits until the screen does not show something any more. */
  async gone(pattern: RegExp): Promise<void> {
    for (const deadline = Date.now() + waitMsMax; pattern.test(await this.screen()); await sleep(pollMs))
      if (Date.now() > deadline) throw new Error(`the terminal ${this.#session} still shows ${pattern}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runToEnd({ command: ["tmux", "-L", this.#session, "kill-server"] }); // it may have ended with its program
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return await runOrThrow({ command: ["tmux", "-L", this.#session, ...args] });
  }
}
