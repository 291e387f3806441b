import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { StoreError } from "#kit/storage.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { isOutage, StoreLog } from "./store-log.ts";

function watched() {
  const env = new VirtualEnv("store log");
  const lines: string[] = [];
  const note =
    (level: string) =>
    (fields: object): void =>
      void lines.push(`${level} ${JSON.stringify({ ...fields, error: undefined })}`);
  const log = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  return { env, lines, store: new StoreLog(log, env) };
}

test("a thousand failures are one line, and their end another", async () => {
  const { env, lines, store } = watched();
  for (let times = 0; times < 1_000; times++) store.failed(new StoreError("full", "no space"));
  await env.advance(60_000);
  store.recovered();
  await env.advance(5_000);
  deepEqual(lines, ['error {"kind":"full"}', 'warn {"seconds":60,"failures":1000}']);
  store.failed(new StoreError("full", "no space"));
  equal(lines.length, 3, "the next trouble is told anew");
});

test("another cause is another line; a moment without failures ends nothing", async () => {
  const { env, lines, store } = watched();
  for (let times = 0; times < 10; times++) {
    store.failed(new StoreError("full", "no space"));
    store.failed(new StoreError("unavailable", "gone"));
    store.recovered();
    await env.advance(1_000);
  }
  deepEqual(lines, ['error {"kind":"full"}', 'error {"kind":"unavailable"}']);
  await env.advance(10_000);
  equal(lines.length, 3);
});

test("who ends the server waits for no line", async () => {
  const { env, lines, store } = watched();
  store.failed(new StoreError("full", "no space"));
  store.recovered();
  store[Symbol.dispose]();
  await env.advance(60_000);
  equal(lines.length, 1);
  equal(env.timers, 0);
});

for (const { kind, outage } of [
  { kind: "full", outage: true },
  { kind: "unavailable", outage: true },
  { kind: "read-only", outage: true },
  { kind: "corrupt", outage: false },
  { kind: "too-large", outage: false },
] as const)
  test(`${kind} is ${outage ? "an outage" : "told of the account that it concerns"}`, () =>
    equal(isOutage(new StoreError(kind, "")), outage));
