import type * as PromClient from "prom-client";
import type { Metric } from "./metric.ts";

type Client = typeof PromClient;

/** What Prometheus is answered. */
export interface ExpositionText {
  readonly contentType: string;
  readonly text: string;
}

/**
 * Tells metrics in Prometheus' text form, with those of the process itself: memory, processor time, open files, collections
 * of garbage, delay of the event loop.
 *
 * What does that is loaded, and begins to watch the event loop, when somebody first asks: a server at rest is not to wake
 * a hundred times a second, nor to hold a library, for figures that nobody reads.
 */
export class Exposition {
  #opened: Promise<{ readonly client: Client; readonly ofProcess: PromClient.Registry }> | undefined;

  async text(metrics: Iterable<Metric>): Promise<ExpositionText> {
    const { client, ofProcess } = await (this.#opened ??= open());
    const ours = new client.Registry();
    for (const metric of metrics) fill(filledIn(client, ours, metric), metric);
    const all = client.Registry.merge([ours, ofProcess]);
    return { contentType: all.contentType, text: await all.metrics() };
  }
}

async function open(): Promise<{ readonly client: Client; readonly ofProcess: PromClient.Registry }> {
  const client = await import("prom-client");
  const ofProcess = new client.Registry();
  client.collectDefaultMetrics({ register: ofProcess });
  return { client, ofProcess };
}

function filledIn(
  client: Client,
  registry: PromClient.Registry,
  { name, help, kind, labelNames }: Metric,
): PromClient.Counter | PromClient.Gauge {
  const Kind = kind === "counter" ? client.Counter : client.Gauge;
  return new Kind({ name, help, labelNames, registers: [registry] });
}

function fill(metric: PromClient.Counter | PromClient.Gauge, { read }: Metric): void {
  for (const { labels = {}, value } of read()) metric.inc(labels, value);
}
