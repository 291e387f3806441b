/** Things handled since the array was last cut. */
const compactedAfter = 256;

/** First in, first out, at constant cost each. What goes ahead is rare, and may cost more. */
export class Mailbox<Work> {
  #works: Work[] = [];
  #taken = 0;

  get size(): number {
    return this.#works.length - this.#taken;
  }

  add(work: Work): void {
    this.#works.push(work);
  }

  /** Ahead of all that waits. */
  addFirst(work: Work): void {
    if (this.#taken > 0) {
      this.#taken -= 1;
      this.#works[this.#taken] = work;
    } else this.#works.unshift(work);
  }

  /** What is taken next. */
  peek(): Work | undefined {
    return this.#works[this.#taken];
  }

  take(): Work | undefined {
    // Mostly there is one thing, and the array is kept for the next: V8 places arrays that are made here over and over
    // among the old objects, and a dead old array keeps what it held alive until the next full collection.
    if (this.#taken === 0 && this.#works.length === 1) return this.#works.pop();
    const work = this.#works[this.#taken];
    if (work === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#works.length) {
      this.#works.length = 0;
      this.#taken = 0;
    } else if (this.#taken > compactedAfter && this.#taken * 2 > this.#works.length) {
      this.#works = this.#works.slice(this.#taken);
      this.#taken = 0;
    }
    return work;
  }

  takeAll(): readonly Work[] {
    const works = this.#works.slice(this.#taken);
    this.#works = [];
    this.#taken = 0;
    return works;
  }
}
