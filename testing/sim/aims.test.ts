import assert from "node:assert/strict";
import { test } from "node:test";
import { addHits, noHits, showHits } from "./hits.ts";
import { playSeed } from "./play-seeds.ts";

/** Among what they are aimed at is all that there is to aim at. */
const seeds = [25, 160];

test("what is aimed hits: commits that are under way, connections of who does not read, and the end of a disc", async () => {
  const hits = noHits();
  for (const seed of seeds) addHits(hits, await playSeed(seed));
  for (const count of Object.values(hits)) assert.ok(count > 0, showHits(hits));
});
