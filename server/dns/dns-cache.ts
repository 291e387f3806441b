import type { DnsAnswer, RecordType, RecordTypes } from "./dns-answer.ts";

/** What an entry and a record weigh besides what they say, roughly. */
const overheadBytes = 128;

interface Kept {
  readonly answer: DnsAnswer;
  readonly until: number;
  readonly bytes: number;
}

/**
 * Answers by question, as long as they hold. When it is full, what was put in first goes first: strangers decide how much
 * an answer holds, and how many there are (A36).
 */
export class DnsCache {
  readonly #bytesMax: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is kept, in bytes, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param now milliseconds since the epoch */
  find(question: string, now: number): DnsAnswer | undefined {
    const kept = this.#kept.get(question);
    if (kept === undefined) return undefined;
    const lifeMs = kept.until - now;
    // A clock that was set back does not make it live longer.
    if (lifeMs > 0 && lifeMs <= kept.answer.lifeMs) return { ...kept.answer, lifeMs };
    this.#forget(question);
    return undefined;
  }

  keep(question: string, answer: DnsAnswer, now: number): void {
    const bytes = weightOf(question, answer);
    if (answer.lifeMs <= 0 || bytes > this.#bytesMax) return;
    this.#forget(question);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes + bytes <= this.#bytesMax) break;
      this.#forget(oldest);
    }
    this.#kept.set(question, { answer, until: now + answer.lifeMs, bytes });
    this.#bytes += bytes;
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #forget(question: string): void {
    this.#bytes -= this.#kept.get(question)?.bytes ?? 0;
    this.#kept.delete(question);
  }
}

function weightOf(question: string, { records }: DnsAnswer): number {
  return records.reduce((sum, record) => sum + sizeOf(record) + overheadBytes, question.length + overheadBytes);
}

function sizeOf(record: RecordTypes[RecordType]): number {
  if (typeof record === "string") return record.length;
  return "target" in record ? record.target.length : record.data.length;
}
