/** Things handled since the array was last cut. */
const compactedAfter = 256;

/** First in, first out, at constant cost each. */
export class Mailbox<Work> {
  #works: Work[] = [];
  #taken = 0;

  get size(): number {
    return this.#works.length - this.#taken;
  }

  add(work: Work): void {
    this.#works.push(work);
  }

  take(): Work | undefined {
    const work = this.#works[this.#taken];
    if (work === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#works.length) {
      this.#works = [];
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
