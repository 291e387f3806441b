import { assert } from "#protocol/assert.ts";

export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels?: Labels | undefined;
  /** What follows the name, as a histogram's parts have it. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** A metric with all its lines, which are read whenever somebody asks. */
export interface Metric {
  /** Its whole name. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly read: () => Iterable<Sample>;
}

const namePattern = /^[a-z][a-z0-9_]*$/u;

/** Metrics in Prometheus' text form, version 0.0.4. */
export class MetricRegistry {
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #metrics = new Map<string, Metric>();

  add(metric: Metric): void {
    const { name } = metric;
    assert(namePattern.test(name) && !this.#metrics.has(name), `${name} is a metric's name, and no other's`);
    this.#metrics.set(name, metric);
  }

  /** A count that is kept here. Without labels it begins at 0, with labels each line begins when it is first counted. */
  counter(name: string, help: string, isLabelled = false): Counter {
    const counter = new Counter(isLabelled);
    this.add({ name, help, kind: "counter", read: () => counter.samples() });
    return counter;
  }

  text(): string {
    return [...this.#metrics.values()].map(textOf).join("\n");
  }
}

/** Only ever grows. */
export class Counter {
  readonly #counts = new Map<string, { readonly labels: Labels | undefined; value: number }>();

  constructor(isLabelled: boolean) {
    if (!isLabelled) this.inc(undefined, 0);
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

function textOf({ name, help, kind, read }: Metric): string {
  const lines = [`# HELP ${name} ${help.replace(/[\\\n]/gu, escaped)}`, `# TYPE ${name} ${kind}`];
  for (const { suffix = "", labels, value } of read())
    lines.push(`${name}${suffix}${labelsText(labels)} ${number(value)}`);
  return `${lines.join("\n")}\n`;
}

function labelsText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${value.replace(/[\\\n"]/gu, escaped)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(character: string): string {
  return character === "\n" ? "\\n" : `\\${character}`;
}

function number(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
