import { equal } from "node:assert/strict";
import { test } from "node:test";
import { isPreparable, partInputUnitsMax, withinPartLength } from "./part-length.ts";

const cases: readonly (readonly [name: string, part: string, preparable: boolean])[] = [
  ["text that can end within the limit is prepared", "u\u0308\u0304".repeat(511), true],
  ["text that cannot end within the limit is not", "a".repeat(partInputUnitsMax + 1), false],
  ["as many marks as a part can hold are prepared", `a${"\u0301".repeat(511)}`, true],
  ["a row of marks too long for any part is not sorted", `a${"\u0301\u0323".repeat(300)}`, false],
];
for (const [name, part, preparable] of cases) test(name, () => equal(isPreparable(part), preparable));

test("no part that was refused unprepared would have been within the limit", () => {
  for (const mark of ["\u0301", "\u0323", "\u0345", "\u3099", "\u0f71"]) {
    for (const letter of ["a", "\u03b1", "\u1f00", "\u304b"]) {
      for (let marks = 505; marks <= 520; marks++) {
        const part = letter + mark.repeat(marks);
        if (!isPreparable(part)) equal(withinPartLength(part.normalize("NFC")), undefined);
      }
    }
  }
});
