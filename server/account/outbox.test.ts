import assert from "node:assert/strict";
import { test } from "node:test";
import { Mailbox } from "./mailbox.ts";
import { Outbox } from "./outbox.ts";

function outboxWith(...entries: readonly (readonly [label: string, after: number, caused: boolean])[]): {
  readonly outbox: Outbox;
  readonly left: (string | undefined)[];
} {
  const outbox = new Outbox();
  const left: (string | undefined)[] = [];
  for (const [label, after, caused] of entries)
    outbox.add({ after, caused, run: () => left.push(label), failed: () => left.push(`no ${label}`) });
  return { outbox, left };
}

test("entries leave in their order, each behind its batch", () => {
  const { outbox, left } = outboxWith(["a", 1, true], ["b", 1, false], ["c", 2, true], ["d", 2, false]);
  assert.equal(outbox.issue(), 1);
  assert.equal(outbox.issue(), 2);
  for (const { run } of outbox.committed(1)) run();
  assert.deepEqual(left, ["a", "b"]);
  assert.equal(outbox.idle, false);
  for (const { run } of outbox.committed(2)) run();
  assert.deepEqual(left, ["a", "b", "c", "d"]);
  assert.equal(outbox.idle, true);
});

test("a batch that fails takes along what it caused, and nothing that merely came later", () => {
  const { outbox, left } = outboxWith(["a", 1, true], ["b", 1, false], ["c", 2, true]);
  outbox.issue();
  outbox.issue();
  for (const { entry, failed } of outbox.failed(1)) (failed ? entry.failed : entry.run)?.(undefined);
  assert.deepEqual(left, ["no a", "b"]);
  for (const { run } of outbox.committed(2)) run();
  assert.deepEqual(left, ["no a", "b", "c"]);
});

test("an outbox is not idle while a batch is being written, though nobody waits for it", () => {
  const outbox = new Outbox();
  assert.equal(outbox.idle, true);
  outbox.issue();
  assert.equal(outbox.idle, false);
  assert.deepEqual(outbox.committed(1), []);
  assert.equal(outbox.idle, true);
});

test("a mailbox gives back what it was given, in order, however much is added in between", () => {
  const mailbox = new Mailbox<number>();
  const taken: (number | undefined)[] = [];
  for (let next = 0; next < 2_000; next += 2) {
    mailbox.add(next);
    mailbox.add(next + 1);
    taken.push(mailbox.take());
  }
  assert.equal(mailbox.size, 1_000);
  taken.push(...mailbox.takeAll());
  assert.deepEqual(
    taken,
    Array.from({ length: 2_000 }, (_, index) => index),
  );
  assert.equal(mailbox.take(), undefined);
  assert.equal(mailbox.size, 0);
});
