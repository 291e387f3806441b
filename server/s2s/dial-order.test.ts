import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeEnv } from "../node-env.ts";
import { inTurn } from "./dial-order.ts";

const env = nodeEnv();
const draws = 4_000;

function serversOf(text: string) {
  return text.split(" ").map((part) => {
    const [name = "", priority, weight] = part.split(",");
    return { name, priority: Number(priority), weight: Number(weight) };
  });
}

/** How often each server was the first, of a hundred. */
function firsts(text: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i += 1) {
    const [first] = inTurn(serversOf(text), env);
    if (first !== undefined) counts[first.name] = (counts[first.name] ?? 0) + 100 / draws;
  }
  return counts;
}

test("S33 servers of a lower priority value come first, whatever their weight", () => {
  for (let i = 0; i < 100; i += 1) {
    const order = inTurn(serversOf("c,20,65535 a,5,0 b,10,1"), env).map(({ name }) => name);
    assert.deepEqual(order, ["a", "b", "c"]);
  }
});

const distributions: readonly (readonly [text: string, expected: Readonly<Record<string, number>>])[] = [
  ["a,1,10 b,1,30 c,1,60", { a: 10, b: 30, c: 60 }],
  ["a,1,1 b,1,1", { a: 50, b: 50 }],
  ["a,1,65535 b,1,65535 c,1,65535", { a: 33.3, b: 33.3, c: 33.3 }],
  ["a,1,80 b,1,20 z,2,60000", { a: 80, b: 20 }],
];

for (const [text, expected] of distributions) {
  test(`S33 the first of ${text} is chosen in proportion to the weights`, () => {
    const counts = firsts(text);
    for (const name of new Set([...Object.keys(counts), ...Object.keys(expected)])) {
      // Four standard deviations of so many draws are less than four of a hundred.
      const difference = Math.abs((counts[name] ?? 0) - (expected[name] ?? 0));
      assert.ok(difference < 4, `${name}: ${counts[name]} of 100 instead of ${expected[name]}`);
    }
  });
}

test("S33 servers without weight come first seldom, but not never", () => {
  const counts = firsts("a,1,0 b,1,9");
  // One of the ten numbers that are drawn is its own.
  assert.ok((counts["a"] ?? 0) > 5 && (counts["a"] ?? 0) < 15);
});

test("S33 every server is in the order once", () => {
  const all = serversOf("a,1,0 b,1,0 c,1,5 d,0,0 e,7,65535 f,7,0");
  for (let i = 0; i < 200; i += 1) {
    const order = inTurn(all, env);
    assert.equal(new Set(order).size, all.length);
    assert.equal(order.length, all.length);
  }
  assert.deepEqual(inTurn([], env), []);
});

for (const byte of [0, 255]) {
  test(`S33 chance at its end (${byte}) chooses somebody`, () => {
    const order = inTurn(serversOf("a,1,65535 b,1,0 c,1,65535"), {
      entropy: (bytes) => new Uint8Array(bytes).fill(byte),
    });
    assert.equal(new Set(order).size, 3);
  });
}
