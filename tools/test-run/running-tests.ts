import type { RelayedEvent } from "./relayed-event.ts";

/** What a process is at, for the case that it comes to no end. */
export class RunningTests {
  readonly #begun: string[] = [];
  #last: string | undefined;

  take(event: RelayedEvent): void {
    switch (event.type) {
      case "file:began":
        this.#begun.length = 0;
        this.#last = undefined;
        return;
      case "test:dequeue":
        this.#begun.push(event.name);
        return;
      case "test:complete": {
        this.#last = event.name;
        const at = this.#begun.lastIndexOf(event.name);
        if (at >= 0) this.#begun.splice(at, 1);
        return;
      }
      default:
    }
  }

  /** To be read behind what became of it: which tests have begun and not ended, or which was the last. */
  where(): string {
    if (this.#begun.length > 0) return `in ${this.#begun.map((name) => `"${name}"`).join(", ")}`;
    return this.#last === undefined ? "before the first test ended" : `after "${this.#last}"`;
  }
}
