import assert from "node:assert/strict";
import { test } from "node:test";
import { Mailbox } from "./mailbox.ts";

const all = (mailbox: Mailbox<number>): readonly number[] => {
  const taken: number[] = [];
  for (let work = mailbox.take(); work !== undefined; work = mailbox.take()) taken.push(work);
  return taken;
};

test("what is added first is taken first, and what goes ahead is taken next", () => {
  for (const takenBefore of [0, 1, 3, 300]) {
    const mailbox = new Mailbox<number>();
    for (let work = 1; work <= takenBefore + 3; work += 1) mailbox.add(work);
    for (let work = 1; work <= takenBefore; work += 1) assert.equal(mailbox.take(), work);
    mailbox.addFirst(-1);
    mailbox.addFirst(-2);
    assert.equal(mailbox.size, 5);
    assert.deepEqual(all(mailbox), [-2, -1, takenBefore + 1, takenBefore + 2, takenBefore + 3]);
    assert.equal(mailbox.size, 0);
  }
});

test("ahead of nothing is next", () => {
  const mailbox = new Mailbox<number>();
  mailbox.addFirst(1);
  mailbox.add(2);
  assert.deepEqual(all(mailbox), [1, 2]);
  mailbox.addFirst(3);
  assert.deepEqual(mailbox.takeAll(), [3]);
});
