import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { Watches } from "./watches.ts";

const juliet = bareOf(parseJid("juliet@capulet.example") ?? assert.fail());

test("A12 no more clients are watched than the bound: the one whose news are oldest is forgotten, with its timer", async () => {
  const env = new VirtualEnv("watches");
  const watches = new Watches(env, 1_000, 2);
  const told: string[] = [];
  for (const name of ["a", "b", "a", "c"])
    watches.schedule(watches.of(juliet, name), "high", 500, () => void told.push(name));
  assert.equal(env.timers, 2);
  await env.advance(500);
  assert.deepEqual(told, ["a", "c"]);
});

test("what matters takes the place of what matters less, and nothing is told later for it", async () => {
  const env = new VirtualEnv("watches");
  const watches = new Watches(env, 1_000);
  const watch = watches.of(juliet, "a");
  let told = 0;
  const tell = (): void => {
    told += 1;
    watches.told(watch);
  };
  watches.schedule(watch, "low", 0, tell);
  watches.schedule(watch, "low", 0, tell);
  assert.equal(told, 1);
  watches.schedule(watch, "low", 0, tell);
  watches.schedule(watch, "high", 300, tell);
  watches.schedule(watch, "low", 300, tell);
  assert.equal(watch.due, "high");
  await env.advance(300);
  assert.equal(told, 2);
  await env.advance(10_000);
  assert.equal(told, 2);
  watches.close();
  assert.equal(env.timers, 0);
});
