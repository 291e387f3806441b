import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { Delay } from "./elements.ts";
import examples from "./vectors/examples.json" with { type: "json" };

describe("delays of the specifications are read and written without loss", () => {
  for (const { source, xml } of examples) test(source, () => void assertRoundTrip(Delay, xml));
});

test("a stamp is a moment, whatever zone it was written in [xep0203-2-02]", () => {
  const delay = Delay.parse(
    parseElement("<delay xmlns='urn:xmpp:delay' stamp='2002-09-11T01:08:25+02:00'>Offline</delay>"),
  );
  assert.deepEqual(delay, { stamp: Date.UTC(2002, 8, 10, 23, 8, 25), reason: "Offline" });
  assert.equal(Delay.build(delay).attr("stamp"), "2002-09-10T23:08:25Z");
});

for (const [name, xml] of Object.entries({
  "without a stamp": "<delay xmlns='urn:xmpp:delay'/>",
  "with a stamp of the legacy form": "<delay xmlns='urn:xmpp:delay' stamp='20020910T23:08:25'/>",
}))
  test(`a delay ${name} is none`, () => {
    assert.throws(() => Delay.parse(parseElement(xml)), ShapeError);
  });
