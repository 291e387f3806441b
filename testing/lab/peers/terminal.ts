import { setTimeout as sleep } from "node:timers/promises";
import { runToEnd } from "../process.ts";

const waitMsMax = 30_000;
const pollMs = 100;
const tmuxMsMax = 20_000;
const size = ["-x", "140", "-y", "50"];

/** A program in a terminal of tmux: typed at, and read off its screen. */
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

  /** Types a line and presses Enter. */
  async type(line: string): Promise<void> {
    await this.press(line);
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
    await this.#tmux("kill-session", "-t", this.#session);
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { output } = await runToEnd({ command: ["tmux", "-L", "lab", ...args], msMax: tmuxMsMax });
    return output;
  }
}
