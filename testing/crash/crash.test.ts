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
    const { accounts, archived, cancelled, letters, messages, passwords, resumed, tokens, writes } = tally;
    // So few lives need not have come to each of the others.
    for (const found of [messages, archived, writes, accounts + cancelled + passwords + resumed + letters + tokens])
      ok(found > 0, JSON.stringify(tally));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
