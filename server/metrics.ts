import { assert } from "#protocol/assert.ts";
import type { Tally } from "./tally.ts";
import { LabelValues } from "./metric-labels.ts";
import { Exposition, type ExpositionText } from "./metrics/exposition.ts";
import { KeptCounter, type Metric } from "./metrics/metric.ts";
import type { StanzaFates } from "./s2s/federation-observer.ts";

const tallies = [
  ["stanzasReceived", "balcony_stanzas_received_total", "Stanzas that clients sent."],
  ["stanzasSent", "balcony_stanzas_sent_total", "Stanzas that clients were sent."],
  ["bytesReceived", "balcony_bytes_received_total", "Bytes that clients sent, TLS not counted."],
  ["bytesSent", "balcony_bytes_sent_total", "Bytes that clients were sent, TLS not counted."],
  ["acksSent", "balcony_acks_sent_total", "Acknowledgements of stream management that clients were sent."],
] as const satisfies readonly (readonly [keyof Tally, string, string])[];

/** All that the server counts, under names that start with `balcony_`. */
export class Metrics {
  readonly tally: Tally = { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 };
  readonly #exposition = new Exposition();
  readonly #metrics = new Map<string, Metric>();
  readonly #labels = new LabelValues();
  /** Names come from programs, never from peers. */
  readonly #ofFeatures = new Map<string, KeptCounter>();
  readonly #limitHits = this.#counter("limit_hits_total", "Times that a limit was hit, by limit.", ["limit"]);
  readonly #logins = this.#counter("logins_total", "Log-ins by mechanism and result.", ["mechanism", "result"]);
  readonly #handshakeFailures = this.#counter("tls_handshake_failures_total", "TLS handshakes that failed, by cause.", [
    "cause",
  ]);
  readonly #streamsClosed = this.#counter("streams_closed_total", "Streams that ended, by stream error or none.", [
    "condition",
  ]);
  readonly #routeFailures = this.#counter(
    "server_connection_failures_total",
    "Attempts to reach another server that failed, by kind.",
    ["kind"],
  );
  readonly #returned = this.#counter(
    "server_stanzas_returned_total",
    "Stanzas for other servers that went back to their senders, by condition.",
    ["condition"],
  );
  readonly #errorsDropped = this.#counter(
    "server_errors_dropped_total",
    "Errors about messages of other servers that found no way back to those: none in a day, or too many waited.",
  );
  readonly #inDoubt = this.#counter(
    "server_stanzas_in_doubt_total",
    "Stanzas on streams with other servers that broke: sent again, returned, or unproven: taken in the minute before, and lost or not.",
    ["fate"],
  );
  readonly #reloads = this.#counter("reloads_total", "Reloads of the configuration, by result.", ["result"]);

  constructor() {
    for (const [key, name, help] of tallies) this.counted(name, help, () => this.tally[key]);
  }

  limitHit(limit: string): void {
    this.#limitHits.inc({ limit: this.#labels.of("limit", limit) });
  }

  loginSucceeded(mechanism: string): void {
    this.#logins.inc({ mechanism: this.#labels.of("mechanism", mechanism), result: "success" });
  }

  loginFailed(mechanism: string, condition: string): void {
    const result = this.#labels.of("result", condition);
    this.#logins.inc({ mechanism: this.#labels.of("mechanism", mechanism), result });
  }

  handshakeFailed(cause: string): void {
    this.#handshakeFailures.inc({ cause: this.#labels.of("cause", cause) });
  }

  streamClosed(condition: string | undefined): void {
    this.#streamsClosed.inc({ condition: this.#labels.of("condition", condition ?? "none") });
  }

  routeFailed(kind: string): void {
    this.#routeFailures.inc({ kind: this.#labels.of("kind", kind) });
  }

  returned(condition: string): void {
    this.#returned.inc({ condition: this.#labels.of("condition", condition) });
  }

  errorDropped(): void {
    this.#errorsDropped.inc();
  }

  streamBroke(fates: StanzaFates): void {
    for (const fate of ["again", "returned", "unproven"] as const) this.#inDoubt.inc({ fate }, fates[fate]);
  }

  /** What a feature counts, under its own name. */
  featureCounted(what: string, by: number): void {
    let counter = this.#ofFeatures.get(what);
    if (counter === undefined) {
      counter = this.#counter(`${what}_total`, `Counted by a feature: ${what.replaceAll("_", " ")}.`);
      this.#ofFeatures.set(what, counter);
    }
    counter.inc(undefined, by);
  }

  reloaded(result: "changed" | "problems"): void {
    this.#reloads.inc({ result });
  }

  /** A figure that is read whenever somebody asks: `gauge("sessions", "Clients logged in.", () => registry.size)`. */
  gauge(name: string, help: string, read: () => number): void {
    this.#add({ name: `balcony_${name}`, help, kind: "gauge", labelNames: [], read: () => [{ value: read() }] });
  }

  /** A count that somebody else keeps, under its whole name; it only ever grows. */
  counted(name: string, help: string, read: () => number): void {
    this.#add({ name, help, kind: "counter", labelNames: [], read: () => [{ value: read() }] });
  }

  /** One figure for each of a list, such as the days that each host's certificate has left. */
  gauges(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    this.#add({
      name: `balcony_${name}`,
      help,
      kind: "gauge",
      labelNames: [label],
      read: () => [...read()].map(([named, value]) => ({ labels: { [label]: named }, value })),
    });
  }

  /** All of it, and what there is to tell of this process, for Prometheus. */
  async exposition(): Promise<ExpositionText> {
    return await this.#exposition.text(this.#metrics.values());
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): KeptCounter {
    const counter = new KeptCounter(labelNames);
    this.#add({ name: `balcony_${name}`, help, kind: "counter", labelNames, read: () => counter.samples() });
    return counter;
  }

  #add(metric: Metric): void {
    assert(!this.#metrics.has(metric.name), `${metric.name} is one metric's name`);
    this.#metrics.set(metric.name, metric);
  }
}
