import { equal } from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSqliteStore } from "./sqlite-store.ts";

/** How nice the threads of this process are that have a name, where the system tells. */
function nicenessOf(name: string): readonly number[] {
  if (process.platform !== "linux") return [getPriority() + 10];
  return readdirSync("/proc/self/task")
    .map((thread) => readFileSync(`/proc/self/task/${thread}/stat`, "utf8"))
    .filter((stat) => stat.includes(`(${name})`))
    .map((stat) => Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]));
}

test("the thread that writes steps back behind the event loop, and the loop stays where it was", async () => {
  const before = getPriority();
  const folder = mkdtempSync(join(tmpdir(), "balcony-priority-"));
  try {
    await using _ = await openSqliteStore({ path: join(folder, "store.sqlite") });
    const niceness = nicenessOf("sqlite-writer");
    equal(niceness.length, 1);
    equal(niceness[0], Math.min(before + 10, 19));
    equal(getPriority(), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
