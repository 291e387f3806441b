import type { Terminal } from "./terminal.ts";

/** The last line of a terminal, which says how far something is. Nothing where nobody looks. */
export class ProgressLine implements Disposable {
  readonly #terminal: Terminal;
  #isShown = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(text: string | undefined): void {
    if (text === undefined || this.#terminal.stderr.isTTY !== true) return;
    this.#terminal.stderr.write(`\r\u001b[2K${text}`);
    this.#isShown = true;
  }

  clear(): void {
    if (!this.#isShown) return;
    this.#terminal.stderr.write("\r\u001b[2K");
    this.#isShown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
