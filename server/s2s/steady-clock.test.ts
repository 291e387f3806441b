import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { withSteadyClock } from "./steady-clock.ts";

test("a clock that is set back stands still for nobody, and goes on from where it was", async () => {
  const env = new VirtualEnv("steady");
  const steady = withSteadyClock(env);
  const began = steady.now();
  const read = async (setBackMs: number, ms: number): Promise<number> => {
    env.setClock(-setBackMs);
    await env.advance(ms);
    return steady.now() - began;
  };
  assert.equal(await read(0, 10), 10);
  assert.equal(await read(3_600_000, 0), 10);
  assert.equal(await read(0, 5), 15);
  assert.equal(await read(60_000, 0), 15);
  assert.equal(await read(-1_000, 0), 1_015);
});
