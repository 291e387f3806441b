import { equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { JidCache } from "./jid-cache.ts";

test("a cache parses as parseJid does", () => {
  const cache = new JidCache(10);
  for (const input of ["Juliet@Example.com/Balcony", "Juliet@Example.com/Balcony"])
    equal(cache.parse(input), "juliet@example.com/Balcony");
  for (const input of ["@example.com", "@example.com"]) equal(cache.parse(input), undefined);
  equal(cache.entries, 1);
});

test("A12 a cache never remembers more than it may, whatever strangers send", () => {
  const cache = new JidCache(100);
  for (let i = 0; i < 1000; i++) {
    equal(cache.parse(`user${i}@example.com`), `user${i}@example.com`);
    equal(cache.parse(`user${i}@`), undefined);
    ok(cache.entries <= 100);
  }
});

test("an address in use survives a flood of others", () => {
  const cache = new JidCache(100);
  // The spelling differs from the canonical form, which is a new string with every parse that is not a hit.
  for (let i = 0; i < 1000; i++) {
    cache.parse(`user${i}@example.com`);
    if (i % 20 === 0) equal(cache.parse("JULIET@example.com"), "juliet@example.com");
  }
  const entries = cache.entries;
  cache.parse("JULIET@example.com");
  equal(cache.entries, entries, "it was still in the young generation");
});

test("A12 an overlong spelling is parsed, and not remembered", () => {
  const cache = new JidCache(10);
  const long = `${"a".repeat(1000)}@example.com`;
  equal(cache.parse(long), long);
  equal(cache.entries, 0);
});

test("a cache without room is a mistake of ours", () => {
  throws(() => new JidCache(1));
  throws(() => new JidCache(2.5));
});

test("addresses in a cache hold no chunk of the stream they came from", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const chunkBytes = 65_536;
  const chunks = 100;
  const cache = new JidCache(1000);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < chunks; i++) {
    const chunk = Buffer.alloc(
      chunkBytes,
      `<a to='juliet${i + 100}@example.com/balcony' from='Juliet${i + 100}@example.com/balcony'/>`,
    );
    const text = chunk.toString("latin1");
    ok(cache.parse(text.slice(7, 36))?.startsWith("juliet"));
    ok(cache.parse(text.slice(44, 73))?.startsWith("juliet"));
  }
  collectGarbage();
  equal(cache.entries, 2 * chunks);
  ok(process.memoryUsage().heapUsed - before < (chunks * chunkBytes) / 10);
});
