import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { checkAfterCrash } from "#testing/contract/storage-crash.ts";
import { contractShapes, growingShapes } from "#testing/contract/storage-fixtures.ts";
import { numberedCommits, randomReads } from "#testing/contract/storage-random.ts";
import { indexed } from "#testing/contract/storage-search.ts";
import { openMemoryStore } from "../memory-store.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const child = fileURLToPath(import.meta.resolve("#testing/contract/storage-crash-child.ts"));
const allWritesChild = fileURLToPath(import.meta.resolve("#testing/contract/all-writes-crash-child.ts"));
const migrationChild = fileURLToPath(import.meta.resolve("#testing/contract/migration-crash-child.ts"));
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

test("a server that is killed while it writes in every way has made some number of its commits, and all that it acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "balcony-crash-"));
  const path = join(folder, "store.sqlite");
  try {
    await using model = openMemoryStore({ schedule: setImmediate }).store;
    await model.declare(contractShapes);
    const commits = numberedCommits();
    let made = 0;
    for (const [round, count] of [1, 45, 700].entries()) {
      const acknowledged = await killAfter(path, made, count, allWritesChild);
      await using store = await openSqliteStore({ path });
      await store.declare(contractShapes);
      const [row] = await store.select("global", { where: [{ column: "name", is: "=", value: "number" }], limit: 1 });
      const last = Number(row?.["n"] ?? -1);
      ok(last >= Math.max(...acknowledged), `${last} is there, ${acknowledged.at(-1)} was acknowledged`);
      ok(last < commits.length - 1, "it was killed before its end");
      await Promise.allSettled(commits.slice(made, last + 1).map((writes) => model.commit(writes)));
      made = last + 1;
      await Promise.all([indexed(store), indexed(model)]);
      for (const seed of [1, 2, 3])
        for (const read of randomReads(seed + round)) deepEqual(await read(store), await read(model), `round ${round}`);
    }
    ok(made > 746);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a server that is killed while it migrates its stores has migrated all of them or none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "balcony-crash-"));
  const path = join(folder, "store.sqlite");
  const rows = 3_000;
  try {
    {
      await using store = await openSqliteStore({ path });
      await store.declare(growingShapes(1));
      for (let n = 0; n < rows; n++)
        void store.commit([
          { op: "set", store: "values", owner: "a@b", key: `${n}`, value: "v" },
          { op: "append", store: "rows", owner: "a@b", id: `${n}`, at: n, with: "c@d", value: "v" },
          { op: "insert", store: "wide", row: { id: `${n}` } },
        ]);
    }
    let version = 1;
    let interrupted = 0;
    // At once, and at places of a migration that nobody can foresee.
    for (const afterMs of [0, 20, 100]) {
      const { begun, done } = await killWhileMigrating(path, version, afterMs);
      using file = new DatabaseSync(path);
      const count = (text: string): number => Number(Object.values(file.prepare(text).get() ?? {})[0]);
      version = count("SELECT max(version) FROM store_version");
      ok(version === done || version === begun, `version ${version} after ${done} was done and ${begun} begun`);
      if (version !== begun || begun !== done) interrupted++;
      equal(count("SELECT count(*) FROM store_version WHERE version <> (SELECT max(version) FROM store_version)"), 0);
      const value = `v${"x".repeat(version - 1)}`;
      for (const kept of ["entry", "archive"])
        equal(count(`SELECT count(*) FROM ${kept} WHERE value = '${value}'`), rows);
      equal(count("SELECT count(*) FROM pragma_table_info('table_wide')"), version);
      equal(count("SELECT count(*) FROM table_wide"), rows);
    }
    ok(interrupted > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Kills a program some time after it has begun the migration behind this version. */
async function killWhileMigrating(
  path: string,
  version: number,
  afterMs: number,
): Promise<{ readonly begun: number; readonly done: number }> {
  const program = spawn(process.execPath, [migrationChild, path, String(version)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said = { begun: version, done: version };
  for await (const line of createInterface({ input: program.stdout })) {
    const [what, number] = line.split(" ");
    said[what === "begun" ? "begun" : "done"] = Number(number);
    if (line === `begun ${version + 1}`) void sleep(afterMs).then(() => program.kill("SIGKILL"));
  }
  return said;
}

async function killAfter(path: string, from: number, commits: number, run = child): Promise<readonly number[]> {
  const program = spawn(process.execPath, [run, path, String(from)], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: program.stdout })) {
    if (line === "open") continue;
    acknowledged.push(Number(line));
    if (acknowledged.length === commits) program.kill("SIGKILL");
  }
  return acknowledged;
}
