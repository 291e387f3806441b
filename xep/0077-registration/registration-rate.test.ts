import assert from "node:assert/strict";
import { test } from "node:test";
import { RegistrationRate } from "./registration-rate.ts";

test("A12 the addresses that are watched are bounded: who comes last is watched, who came first is forgotten", () => {
  const rate = new RegistrationRate({ now: () => 0 }, 1, 1_000);
  for (let host = 0; host <= 20_000; host += 1) assert.equal(rate.begin(`host${host}`), true);
  assert.equal(rate.begin("host20000"), false);
  assert.equal(rate.begin("host0"), true);
});
