import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { MetricRegistry } from "./metric-registry.ts";
import { addProcessMetrics } from "./process-metrics.ts";

function valueOf(text: string, name: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

test("a process tells its memory, time and files under the names that everybody has for them", () => {
  const metrics = new MetricRegistry();
  addProcessMetrics(metrics);
  const text = metrics.text();
  for (const name of [
    "process_cpu_seconds_total",
    "process_cpu_user_seconds_total",
    "process_start_time_seconds",
    "nodejs_heap_size_total_bytes",
    "nodejs_heap_size_used_bytes",
    "nodejs_external_memory_bytes",
    'nodejs_heap_space_size_used_bytes{space="old"}',
    `nodejs_version_info{version="${process.version}"}`,
  ])
    assert.ok((valueOf(text, name) ?? 0) > 0, name);
  if (process.platform !== "linux") return;
  for (const name of [
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
    "process_max_fds",
  ])
    assert.ok((valueOf(text, name) ?? 0) > 0, name);
});

test("nobody watches the event loop or the collections before somebody asks", async () => {
  const metrics = new MetricRegistry();
  addProcessMetrics(metrics);
  const first = metrics.text();
  assert.equal(valueOf(first, "nodejs_eventloop_lag_p99_seconds"), undefined);
  assert.ok(!first.includes("nodejs_gc_duration_seconds_count"));
  // Garbage enough for a collection, and time enough for the watch to see it.
  let count = 0;
  while (!metrics.text().includes('nodejs_gc_duration_seconds_count{kind="minor"}')) {
    for (let i = 0; i < 100_000; i++) count += [i].length;
    await sleep(20);
  }
  assert.ok(count > 0);
  await sleep(50);
  const later = metrics.text();
  assert.ok((valueOf(later, "nodejs_eventloop_lag_p99_seconds") ?? 0) > 0);
  assert.ok((valueOf(later, "nodejs_eventloop_lag_seconds") ?? 0) > 0);
  const [, all] = /^nodejs_gc_duration_seconds_bucket\{kind="minor",le="\+Inf"\} (\d+)$/mu.exec(later) ?? [];
  assert.equal(all, String(valueOf(later, 'nodejs_gc_duration_seconds_count{kind="minor"}')));
});
