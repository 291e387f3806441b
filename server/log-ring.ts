import type { LogLine } from "#kit/administration.ts";
import { parseLogLine } from "./log-line.ts";
import { logLevels, type LogLevel } from "#kit/administration-values.ts";

/** Lines that may wait for one follower; a slower one misses some, and is told how many. */
const followerLinesMax = 1_000;

/** The latest lines of the log, as they were written, and whoever follows it. */
export class LogRing {
  readonly #linesMax: number;
  readonly #lines: string[] = [];
  /** Where the next line goes once the ring is full. */
  #next = 0;
  readonly #followers = new Set<Follower>();

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  get followers(): number {
    return this.#followers.size;
  }

  add(line: string): void {
    if (this.#lines.length < this.#linesMax) this.#lines.push(line);
    else if (this.#linesMax > 0) {
      this.#lines[this.#next] = line;
      this.#next = (this.#next + 1) % this.#linesMax;
    }
    if (this.#followers.size === 0) return;
    const parsed = parseLogLine(line);
    for (const follower of this.#followers) follower.add(parsed);
  }

  /** The last `lines` lines of at least `level`; with `follow`, then every new one until `signal` ends it. */
  async *tail(
    request: { readonly lines: number; readonly level: LogLevel; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLine> {
    const rank = logLevels.indexOf(request.level);
    const follower = request.follow ? new Follower(rank) : undefined;
    // Before the first line is given out, so that none falls in between.
    if (follower !== undefined) this.#followers.add(follower);
    const wake = (): void => follower?.wake();
    signal.addEventListener("abort", wake);
    try {
      const kept = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)].map(parseLogLine);
      const wanted = kept.filter((line) => logLevels.indexOf(line.level) >= rank);
      if (request.lines > 0) yield* wanted.slice(-request.lines);
      if (follower !== undefined) yield* follower.lines(signal);
    } finally {
      signal.removeEventListener("abort", wake);
      if (follower !== undefined) this.#followers.delete(follower);
    }
  }
}

class Follower {
  readonly #rank: number;
  #waiting: LogLine[] = [];
  #missed = 0;
  #wake = Promise.withResolvers<void>();

  constructor(rank: number) {
    this.#rank = rank;
  }

  add(line: LogLine): void {
    if (logLevels.indexOf(line.level) < this.#rank) return;
    if (this.#waiting.length >= followerLinesMax) {
      this.#missed += 1;
      return;
    }
    this.#waiting.push(this.#missed > 0 ? { ...line, missed: this.#missed } : line);
    this.#missed = 0;
    this.wake();
  }

  async *lines(signal: AbortSignal): AsyncIterable<LogLine> {
    while (!signal.aborted) {
      const taken = this.#waiting;
      this.#waiting = [];
      this.#wake = Promise.withResolvers();
      yield* taken;
      if (this.#waiting.length === 0) await this.#wake.promise;
    }
  }

  wake(): void {
    this.#wake.resolve();
  }
}
