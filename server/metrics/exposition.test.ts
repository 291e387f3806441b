import assert from "node:assert/strict";
import { test } from "node:test";
import { Exposition } from "./exposition.ts";
import { KeptCounter, type Metric } from "./metric.ts";

function counterOf(name: string, labelNames: readonly string[]): { readonly counter: KeptCounter; metric: Metric } {
  const counter = new KeptCounter(labelNames);
  return { counter, metric: { name, help: "Help.", kind: "counter", labelNames, read: () => counter.samples() } };
}

async function linesOf(metrics: readonly Metric[], exposition = new Exposition()): Promise<readonly string[]> {
  return (await exposition.text(metrics)).text.split("\n");
}

test("a metric is told with its help, its kind and its lines", async () => {
  const logins = counterOf("logins_total", ["mechanism", "result"]);
  const reloads = counterOf("reloads_total", []);
  const sessions: Metric = {
    name: "sessions",
    help: "Now.",
    kind: "gauge",
    labelNames: [],
    read: () => [{ value: 2.5 }],
  };
  logins.counter.inc({ mechanism: "PLAIN", result: "success" });
  logins.counter.inc({ mechanism: "PLAIN", result: "success" }, 2);
  logins.counter.inc({ mechanism: "PLAIN", result: "other" });
  const lines = await linesOf([logins.metric, reloads.metric, sessions]);
  for (const line of [
    "# HELP logins_total Help.",
    "# TYPE logins_total counter",
    'logins_total{mechanism="PLAIN",result="success"} 3',
    'logins_total{mechanism="PLAIN",result="other"} 1',
    "reloads_total 0",
    "# TYPE sessions gauge",
    "sessions 2.5",
  ])
    assert.ok(lines.includes(line), line);
});

test("each answer tells the counts of its moment, once", async () => {
  const { counter, metric } = counterOf("reloads_total", []);
  const exposition = new Exposition();
  counter.inc();
  await linesOf([metric], exposition);
  counter.inc();
  const lines = await linesOf([metric], exposition);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("reloads_total")),
    ["reloads_total 2"],
  );
});

test("A12 a label that a peer chose stays one label", async () => {
  const { counter, metric } = counterOf("failures_total", ["cause"]);
  counter.inc({ cause: 'a\nfailures_total{cause="b"} 9' });
  const lines = await linesOf([metric]);
  assert.equal(lines.filter((line) => line.startsWith("failures_total")).length, 1);
});

test("the process tells its memory, time and files beside", async () => {
  const names = new Set((await linesOf([])).map((line) => line.split(/[ {]/u)[0]));
  for (const name of [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "nodejs_eventloop_lag_p99_seconds",
    "nodejs_heap_size_used_bytes",
  ])
    assert.ok(names.has(name), name);
});

test("a counter does not fall", () => {
  assert.throws(() => new KeptCounter([]).inc(undefined, -1));
});
