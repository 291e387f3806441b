import { readFileSync } from "node:fs";
import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import { openFilesMax, openFilesNow } from "../tcp/open-files.ts";
import type { MetricRegistry, Sample } from "./metric-registry.ts";

type LoopDelay = ReturnType<typeof monitorEventLoopDelay>;

/** How often it is looked how late the event loop is, in milliseconds. */
const loopSampleMs = 10;
/** In seconds. */
const collectionBuckets = [0.001, 0.01, 0.1, 1, 2, 5, Number.POSITIVE_INFINITY];

/**
 * Memory, processor time, files, collections of garbage and delay of the event loop of this process, under the names that
 * Prometheus' libraries have for them.
 *
 * What must be watched to be known is watched from when somebody first asks: a server at rest is not to wake a hundred
 * times a second for figures that nobody reads.
 */
export function addProcessMetrics(metrics: MetricRegistry): void {
  const gauge = (name: string, help: string, value: () => number | undefined): void =>
    metrics.add({ name, help, kind: "gauge", read: () => known(value()) });
  const seconds = (name: string, help: string, micros: (usage: NodeJS.CpuUsage) => number): void =>
    metrics.add({ name, help, kind: "counter", read: () => [{ value: micros(process.cpuUsage()) / 1e6 }] });
  seconds("process_cpu_user_seconds_total", "User CPU time, in seconds.", ({ user }) => user);
  seconds("process_cpu_system_seconds_total", "System CPU time, in seconds.", ({ system }) => system);
  seconds("process_cpu_seconds_total", "User and system CPU time, in seconds.", ({ user, system }) => user + system);
  const startedAt = Math.round(Date.now() / 1_000 - process.uptime());
  gauge("process_start_time_seconds", "When the process was started, in seconds since 1970.", () => startedAt);
  for (const [name, field, help] of sizes) gauge(name, help, () => statusBytes(field));
  gauge("process_open_fds", "Files and sockets that are open.", () => openFilesNow());
  gauge("process_max_fds", "Files and sockets that may be open.", () => openFilesMax());
  gauge("nodejs_heap_size_total_bytes", "JavaScript's heap, in bytes.", () => process.memoryUsage().heapTotal);
  gauge("nodejs_heap_size_used_bytes", "What is used of it, in bytes.", () => process.memoryUsage().heapUsed);
  gauge("nodejs_external_memory_bytes", "Held by objects outside it, in bytes.", () => process.memoryUsage().external);
  for (const [name, field] of spaces)
    metrics.add({
      name: `nodejs_heap_space_size_${name}_bytes`,
      help: `Of each part of JavaScript's heap, in bytes: ${name}.`,
      kind: "gauge",
      read: () =>
        getHeapSpaceStatistics().map((space) => ({
          labels: { space: space.space_name.replace("_space", "") },
          value: space[field],
        })),
    });
  metrics.add({
    name: "nodejs_version_info",
    help: "Version of Node.js.",
    kind: "gauge",
    read: () => [{ labels: { version: process.version }, value: 1 }],
  });
  addLoopDelay(metrics);
  addCollections(metrics);
}

const sizes = [
  ["process_resident_memory_bytes", "VmRSS", "Memory in RAM, in bytes."],
  ["process_virtual_memory_bytes", "VmSize", "Memory that is mapped, in bytes."],
  ["process_heap_bytes", "VmData", "Data that is mapped, in bytes."],
] as const;

const spaces = [
  ["total", "space_size"],
  ["used", "space_used_size"],
  ["available", "space_available_size"],
] as const;

const delays = [
  ["min", "least", ({ min }) => min],
  ["max", "most", ({ max }) => max],
  ["mean", "mean", ({ mean }) => mean],
  ["stddev", "standard deviation", ({ stddev }) => stddev],
  ["p50", "median", (delay) => delay.percentile(50)],
  ["p90", "90th percentile", (delay) => delay.percentile(90)],
  ["p99", "99th percentile", (delay) => delay.percentile(99)],
] as const satisfies readonly (readonly [string, string, (delay: LoopDelay) => number])[];

/** Between one time of asking and the next: the first time there is nothing to tell yet. */
function addLoopDelay(metrics: MetricRegistry): void {
  let delay: LoopDelay | undefined;
  for (const [name, word, value] of delays)
    metrics.add({
      name: `nodejs_eventloop_lag_${name}_seconds`,
      help: `How long the event loop takes to come round, looked at each ${loopSampleMs} ms: ${word}, in seconds.`,
      kind: "gauge",
      read: () => (delay === undefined ? [] : [{ value: value(delay) / 1e9 }]),
    });
  metrics.add({
    name: "nodejs_eventloop_lag_seconds",
    help: "How long the event loop took to come round when it was asked, in seconds: the mean since the time before.",
    kind: "gauge",
    read: () => {
      const sample = delay === undefined ? [] : [{ value: delay.mean / 1e9 }];
      // The last of these metrics: the others have been read.
      delay?.reset();
      delay ??= watchLoop();
      return sample;
    },
  });
}

function watchLoop(): LoopDelay {
  const delay = monitorEventLoopDelay({ resolution: loopSampleMs });
  delay.enable();
  return delay;
}

const collectionKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** Collections of one kind. */
interface Collections {
  /** For each bucket, those that took no longer. */
  readonly counts: number[];
  seconds: number;
}

function addCollections(metrics: MetricRegistry): void {
  const byKind = new Map<string, Collections>();
  let observer: PerformanceObserver | undefined;
  metrics.add({
    name: "nodejs_gc_duration_seconds",
    help: "Collections of garbage since this was first asked for, by kind: major, minor, incremental or weakcb.",
    kind: "histogram",
    read: () => {
      observer ??= watchCollections(byKind);
      return [...byKind].flatMap(([kind, collections]) => samplesOf(kind, collections));
    },
  });
}

function watchCollections(byKind: Map<string, Collections>): PerformanceObserver {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration } = entry;
      const kind = collectionKinds[kindOf(entry)] ?? "other";
      let collections = byKind.get(kind);
      if (collections === undefined)
        byKind.set(kind, (collections = { counts: collectionBuckets.map(() => 0), seconds: 0 }));
      const { counts } = collections;
      for (const [at, bound] of collectionBuckets.entries())
        if (duration / 1_000 <= bound) counts[at] = (counts[at] ?? 0) + 1;
      collections.seconds += duration / 1_000;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return observer;
}

/** Types know nothing of what an entry about a collection has besides. */
function kindOf(entry: object): number {
  const detail: unknown = "detail" in entry ? entry.detail : undefined;
  return typeof detail === "object" && detail !== null && "kind" in detail ? Number(detail.kind) : 0;
}

function samplesOf(kind: string, { counts, seconds }: Collections): readonly Sample[] {
  const buckets = collectionBuckets.map((bound, at): Sample => {
    const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
    return { suffix: "_bucket", labels: { kind, le }, value: counts[at] ?? 0 };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { kind }, value: seconds },
    { suffix: "_count", labels: { kind }, value: counts.at(-1) ?? 0 },
  ];
}

function known(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ value }];
}

/** A size of /proc/self/status; undefined where the system has no such thing. */
function statusBytes(field: string): number | undefined {
  try {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "mu").exec(
      readFileSync("/proc/self/status", "latin1"),
    )?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
  } catch {
    return undefined;
  }
}
