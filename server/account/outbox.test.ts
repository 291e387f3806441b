import assert from "node:assert/strict";
import { test } from "node:test";
import { Mailbox } from "./mailbox.ts";
import { Outbox, type ReleasedEntry } from "./outbox.ts";

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

function run(released: readonly ReleasedEntry[]): void {
  for (const { entry, failure } of released)
    if (failure === undefined) entry.run();
    else entry.failed?.(failure.cause);
}

test("entries leave in their order, each behind its batch", () => {
  const { outbox, left } = outboxWith(["a", 1, true], ["b", 1, false], ["c", 2, true], ["d", 2, false]);
  outbox.open(1);
  outbox.open(2);
  run(outbox.close(1));
  assert.deepEqual(left, ["a", "b"]);
  assert.equal(outbox.idle, false);
  run(outbox.close(2));
  assert.deepEqual(left, ["a", "b", "c", "d"]);
  assert.equal(outbox.idle, true);
});

test("batches may end in any order: nothing leaves ahead of what is before it", () => {
  const { outbox, left } = outboxWith(["a", 1, true], ["b", 2, true], ["c", 3, true], ["d", 4, true]);
  for (const batch of [1, 2, 3]) outbox.open(batch);
  run(outbox.close(3));
  run(outbox.close(2, { cause: "full" }));
  assert.deepEqual(left, []);
  run(outbox.close(1));
  assert.deepEqual(left, ["a", "no b", "c"]);
  outbox.open(4);
  run(outbox.close(4));
  assert.deepEqual(left, ["a", "no b", "c", "d"]);
});

test("a batch that fails takes along what it caused, and nothing that merely came later", () => {
  const { outbox, left } = outboxWith(["a", 1, true], ["b", 1, false], ["c", 2, true]);
  outbox.open(1);
  outbox.open(2);
  run(outbox.close(1, { cause: "full" }));
  assert.deepEqual(left, ["no a", "b"]);
  run(outbox.close(2));
  assert.deepEqual(left, ["no a", "b", "c"]);
});

test("an outbox is not idle while a batch is being written, though nobody waits for it", () => {
  const outbox = new Outbox();
  assert.equal(outbox.idle, true);
  outbox.open(1);
  assert.equal(outbox.idle, false);
  assert.deepEqual(outbox.close(1), []);
  assert.equal(outbox.idle, true);
  assert.deepEqual(outbox.close(1), [], "a batch ends once");
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
