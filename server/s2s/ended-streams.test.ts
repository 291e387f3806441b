import assert from "node:assert/strict";
import { test } from "node:test";
import { EndedStreams } from "./ended-streams.ts";

test("A12 so many ended streams are remembered at most: the oldest is forgotten", () => {
  const ended = new EndedStreams();
  for (let stream = 0; stream <= 1_000; stream += 1) ended.remember(`id${stream}`, { h: stream });
  assert.deepEqual(
    ["id0", "id1", "id1000"].map((id) => ended.handledOf(id)),
    [undefined, 1, 1_000],
  );
});
