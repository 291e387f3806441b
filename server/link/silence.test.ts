import assert from "node:assert/strict";
import { test } from "node:test";
import { Silence } from "./silence.ts";

const bounds = { afterMs: 100, answerMsMax: 30 };

/** What is done about a peer at these times, given when it said something last. */
for (const { name, checks } of [
  { name: "a peer that was heard a moment ago is not asked", checks: [[199, 100, "wait"]] },
  {
    name: "a peer that has been silent is asked once",
    checks: [
      [200, 100, "ask"],
      [210, 100, "wait"],
      [229, 100, "wait"],
    ],
  },
  {
    name: "a peer that does not answer is given up",
    checks: [
      [200, 100, "ask"],
      [230, 100, "giveUp"],
    ],
  },
  {
    name: "whatever it says is an answer",
    checks: [
      [200, 100, "ask"],
      [230, 205, "wait"],
      [305, 205, "ask"],
    ],
  },
  {
    name: "what it says at the moment it is asked is an answer",
    checks: [
      [200, 100, "ask"],
      [230, 200, "wait"],
    ],
  },
  {
    name: "it is asked again after each silence",
    checks: [
      [200, 100, "ask"],
      [310, 210, "ask"],
      [340, 210, "giveUp"],
    ],
  },
] as const)
  test(name, () => {
    const silence = new Silence();
    for (const [now, heardAt, what] of checks) assert.equal(silence.check(now, heardAt, bounds), what, `at ${now}`);
  });
