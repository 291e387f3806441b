import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArchivePlace } from "#kit/stanza.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { ArchiveIds } from "./archive-ids.ts";

test("ids sort as they were given, whatever the clock does and whoever gave the last, and none is like another [xep0313-3.1-01] [xep0313-6.2-01]", async () => {
  const env = new VirtualEnv("ids");
  let back = 0;
  const given: ArchivePlace[] = [];
  for (let round = 0; round < 50; round += 1) {
    // As after a restart: what was given before is known from the archive alone.
    const ids = new ArchiveIds({ now: () => env.now() - back, entropy: env.entropy });
    for (let count = 0; count < 40; count += 1) given.push(ids.after(given.at(-1)));
    if (round % 3 === 0) await env.advance(1);
    if (round % 7 === 0) back += 5;
  }
  assert.deepEqual(
    given.map(({ id }) => id),
    given.map(({ id }) => id).toSorted(),
  );
  assert.deepEqual(
    given.map(({ at }) => at),
    given.map(({ at }) => at).toSorted((a, b) => a - b),
  );
  assert.equal(new Set(given.map(({ id }) => id)).size, given.length);
});

test("A30 the random part of an id is 80 bits, and used once [xep0313-3-01] [xep0359-3-01]", () => {
  const env = new VirtualEnv("ids");
  const ids = new ArchiveIds(env);
  const given = Array.from({ length: 500 }, () => ids.after(undefined).id);
  assert.ok(given.every((id) => id.length === 30));
  const random = given.map((id) => id.slice(-16));
  assert.ok(random.every((text) => /^[a-z0-9]{16}$/u.test(text)));
  assert.equal(new Set(random).size, random.length);
  const pieces = random.flatMap((text) => Array.from({ length: 9 }, (_, at) => text.slice(at, at + 8)));
  assert.equal(new Set(pieces).size, pieces.length, "nor is a part of it");
  const other = new ArchiveIds(new VirtualEnv("others"));
  assert.notEqual(other.after(undefined).id.slice(-16), random[0]);
});
