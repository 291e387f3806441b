import type { DnsAnswer } from "./dns-answer.ts";

interface Kept {
  readonly answer: DnsAnswer;
  readonly until: number;
}

/** Answers by question, as long as they hold. When it is full, what was put in first goes first. */
export class DnsCache {
  readonly #entriesMax: number;
  readonly #kept = new Map<string, Kept>();

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** @param now milliseconds since the epoch */
  find(question: string, now: number): DnsAnswer | undefined {
    const kept = this.#kept.get(question);
    if (kept === undefined) return undefined;
    const lifeMs = kept.until - now;
    // A clock that was set back does not make it live longer.
    if (lifeMs > 0 && lifeMs <= kept.answer.lifeMs) return { ...kept.answer, lifeMs };
    this.#kept.delete(question);
    return undefined;
  }

  keep(question: string, answer: DnsAnswer, now: number): void {
    if (answer.lifeMs <= 0) return;
    this.#kept.delete(question);
    if (this.#kept.size >= this.#entriesMax) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(question, { answer, until: now + answer.lifeMs });
  }

  clear(): void {
    this.#kept.clear();
  }
}
