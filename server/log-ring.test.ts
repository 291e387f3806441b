import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLine } from "#kit/administration.ts";
import type { LogLevel } from "#kit/administration-values.ts";
import { LogRing } from "./log-ring.ts";

const time = "2026-11-21T04:00:00.000Z";
const never = new AbortController().signal;

function line(text: string, level: LogLevel = "info"): string {
  return `${JSON.stringify({ level, time, stream: "s1", text })}\n`;
}

async function texts(lines: AsyncIterable<LogLine>): Promise<string[]> {
  return (await Array.fromAsync(lines)).map(({ text }) => text);
}

test("the ring keeps the latest lines only, in their order", async () => {
  const ring = new LogRing(3);
  for (const text of ["a", "b", "c", "d", "e"]) ring.add(line(text));
  assert.deepEqual(await texts(ring.tail({ lines: 10, level: "debug", follow: false }, never)), ["c", "d", "e"]);
  assert.deepEqual(await texts(ring.tail({ lines: 2, level: "debug", follow: false }, never)), ["d", "e"]);
  assert.deepEqual(await texts(ring.tail({ lines: 0, level: "debug", follow: false }, never)), []);
});

test("a ring of no lines keeps none", async () => {
  const ring = new LogRing(0);
  ring.add(line("a"));
  assert.deepEqual(await texts(ring.tail({ lines: 10, level: "debug", follow: false }, never)), []);
});

test("less important lines are left out before counting", async () => {
  const ring = new LogRing(10);
  ring.add(line("bad", "error"));
  ring.add(line("odd", "warn"));
  ring.add(line("usual"));
  assert.deepEqual(await texts(ring.tail({ lines: 2, level: "warn", follow: false }, never)), ["bad", "odd"]);
});

test("a follower gets the kept lines, then each new one, until it stops", async () => {
  const ring = new LogRing(10);
  ring.add(line("old"));
  const seen: string[] = [];
  for await (const { text } of ring.tail({ lines: 5, level: "info", follow: true }, never)) {
    seen.push(text);
    assert.equal(ring.followers, 1);
    if (text === "old") setImmediate(() => ["x", "y"].forEach((next) => ring.add(line(next))));
    if (text === "y") break;
  }
  assert.deepEqual(seen, ["old", "x", "y"]);
  assert.equal(ring.followers, 0);
});

test("a follower that waits is ended by its signal", async () => {
  const ring = new LogRing(10);
  const stop = new AbortController();
  const followed = texts(ring.tail({ lines: 5, level: "info", follow: true }, stop.signal));
  setImmediate(() => stop.abort());
  assert.deepEqual(await followed, []);
  assert.equal(ring.followers, 0);
});

test("a follower that does not keep up misses lines, is told how many, and holds no more than its bound", async () => {
  const ring = new LogRing(0);
  const iterator = ring.tail({ lines: 0, level: "info", follow: true }, never)[Symbol.asyncIterator]();
  const first = iterator.next();
  for (let i = 0; i < 1_500; i++) ring.add(line(String(i)));
  const seen: LogLine[] = [(await first).value];
  while (seen.length < 1_000) seen.push((await iterator.next()).value);
  assert.equal(seen.at(-1)?.text, "999");
  const next = iterator.next();
  ring.add(line("later"));
  const later: LogLine = (await next).value;
  assert.deepEqual({ text: later.text, missed: later.missed }, { text: "later", missed: 500 });
  await iterator.return?.();
});
