interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  dropped: boolean;
}

/** A thing that was to happen and need not any more. */
export interface Scheduled {
  readonly cancel: () => void;
}

/** All time of a simulated world: what is to happen, in order. Nothing waits in earnest. */
export class SimClock {
  /** Milliseconds since the world began. */
  now = 0;
  readonly #heap: Happening[] = [];
  #order = 0;
  #live = 0;

  /** Things that are still to happen. */
  get size(): number {
    return this.#live;
  }

  readonly after = (delayMs: number, run: () => void): Scheduled => {
    this.#order += 1;
    const happening = { at: this.now + Math.max(0, delayMs), order: this.#order, run, dropped: false };
    this.#push(happening);
    this.#live += 1;
    return {
      cancel: () => {
        if (happening.dropped) return;
        happening.dropped = true;
        this.#live -= 1;
      },
    };
  };

  /** Lets time pass. After each happening, all that follows from it at once (promises, deferred calls) is done first. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await turn();
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      if (next.dropped) continue;
      next.dropped = true;
      this.#live -= 1;
      this.now = next.at;
      next.run();
      await turn();
    }
    this.now = end;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(happening);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(happening, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = place * 2 + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      let child = left;
      if (right !== undefined && isBefore(right, left)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Resolves when nothing is left to do at this moment: promises and deferred calls run before an immediate does. */
function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
