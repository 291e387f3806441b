import assert from "node:assert/strict";
import { test } from "node:test";
import { Metrics } from "./metrics.ts";

async function samples(metrics: Metrics): Promise<Record<string, number>> {
  const { text } = await metrics.exposition();
  const lines = text.split("\n").filter((line) => line.startsWith("balcony_"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

test("what is counted appears under its name", async () => {
  const metrics = new Metrics();
  metrics.limitHit("stanza-size");
  metrics.limitHit("stanza-size");
  metrics.loginSucceeded("SCRAM-SHA-256-PLUS");
  metrics.loginFailed("PLAIN", "not-authorized");
  metrics.streamBroke({ again: 1, returned: 2, unproven: 3 });
  metrics.streamBroke({ again: 1, returned: 0, unproven: 4 });
  metrics.counted("balcony_store_commits_total", "Commits.", () => 40);
  metrics.tally.stanzasReceived += 7;
  metrics.gauge("sessions", "Clients logged in.", () => 3);
  metrics.gauges("certificate_days", "Days left.", "host", () => [["montague.example", 88.5]]);
  const found = await samples(metrics);
  const expected = {
    'balcony_limit_hits_total{limit="stanza-size"}': 2,
    'balcony_logins_total{mechanism="SCRAM-SHA-256-PLUS",result="success"}': 1,
    'balcony_logins_total{mechanism="PLAIN",result="not-authorized"}': 1,
    'balcony_server_stanzas_in_doubt_total{fate="again"}': 2,
    'balcony_server_stanzas_in_doubt_total{fate="returned"}': 2,
    'balcony_server_stanzas_in_doubt_total{fate="unproven"}': 7,
    balcony_store_commits_total: 40,
    balcony_stanzas_received_total: 7,
    balcony_sessions: 3,
    'balcony_certificate_days{host="montague.example"}': 88.5,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value, name);
});

test("figures that are read on demand follow their source, and names that went away are gone", async () => {
  const metrics = new Metrics();
  const hosts = new Map([
    ["montague.example", 9],
    ["capulet.example", 3],
  ]);
  metrics.gauges("certificate_days", "Days left.", "host", () => hosts);
  await samples(metrics);
  hosts.delete("capulet.example");
  metrics.tally.bytesSent = 10;
  await samples(metrics);
  metrics.tally.bytesSent = 30;
  const found = await samples(metrics);
  assert.equal(found["balcony_bytes_sent_total"], 30);
  assert.deepEqual(
    Object.keys(found).filter((name) => name.includes("certificate")),
    ['balcony_certificate_days{host="montague.example"}'],
  );
});

test("A12 labels that peers choose cannot grow without end", async () => {
  const metrics = new Metrics();
  for (let i = 0; i < 1_000; i++) metrics.loginFailed(`MECHANISM-${i}`, "invalid-mechanism");
  metrics.loginFailed("X".repeat(10_000), "invalid-mechanism");
  const series = Object.keys(await samples(metrics)).filter((name) => name.startsWith("balcony_logins_total"));
  assert.equal(series.length, 65);
});

test("A12 nor are labels of any length kept", async () => {
  const metrics = new Metrics();
  metrics.loginFailed("X".repeat(65), "invalid-mechanism");
  const series = Object.keys(await samples(metrics)).filter((name) => name.startsWith("balcony_logins_total"));
  assert.deepEqual(
    series.map((name) => /mechanism="([^"]*)"/.exec(name)?.[1]),
    ["other"],
  );
});
