import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { crashRun } from "./crash-run.ts";

/** `npm run crash` does it a thousand times, with other seeds. */
const kills = 10;

test("a server that is killed at random moments under load still has all that it acknowledged", async () => {
  const dir = mkdtempSync(join(tmpdir(), "balcony-crash-"));
  try {
    const tally = await crashRun({ dir, kills, seed: 1 });
    deepEqual(tally.problems, []);
    equal(tally.kills, kills);
    // So few lives need not have a session that is resumed, or an account that is cancelled.
    const { accounts, archived, messages, passwords, writes } = tally;
    for (const found of [accounts, archived, messages, passwords, writes]) ok(found > 0, JSON.stringify(tally));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
