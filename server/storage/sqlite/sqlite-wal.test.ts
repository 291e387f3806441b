import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkAfterCrash, crashShapes, crashWrites } from "#testing/contract/storage-crash.ts";
import { randomFrom } from "#testing/random.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { openSqliteStore } from "./sqlite-store.ts";
import { SqliteWriter } from "./sqlite-writer.ts";

/*
 * What a machine that loses its power leaves of the write-ahead log: everything up to the last fsync, and of what came
 * later any part, or rubbish. https://sqlite.org/fileformat2.html#the_write_ahead_log says how the log looks.
 */
const headerBytes = 32;
const frameHeaderBytes = 24;
const pageBytes = 4_096;
const frameBytes = frameHeaderBytes + pageBytes;

const folder = mkdtempSync(join(tmpdir(), "balcony-wal-"));
after(() => rmSync(folder, { recursive: true }));

/** A database that was being written to when its files were copied. */
interface Taken {
  readonly database: Buffer;
  /** With all that the log holds moved into it. */
  readonly checkpointed: Buffer;
  readonly log: Buffer;
  readonly index: Buffer;
  /** Commits that are in the database itself. */
  readonly base: number;
  /** Where each group's last frame ends in the log, and how many commits there are up to it. */
  readonly groups: readonly { readonly end: number; readonly commits: number }[];
}

const options = { cacheKiBMax: 1_024 };
const random = randomFrom(4);

/** @param rounds how often the log was begun anew over its own old frames, which then lie behind the new ones */
async function take(name: string, rounds: number): Promise<Taken> {
  const path = join(folder, name);
  {
    await using store = await openSqliteStore({ path });
    await store.declare(crashShapes);
  }
  using file = new SqliteFile({ ...options, path }, "write");
  const writer = new SqliteWriter(file, crashShapes);
  let commits = 0;
  const groups: { end: number; commits: number }[] = [];
  const apply = (count: number): void => {
    deepEqual(writer.apply(Array.from({ length: count }, () => crashWrites(commits++))), []);
  };
  for (let round = 1; round < rounds; round++) {
    for (let group = 0; group < 30; group++) apply(5);
    file.rows("PRAGMA wal_checkpoint(RESTART)");
  }
  const base = commits;
  const database = readFileSync(path);
  for (let group = 0; group < 25; group++) {
    apply(1 + random.below(12));
    groups.push({ end: lastCommitFrameEnd(readFileSync(`${path}-wal`)), commits });
  }
  const [log, index] = [readFileSync(`${path}-wal`), readFileSync(`${path}-shm`)];
  file.rows("PRAGMA wal_checkpoint(TRUNCATE)");
  return { database, checkpointed: readFileSync(path), log, index, base, groups };
}

/** Behind it old frames may lie, which have other salts than the header. */
function lastCommitFrameEnd(log: Buffer): number {
  let end = 0;
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    if (log.compare(log, 16, 24, at + 8, at + 16) !== 0) break;
    const isCommit = log.readUInt32BE(at + 4) !== 0;
    if (isCommit) end = at + frameBytes;
  }
  return end;
}

let copies = 0;

function put(database: Buffer, log: Buffer, index?: Buffer): string {
  const path = join(folder, `copy${++copies}`);
  writeFileSync(path, database);
  writeFileSync(`${path}-wal`, log);
  if (index !== undefined) writeFileSync(`${path}-shm`, index);
  return path;
}

/** Opens the files, looks whether exactly the first so many commits are there, and whether it takes another. */
function holds(path: string, commits: number, what: string): void {
  {
    using file = new SqliteFile({ ...options, path }, "write");
    // What comes from here on need not last.
    file.run("PRAGMA synchronous = OFF");
    file.checkLayout(path);
    deepEqual(file.rows("PRAGMA integrity_check"), [["ok"]], what);
    const numbers = Array.from({ length: commits }, (_, n) => n);
    const there = [
      "SELECT CAST(key AS INTEGER) FROM entry WHERE store = 'sent' ORDER BY 1",
      "SELECT CAST(id AS INTEGER) FROM archive ORDER BY 1",
      "SELECT n FROM table_log ORDER BY 1",
    ];
    for (const text of there)
      deepEqual(
        file.rows(text).map(([n]) => n),
        numbers,
        what,
      );
    deepEqual(new SqliteWriter(file, crashShapes).apply([crashWrites(commits)]), [], what);
  }
  for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
}

for (const { name, rounds } of [
  { name: "a new log", rounds: 1 },
  { name: "a log that was begun anew over its old frames", rounds: 3 },
])
  describe(name, () => {
    let taken: Taken;
    before(async () => {
      taken = await take(name, rounds);
    });
    /** The commits whose group ends before this byte of the log. */
    const intactUpTo = (byte: number): number => taken.groups.findLast(({ end }) => end <= byte)?.commits ?? taken.base;

    test("every commit is in the log when it is confirmed", () => {
      const { groups, log } = taken;
      equal(new Set(groups.map(({ end }) => end)).size, groups.length);
      equal(log.length > (groups.at(-1)?.end ?? 0), rounds > 1, "old frames lie behind the new ones");
    });

    test("cut between any two frames, it has all commits before the cut and nothing of the next", () => {
      const { database, log } = taken;
      for (let cut = headerBytes; cut <= log.length; cut += frameBytes)
        holds(put(database, log.subarray(0, cut)), intactUpTo(cut), `cut at byte ${cut}`);
    });

    test("cut at any byte, with or without the index of before the cut, it has all commits before the cut", () => {
      const { database, log, index } = taken;
      for (let times = 0; times < 60; times++) {
        const cut = times < 8 ? [0, 1, 31, 33, 55, 56, 57, log.length - 1][times] : random.below(log.length);
        const kept = times % 2 === 0 ? index : undefined;
        holds(put(database, log.subarray(0, cut), kept), intactUpTo(cut ?? 0), `cut at byte ${cut}`);
      }
    });

    test("with rubbish behind the cut, it has all commits before the cut", () => {
      const { database, log } = taken;
      for (let times = 0; times < 40; times++) {
        const cut = random.below(log.length);
        const rubbish = Buffer.from(log);
        if (times % 2 === 0) rubbish.fill(0, cut);
        else for (let at = cut; at < rubbish.length; at++) rubbish[at] = random.below(256);
        holds(put(database, rubbish), intactUpTo(cut), `rubbish from byte ${cut}`);
      }
    });

    test("with bits flipped or a page missing in the last commits, it has all before them", () => {
      const { database, log, groups } = taken;
      for (let times = 0; times < 80; times++) {
        const from = groups.at(-4)?.end ?? 0;
        const at = from + random.below((groups.at(-1)?.end ?? 0) - from);
        const damaged = Buffer.from(log);
        const frame = at - ((at - headerBytes) % frameBytes);
        if (times % 2 === 0) damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
        else damaged.fill(0, frame, frame + frameBytes);
        holds(put(database, damaged), intactUpTo(frame), `damage at byte ${at}`);
      }
    });

    test("with a checkpoint that moved only some of its pages, it has everything", () => {
      const { database, checkpointed, log, groups } = taken;
      const inLog = new Set<number>();
      for (let at = headerBytes; at < (groups.at(-1)?.end ?? 0); at += frameBytes) inLog.add(log.readUInt32BE(at));
      for (let times = 0; times < 40; times++) {
        const half = Buffer.alloc(checkpointed.length);
        database.copy(half);
        for (const page of inLog) {
          const at = (page - 1) * pageBytes;
          const share = random.share();
          if (share < 0.5) checkpointed.copy(half, at, at, at + pageBytes);
          // A page that was being written. The first is told apart by its beginning, which fits into one sector.
          else if (share < 0.7 && page > 1) half.fill(random.below(256), at + 512, at + pageBytes);
        }
        const length = times % 2 === 0 ? half.length : database.length;
        holds(put(half.subarray(0, length), log), groups.at(-1)?.commits ?? 0, `checkpoint ${times}`);
      }
    });
  });

test("the whole store opens on a log that was cut, and goes on", async () => {
  const { database, log, groups, base } = await take("whole", 2);
  for (let times = 0; times < 3; times++) {
    const cut = random.below(log.length);
    const path = put(database, log.subarray(0, cut));
    const intact = groups.findLast(({ end }) => end <= cut)?.commits ?? base;
    const acknowledged = Array.from({ length: intact }, (_, n) => n);
    {
      await using store = await openSqliteStore({ path });
      equal(await checkAfterCrash(store, acknowledged), intact);
      await store.commit(crashWrites(intact));
    }
    await using again = await openSqliteStore({ path });
    equal(await checkAfterCrash(again, [...acknowledged, intact]), intact + 1);
  }
});

test("the writing connection has SQLite flush the log at every commit", () => {
  const path = join(folder, "flushed");
  using file = new SqliteFile({ ...options, path }, "write");
  const full = 2;
  deepEqual(file.rows("PRAGMA synchronous"), [[full]]);
  deepEqual(file.rows("PRAGMA journal_mode"), [["wal"]]);
  ok(statSync(path).isFile());
});
