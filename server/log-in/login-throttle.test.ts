import assert from "node:assert/strict";
import { test } from "node:test";
import { LoginThrottle } from "./login-throttle.ts";

const romeo = "romeo@montague.example";

function throttle(max: number): { readonly it: LoginThrottle; readonly later: (ms: number) => void } {
  let now = 0;
  return {
    it: new LoginThrottle({ now: () => now }, { max, windowMs: 1_000 }),
    later: (ms) => {
      now += ms;
    },
  };
}

test("A29 an address that failed too often is refused for the rest of the window, whomever it tries next", () => {
  const { it, later } = throttle(3);
  for (const account of [romeo, "juliet@capulet.example", undefined]) {
    assert.equal(it.refuses({ address: "192.0.2.1", account }), false);
    it.failed({ address: "192.0.2.1", account });
  }
  assert.equal(it.refuses({ address: "192.0.2.1", account: "mercutio@montague.example" }), true);
  assert.equal(it.refuses({ address: "192.0.2.2", account: romeo }), false);
  later(1_000);
  assert.equal(it.refuses({ address: "192.0.2.1", account: romeo }), false);
});

test("A29 an account that many addresses fail at is closed to strangers, and open where its owner was before", () => {
  const { it } = throttle(3);
  it.succeeded({ address: "192.0.2.9", account: romeo });
  for (let host = 1; host <= 3; host += 1) it.failed({ address: `192.0.2.${host}`, account: romeo });
  assert.equal(it.refuses({ address: "192.0.2.4", account: romeo }), true);
  assert.equal(it.refuses({ address: "192.0.2.9", account: romeo }), false);
  assert.equal(it.refuses({ address: "192.0.2.4", account: "juliet@capulet.example" }), false);
});

test("without a limit nobody is refused", () => {
  const it = new LoginThrottle({ now: () => 0 }, undefined);
  for (let count = 0; count < 100; count += 1) it.failed({ address: "192.0.2.1", account: romeo });
  assert.equal(it.refuses({ address: "192.0.2.1", account: romeo }), false);
});

test("A12 the watch is bounded: who comes last is watched, who came first is forgotten", () => {
  const { it } = throttle(1);
  for (let host = 0; host <= 20_000; host += 1) it.failed({ address: `host${host}`, account: undefined });
  assert.equal(it.refuses({ address: "host0", account: undefined }), false);
  assert.equal(it.refuses({ address: "host20000", account: undefined }), true);
});

test("A12 so are the addresses that owners have used, and who comes again stays", () => {
  const { it } = throttle(1);
  const log = (host: number): void => it.succeeded({ address: `host${host}`, account: romeo });
  for (const host of [0, 1, 0]) log(host);
  for (let host = 2; host <= 20_000; host += 1) log(host);
  it.failed({ address: "192.0.2.1", account: romeo });
  assert.equal(it.refuses({ address: "host1", account: romeo }), true);
  assert.equal(it.refuses({ address: "host0", account: romeo }), false);
  assert.equal(it.refuses({ address: "host20000", account: romeo }), false);
});
