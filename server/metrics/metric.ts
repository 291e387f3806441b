import { assert } from "#protocol/assert.ts";

/** Values of a metric's labels, by their names. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels?: Labels | undefined;
}

/** A metric with all its lines, which are read whenever somebody asks. */
export interface Metric {
  /** Its whole name. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labelNames: readonly string[];
  readonly read: () => Iterable<Sample>;
}

/** A count that is kept here, and only ever grows. Without labels it begins at 0; with labels each line begins when it is first counted. */
export class KeptCounter {
  readonly #counts = new Map<string, { readonly labels: Labels | undefined; value: number }>();

  constructor(labelNames: readonly string[]) {
    if (labelNames.length === 0) this.inc(undefined, 0);
  }

  /** @param labels the same names each time; what their values may be is the caller's to bound */
  inc(labels?: Labels, by = 1): void {
    assert(by >= 0, "a counter only grows");
    const key = labels === undefined ? "" : Object.values(labels).join("\0");
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { labels, value: by });
    else count.value += by;
  }

  samples(): Iterable<Sample> {
    return this.#counts.values();
  }
}
