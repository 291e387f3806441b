import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { LabelValues } from "./metric-labels.ts";

/** Counted on the hot path, hence plain numbers that are read when somebody asks. */
export interface Tally {
  stanzasReceived: number;
  stanzasSent: number;
  bytesReceived: number;
  bytesSent: number;
  acksSent: number;
}

const tallies = [
  ["stanzasReceived", "balcony_stanzas_received_total", "Stanzas that clients sent."],
  ["stanzasSent", "balcony_stanzas_sent_total", "Stanzas that clients were sent."],
  ["bytesReceived", "balcony_bytes_received_total", "Bytes that clients sent, TLS not counted."],
  ["bytesSent", "balcony_bytes_sent_total", "Bytes that clients were sent, TLS not counted."],
  ["acksSent", "balcony_acks_sent_total", "Acknowledgements of stream management that clients were sent."],
] as const satisfies readonly (readonly [keyof Tally, string, string])[];

const commitSecondsBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** All that the server counts, under names that start with `balcony_`. */
export class Metrics {
  readonly registry = new Registry();
  readonly tally: Tally = { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 };
  readonly #labels = new LabelValues();
  readonly #limitHits = this.#counter("limit_hits_total", "Times that a limit was hit, by limit.", ["limit"]);
  readonly #logins = this.#counter("logins_total", "Log-ins by mechanism and result.", ["mechanism", "result"]);
  readonly #connections = this.#counter("connections_total", "Connections accepted, by kind of listener.", ["kind"]);
  readonly #handshakeFailures = this.#counter("tls_handshake_failures_total", "TLS handshakes that failed, by cause.", [
    "cause",
  ]);
  readonly #streamsClosed = this.#counter("streams_closed_total", "Streams that ended, by stream error or none.", [
    "condition",
  ]);
  readonly #reloads = this.#counter("reloads_total", "Reloads of the configuration, by result.", ["result"]);
  readonly #commits: Histogram;
  readonly #rows = this.#counter("store_writes_total", "Writes that became durable.", []);

  constructor() {
    this.#commits = new Histogram({
      name: "balcony_store_commit_seconds",
      help: "How long commits of the store took; the count is the number of commits.",
      buckets: commitSecondsBuckets,
      registers: [this.registry],
    });
    for (const [key, name, help] of tallies) this.#tallied(key, name, help);
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

  connectionAccepted(kind: string): void {
    this.#connections.inc({ kind });
  }

  handshakeFailed(cause: string): void {
    this.#handshakeFailures.inc({ cause: this.#labels.of("cause", cause) });
  }

  streamClosed(condition: string | undefined): void {
    this.#streamsClosed.inc({ condition: this.#labels.of("condition", condition ?? "none") });
  }

  reloaded(result: "changed" | "problems"): void {
    this.#reloads.inc({ result });
  }

  /** One commit of the store. */
  committed(seconds: number, writes: number): void {
    this.#commits.observe(seconds);
    this.#rows.inc(writes);
  }

  /** A figure that is read whenever somebody asks: `gauge("sessions", "Clients logged in.", () => registry.size)`. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name: `balcony_${name}`,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    this.registry.registerMetric(gauge);
  }

  /** One figure for each of a list, such as the days that each host's certificate has left. */
  gauges(name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>): void {
    const gauge = new Gauge({
      name: `balcony_${name}`,
      help,
      labelNames: [label],
      registers: [],
      collect() {
        this.reset();
        for (const [value, figure] of read()) this.set({ [label]: value }, figure);
      },
    });
    this.registry.registerMetric(gauge);
  }

  /** Memory, processor time and delay of the event loop of this process. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: `balcony_${name}`, help, labelNames, registers: [this.registry] });
  }

  #tallied(key: keyof Tally, name: string, help: string): void {
    const { tally } = this;
    const counter = new Counter({
      name,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(tally[key]);
      },
    });
    this.registry.registerMetric(counter);
  }
}
