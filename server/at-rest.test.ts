import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { AtRest } from "./at-rest.ts";

const minuteMs = 60_000;
const megabyte = 1024 * 1024;

/** A thread of which the test says what it does; it is left with 20 MB when it gives back what it can. */
function thread(heapBytes = 60 * megabyte) {
  const env = new VirtualEnv("at-rest");
  const state = { cpuMs: 700, heapBytes, released: 0 };
  const rest = new AtRest(
    env,
    () => state,
    () => {
      state.released += 1;
      state.cpuMs += 400;
      state.heapBytes = 20 * megabyte;
    },
  );
  return { env, state, rest };
}

test("seconds after the start, and then no more while nothing happens", async () => {
  const { env, state } = thread();
  await env.advance(6_000);
  assert.equal(state.released, 1);
  await env.advance(60 * minuteMs);
  assert.equal(state.released, 1);
});

test("not while somebody is being served, and soon after", async () => {
  const { env, state } = thread();
  for (let second = 0; second < 30; second++) {
    state.cpuMs += 50;
    await env.advance(1_000);
  }
  assert.equal(state.released, 0);
  await env.advance(10_000);
  assert.equal(state.released, 1);
});

test("once more when it has come to hold more, and a minute was quiet", async () => {
  const { env, state } = thread();
  await env.advance(6_000);
  state.cpuMs += 5_000;
  state.heapBytes = 24 * megabyte;
  await env.advance(3 * minuteMs);
  assert.equal(state.released, 1, "that is next to nothing");
  state.cpuMs += 5_000;
  state.heapBytes = 30 * megabyte;
  await env.advance(minuteMs);
  assert.equal(state.released, 1, "the minute was busy");
  await env.advance(minuteMs);
  assert.equal(state.released, 2);
});

test("a heap that takes long to collect is left alone", async () => {
  const { env, state } = thread(129 * megabyte);
  await env.advance(60 * minuteMs);
  assert.equal(state.released, 0);
});

test("nothing comes after its end", async () => {
  const { env, state, rest } = thread();
  rest[Symbol.dispose]();
  await env.advance(60 * minuteMs);
  assert.equal(state.released, 0);
  assert.equal(env.timersPending, 0);
});
