import assert from "node:assert/strict";
import { test } from "node:test";
import { floodFor, isFlooded, type Flood } from "./flood.ts";

const places = {
  "in no archive": undefined,
  "read up to there": { id: "1", at: 1 },
  "come later": { id: "3", at: 3 },
} as const;

// What becomes of each place in this order: in no archive, read, come later.
const table: readonly {
  readonly retrieving?: true;
  readonly readTo?: string;
  readonly reader?: true;
  readonly waited?: true;
  readonly flood: Flood;
  readonly sent: readonly [boolean, boolean, boolean];
}[] = [
  { flood: "all", sent: [true, true, true] },
  { waited: true, flood: "all", sent: [true, true, true] },
  { reader: true, flood: "not-archived-for-now", sent: [true, false, false] },
  { reader: true, waited: true, flood: "all", sent: [true, true, true] },
  { readTo: "2", flood: "later-than-read", sent: [true, false, true] },
  { readTo: "2", reader: true, flood: "later-than-read", sent: [true, false, true] },
  { readTo: "2", reader: true, waited: true, flood: "later-than-read", sent: [true, false, true] },
  { readTo: "2", waited: true, flood: "later-than-read", sent: [true, false, true] },
  { readTo: "", flood: "later-than-read", sent: [true, true, true] },
  { retrieving: true, flood: "nothing", sent: [false, false, false] },
  { retrieving: true, readTo: "2", flood: "nothing", sent: [false, false, false] },
  { retrieving: true, reader: true, flood: "nothing", sent: [false, false, false] },
  { retrieving: true, reader: true, waited: true, flood: "nothing", sent: [false, false, false] },
];

for (const { flood, sent, ...visitor } of table)
  test(`who becomes available with ${JSON.stringify(visitor)} is sent ${flood}`, () => {
    const complete = { retrieving: false, readTo: undefined, reader: false, waited: false, ...visitor };
    assert.equal(floodFor(complete), flood);
    assert.deepEqual(
      Object.values(places).map((archived) => isFlooded(flood, archived, complete)),
      sent,
    );
  });
