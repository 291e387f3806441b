import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { buildStreamError } from "../stream-error.ts";
import { addToCount, countBetween } from "./counter.ts";
import { SmQueue } from "./queue.ts";

const entry = (n: number) => ({ size: 10, n });
const filled = (count: number) => {
  const queue = new SmQueue<ReturnType<typeof entry>>();
  for (let n = 1; n <= count; n++) queue.push(entry(n));
  return queue;
};
const acknowledged = (queue: ReturnType<typeof filled>, h: number) => {
  const result = queue.acknowledge(h);
  return result.type === "tooHigh" ? "tooHigh" : result.entries.map(({ n }) => n);
};

describe("counters", () => {
  test("S8 counts start again at zero after 2^32 - 1 [xep0198-4-02]", () => {
    assert.equal(addToCount(2 ** 32 - 1), 0);
    assert.equal(countBetween(2 ** 32 - 2, 1), 3);
  });
});

describe("the queue", () => {
  test("an ack takes what it covers, oldest first", () => {
    const queue = filled(5);
    assert.deepEqual(acknowledged(queue, 2), [1, 2]);
    assert.deepEqual(acknowledged(queue, 5), [3, 4, 5]);
    assert.equal(queue.size, 0);
    assert.equal(queue.bytes, 0);
  });

  test("the same count again acknowledges nothing", () => {
    const queue = filled(2);
    acknowledged(queue, 2);
    assert.deepEqual(acknowledged(queue, 2), []);
  });

  test("a count from the past changes nothing", () => {
    const queue = filled(5);
    acknowledged(queue, 4);
    assert.deepEqual(acknowledged(queue, 3), []);
    assert.deepEqual(acknowledged(queue, 5), [5]);
  });

  for (const [sent, h] of [
    [0, 1],
    [8, 10],
    [8, 2 ** 32 - 1],
  ] as const) {
    test(`S8 acknowledging ${h} of ${sent} stanzas is an error of the stream [xep0198-6-04]`, () => {
      const result = filled(sent).acknowledge(h);
      assert(result.type === "tooHigh");
      assert.equal(result.error.condition, "undefined-condition");
      const specific = buildStreamError(result.error).child("urn:xmpp:sm:3", "handled-count-too-high");
      assert.deepEqual([specific?.attr("h"), specific?.attr("send-count")], [String(h), String(sent)]);
    });
  }

  test("what is not acknowledged is there to be sent again, in order", () => {
    const queue = filled(4);
    acknowledged(queue, 1);
    assert.deepEqual(
      queue.unacknowledged().map(({ n }) => n),
      [2, 3, 4],
    );
  });

  test("A15 it is bounded by count and by size, and refuses without forgetting", () => {
    const byCount = new SmQueue({ entriesMax: 2, bytesMax: 1000 });
    assert.deepEqual(
      [1, 2, 3].map((n) => byCount.push(entry(n))),
      [true, true, false],
    );
    assert.equal(byCount.sentCount, 2);
    const bySize = new SmQueue({ entriesMax: 100, bytesMax: 25 });
    assert.deepEqual(
      [1, 2, 3].map((n) => bySize.push(entry(n))),
      [true, true, false],
    );
    assert.equal(bySize.bytes, 20);
  });

  test("it agrees with a list, whatever is sent and acknowledged", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant("send"), fc.nat(40)), { maxLength: 200 }), (steps) => {
        const queue = new SmQueue<ReturnType<typeof entry>>();
        let sent = 0;
        let acked = 0;
        for (const action of steps) {
          if (action === "send") queue.push(entry(++sent));
          else if (typeof action === "number") {
            const result = acknowledged(queue, action);
            if (action > sent) assert.equal(result, "tooHigh");
            else if (action <= acked) assert.deepEqual(result, []);
            else {
              assert.deepEqual(
                result,
                Array.from({ length: action - acked }, (_, i) => acked + i + 1),
              );
              acked = action;
            }
          }
          assert.equal(queue.size, sent - acked);
          assert.equal(queue.sentCount, sent);
          assert.equal(queue.bytes, 10 * (sent - acked));
        }
      }),
    );
  });
});
