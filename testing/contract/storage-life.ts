import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Store } from "#kit/storage.ts";
import { openMemoryStore } from "#server/storage/memory-store.ts";
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { append, contractShapes, failsWith, insert, juliet, romeo, set, summary } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";
import type { StorageHarness } from "./storage-harness.ts";
import { randomCommits, randomReads } from "./storage-random.ts";
import { indexed } from "./storage-search.ts";

export function lifeTests(fresh: Fresh, harness: StorageHarness, database: () => string): void {
  test("closing a store finishes what was called and refuses what is called later", async () => {
    const store = await fresh();
    const commits = Array.from({ length: 20 }, (_, n) => store.commit([set(romeo, "roster", `${n}`, "v")]));
    const read = store.load(romeo);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await Promise.all(commits);
    equal((await read).get("roster")?.size, 20);
    await rejects(store.commit([set(romeo, "roster", "late", "v")]), failsWith("unavailable"));
    await rejects(store.load(romeo), failsWith("unavailable"));
    await using again = await harness.open(database());
    await again.declare(contractShapes);
    equal((await again.load(romeo)).get("roster")?.size, 20);
  });

  test("a database that is open is refused to a second server, and free again when the first has closed", async () => {
    {
      await using first = await fresh();
      await rejects(harness.open(database()), failsWith("locked"));
      await first.commit([set(romeo, "profile", "", "v")]);
    }
    await using second = await harness.open(database());
    await second.declare(contractShapes);
    equal(await second.get("profile", romeo, ""), "v");
  });
}

export function backupTests(fresh: Fresh): void {
  test("a backup made under load is a consistent SQLite store", async () => {
    const folder = mkdtempSync(join(tmpdir(), "balcony-backup-"));
    const path = join(folder, "copy.sqlite");
    try {
      await using store = await fresh();
      const filler = "x".repeat(4_000);
      await store.commit(Array.from({ length: 1_500 }, (_, n) => set(`o${n}`, "roster", "filler", filler)));
      await store.commit([append(romeo, "1", 1, "x@y/z"), insert(romeo, "r", "Verona", 17)]);
      const many = Array.from({ length: 1_100 }, (_, n) => [
        append(juliet, `${n}`, n, "p@q"),
        insert(`z${n}`, "r", "Padua", n),
      ]);
      await store.commit(many.flat());
      const shares: number[] = [];
      const stop = new AbortController();
      const load = (async () => {
        // Both values are always written together: a copy in which they differ is torn.
        for (let n = 0; !stop.signal.aborted; n++) {
          await store.commit([set(romeo, "profile", "", `${n}`), set(juliet, "profile", "", `${n}`)]);
        }
      })();
      await store.backup(path, (share) => shares.push(share));
      stop.abort();
      await load;
      equal(shares.at(-1), 1);
      ok(shares.every((share, n) => share >= 0 && share >= (shares[n - 1] ?? 0)));
      await rejects(store.backup(path), failsWith("conflict"));
      await using copy = await openSqliteStore({ path });
      await copy.declare(contractShapes);
      equal((await copy.owners("roster", { limit: 10_000 })).length, 1_500);
      equal(await copy.get("profile", romeo, ""), await copy.get("profile", juliet, ""));
      equal(summary(await copy.page("messages", romeo, { max: 9, direction: "forward", with: "x@y" })), "1 complete");
      const padua = { where: [{ column: "city", is: "=", value: "Padua" }], limit: 10_000 } as const;
      equal((await copy.select("directory", padua)).length, 1_100);
      const [verona] = await copy.select("directory", { where: [], limit: 1 });
      deepEqual(verona, { jid: romeo, room: "r", city: "Verona", age: 17 });
      const counted = await copy.page("messages", juliet, { max: 0, direction: "forward", countRows: true });
      equal(counted.found && counted.count, 1_100);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

export function agreementTests(fresh: Fresh): void {
  test("random commits leave what they leave in memory", async () => {
    await using store = await fresh();
    await using model = openMemoryStore({ schedule: setImmediate }).store;
    await model.declare(contractShapes);
    for (let seed = 1; seed <= 12; seed++) {
      const commits = randomCommits(seed, 40);
      const outcome = async (kind: Store): Promise<readonly string[]> =>
        (await Promise.allSettled(commits.map((writes) => kind.commit(writes)))).map(({ status }) => status);
      deepEqual(await outcome(store), await outcome(model), `commits of seed ${seed}`);
      await Promise.all([indexed(store), indexed(model)]);
      for (const read of randomReads(seed)) deepEqual(await read(store), await read(model), `reads of seed ${seed}`);
    }
  });
}
