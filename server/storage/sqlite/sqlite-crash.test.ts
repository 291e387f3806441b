import { ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { checkAfterCrash } from "#testing/contract/storage-crash.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const child = fileURLToPath(import.meta.resolve("#testing/contract/storage-crash-child.ts"));
const rounds = 4;

test("a server that is killed while it writes loses nothing that it acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "balcony-crash-"));
  const path = join(folder, "store.sqlite");
  try {
    let free = 0;
    let total = 0;
    for (let round = 0; round < rounds; round++) {
      // A different place each time: in the first group, and among many.
      const acknowledged = await killAfter(path, free, [1, 40, 333, 1_000][round] ?? 1);
      total += acknowledged.length;
      await using store = await openSqliteStore({ path });
      free = await checkAfterCrash(store, acknowledged);
    }
    ok(total >= 1_374);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function killAfter(path: string, from: number, commits: number): Promise<readonly number[]> {
  const program = spawn(process.execPath, [child, path, String(from)], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: program.stdout })) {
    if (line === "open") continue;
    acknowledged.push(Number(line));
    if (acknowledged.length === commits) program.kill("SIGKILL");
  }
  return acknowledged;
}
