/** Something that one party sets and that holds one value: what may be in it is known from who set what and when. */
export interface RegisterWrite<T> {
  readonly value: T;
  readonly sentAt: number;
  /** When the server answered; undefined while, or if, it never did. */
  answeredAt: number | undefined;
  /** The server said that it is done. What it refused may have happened all the same, if a disc was in the way. */
  done: boolean;
}

/** What nobody answered is over after so long: silence, resumption, and a slow disc. */
const unansweredMs = 120_000;

export class Register<T> {
  readonly writes: RegisterWrite<T>[] = [];
  readonly #initial: T;

  constructor(initial: T) {
    this.#initial = initial;
  }

  write(value: T, now: number): RegisterWrite<T> {
    const write: RegisterWrite<T> = { value, sentAt: now, answeredAt: undefined, done: false };
    this.writes.push(write);
    return write;
  }

  /** What may be in it now: every value that no later one has certainly replaced. */
  candidates(): readonly T[] {
    const values = this.writes
      .filter((write) => !this.writes.some((later) => isAfter(later, write)))
      .map(({ value }) => value);
    return this.writes.some(({ done }) => done) ? values : [this.#initial, ...values];
  }

  /** Whether it may have held a value, one that it did not begin with, at some time between these two. */
  mayHaveBeen(value: T, { from, until }: { readonly from: number; readonly until: number }): boolean {
    return this.writes.some(
      (write) =>
        write.value === value &&
        write.sentAt <= until &&
        !this.writes.some(
          (later) => later.value !== value && isAfter(later, write) && (later.answeredAt ?? Infinity) < from,
        ),
    );
  }

  /** Its value, if there is no doubt. */
  certain(): T | undefined {
    const [first, ...others] = new Set(this.candidates());
    return others.length === 0 ? first : undefined;
  }
}

/** A write was sent when the other one was over already, and took place. */
function isAfter<T>(later: RegisterWrite<T>, earlier: RegisterWrite<T>): boolean {
  return later.done && later.sentAt > (earlier.answeredAt ?? earlier.sentAt + unansweredMs);
}
