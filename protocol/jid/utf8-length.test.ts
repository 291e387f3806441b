import { equal } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { utf8Length } from "./utf8-length.ts";

test("the length is that of the encoder, for any UTF-16 string", () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
          fc.constantFrom("\ud800", "\udc00", "é", "a"),
        ),
      }),
      (text) => {
        equal(utf8Length(text), new TextEncoder().encode(text).length);
      },
    ),
    { numRuns: 1000 },
  );
});
