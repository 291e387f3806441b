/**
 * What a peer saw, kept until a scenario asks for it: scenarios wait for what must come, in any order, and look at
 * what came unasked to say that something did not happen.
 */
export class Inbox<Item> {
  readonly #items: Item[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: Item): void {
    this.#items.push(item);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Takes the first item that is accepted, waiting for it if need be. */
  async take(accept: (item: Item) => boolean): Promise<Item> {
    for (;;) {
      const index = this.#items.findIndex(accept);
      const [found] = index < 0 ? [] : this.#items.splice(index, 1);
      if (found !== undefined) return found;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }
}

/** Long, for machines that do other things too; who waits in vain has failed anyway. */
export const waitMsMax = 60_000;

/** Fails, with an explanation made at that moment, when the promise takes too long. */
export async function inTime<T>(awaited: Promise<T>, explain: () => string, msMax = waitMsMax): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(explain())), msMax);
  try {
    return await Promise.race([awaited, promise]);
  } finally {
    clearTimeout(timer);
  }
}
