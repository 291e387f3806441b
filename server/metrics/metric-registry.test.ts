import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricRegistry } from "./metric-registry.ts";

test("a metric is told with its help, its kind and its lines", () => {
  const metrics = new MetricRegistry();
  const logins = metrics.counter("logins_total", "Log-ins.", true);
  metrics.counter("reloads_total", "Reloads.");
  metrics.add({ name: "sessions", help: "Now.", kind: "gauge", read: () => [{ value: 2.5 }] });
  logins.inc({ mechanism: "PLAIN", result: "success" });
  logins.inc({ mechanism: "PLAIN", result: "success" }, 2);
  logins.inc({ mechanism: "PLAIN", result: "other" });
  assert.equal(
    metrics.text(),
    `# HELP logins_total Log-ins.
# TYPE logins_total counter
logins_total{mechanism="PLAIN",result="success"} 3
logins_total{mechanism="PLAIN",result="other"} 1

# HELP reloads_total Reloads.
# TYPE reloads_total counter
reloads_total 0

# HELP sessions Now.
# TYPE sessions gauge
sessions 2.5
`,
  );
});

for (const { name, value, told } of [
  { name: "a quotation mark", value: 'a"b', told: String.raw`a\"b` },
  { name: "a backslash", value: String.raw`a\b`, told: String.raw`a\\b` },
  { name: "a new line, which would be another metric", value: "a\nb 1", told: String.raw`a\nb 1` },
  { name: "a closing bracket", value: "a} 1", told: "a} 1" },
]) {
  test(`${name} stays within its label`, () => {
    const metrics = new MetricRegistry();
    metrics.counter("failures_total", "Failures.", true).inc({ cause: value });
    assert.equal(metrics.text().split("\n")[2], `failures_total{cause="${told}"} 1`);
  });
}

test("values that are no common numbers have words of their own", () => {
  const metrics = new MetricRegistry();
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, 0.1];
  metrics.add({ name: "odd", help: "Odd.", kind: "gauge", read: () => values.map((value) => ({ value })) });
  const told = metrics.text().split("\n").slice(2, 7);
  assert.deepEqual(told, ["odd NaN", "odd +Inf", "odd -Inf", "odd 1e+21", "odd 0.1"]);
});

test("two metrics of one name are a bug, and so is a name that no metric has", () => {
  const metrics = new MetricRegistry();
  metrics.counter("logins_total", "Log-ins.");
  assert.throws(() => metrics.counter("logins_total", "Once more."));
  assert.throws(() => metrics.counter("log-ins", "Log-ins."));
});

test("a counter does not fall", () => {
  const counter = new MetricRegistry().counter("logins_total", "Log-ins.");
  assert.throws(() => counter.inc(undefined, -1));
});
