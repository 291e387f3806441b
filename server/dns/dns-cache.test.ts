import assert from "node:assert/strict";
import { test } from "node:test";
import type { DnsAnswer } from "./dns-answer.ts";
import { DnsCache } from "./dns-cache.ts";

function addresses(count: number, lifeMs = 60_000): DnsAnswer<"A"> {
  return { records: Array.from({ length: count }, (_, i) => `192.0.2.${i}`), validated: false, lifeMs };
}

test("dns: what is kept tells how long it still holds, and is gone then", () => {
  const cache = new DnsCache(10_000);
  cache.keep("A a.example", addresses(1), 1_000);
  assert.equal(cache.find("A a.example", 41_000)?.lifeMs, 20_000);
  assert.equal(cache.find("A a.example", 61_000), undefined);
  assert.equal(cache.bytes, 0);
});

test("dns: a clock that was set back makes nothing live longer", () => {
  const cache = new DnsCache(10_000);
  cache.keep("A a.example", addresses(1), 100_000);
  assert.equal(cache.find("A a.example", 50_000), undefined);
});

test("A12 A36 strangers' answers take no more room than there is; the oldest go", () => {
  const cache = new DnsCache(100_000);
  for (let i = 0; i < 5_000; i += 1) {
    cache.keep(`A n${i}.example`, addresses(i % 64), 0);
    assert.ok(cache.bytes <= 100_000);
  }
  assert.equal(cache.find("A n0.example", 1), undefined);
  assert.ok(cache.find("A n4999.example", 1) !== undefined);
  cache.clear();
  assert.equal(cache.bytes, 0);
});

test("A36 an answer that would fill it all alone is not kept", () => {
  const cache = new DnsCache(10_000);
  cache.keep("A small.example", addresses(1), 0);
  cache.keep(
    "TLSA large.example",
    { records: [{ usage: 3, selector: 0, matching: 0, data: new Uint8Array(20_000) }], validated: true, lifeMs: 1_000 },
    0,
  );
  assert.equal(cache.find("TLSA large.example", 1), undefined);
  assert.ok(cache.find("A small.example", 1) !== undefined);
});

test("dns: a newer answer takes the place of the older one, and its room", () => {
  const cache = new DnsCache(10_000);
  cache.keep("A a.example", addresses(20), 0);
  cache.keep("A a.example", addresses(1), 0);
  const { bytes } = cache;
  cache.clear();
  cache.keep("A a.example", addresses(1), 0);
  assert.equal(cache.bytes, bytes);
});
