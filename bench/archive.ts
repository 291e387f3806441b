/**
 * What a large archive costs to read and to search: `node bench/archive.ts [sqlite|postgres]… [rows=1000000]`
 *
 * One owner has all these rows; a thousand others have a fifth as many together, each of which says the word that is rare
 * with the first. Times are of one question at a time, from the main thread and back. Figures depend on the machine:
 * compare those of one run.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { ArchiveShape, PageQuery, Store, Write } from "#kit/storage.ts";
import { openPostgresStore } from "#server/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { startPostgresServer } from "#testing/postgres-server.ts";
import { onSignal } from "./signals.ts";

const plain: ArchiveShape = { shape: "archive", name: "messages", version: 1 };
const searched: ArchiveShape = { ...plain, searchable: [{ ns: "jabber:client", name: "body" }] };
const owner = "juliet@capulet.example";
const words = Array.from({ length: 20_000 }, (_, n) => `w${n.toString(36)}`);
const wordsPerMessage = 10;
const rowsPerCommit = 1_000;
const questions = 200;
const start = 1_700_000_000_000;

/** Few words are said often and most seldom, as people do; the same every time. */
function text(n: number): string {
  const said = Array.from({ length: wordsPerMessage }, (_, k) => {
    const draw = ((n * 7_919 + k * 104_729) % 999_983) / 999_983;
    return words[Math.floor(words.length * draw ** 4)] ?? "";
  });
  return said.join(" ");
}

function row(whose: string, n: number, body: string): Write {
  const peer = `friend${n % 50}@montague.example/phone`;
  const id = (start + n).toString(36) + n.toString(36).padStart(10, "0");
  const value = `<message xmlns='jabber:client' type='chat' from='${peer}' to='${whose}' id='${id}'><body>${body}</body></message>`;
  return { op: "append", store: "messages", owner: whose, id, at: start + n * 1_000, with: peer, value };
}

async function fill(store: Store, rows: number): Promise<void> {
  const write = async (count: number, make: (n: number) => Write): Promise<void> => {
    for (let from = 0; from < count; from += rowsPerCommit)
      await store.commit(Array.from({ length: Math.min(rowsPerCommit, count - from) }, (_, k) => make(from + k)));
  };
  await write(rows / 5, (n) => row(`user${n % 1_000}@capulet.example`, n, `${text(n)} nightingale`));
  await write(rows, (n) => row(owner, n, n === Math.floor(rows / 3) ? `${text(n)} nightingale` : text(n)));
}

async function indexed(store: Store): Promise<void> {
  for (let idle = 0; idle < 3; idle += 1) {
    await pause(300);
    const { state, lastError } = store.health.textIndex;
    if (lastError !== undefined) throw lastError;
    if (state !== "ready") idle = 0;
  }
}

async function ask(name: string, store: Store, query: (n: number) => PageQuery): Promise<void> {
  const times: number[] = [];
  let found = 0;
  for (let n = 0; n < questions; n += 1) {
    const began = performance.now();
    const page = await store.page("messages", owner, query(n));
    times.push(performance.now() - began);
    if (page.found) found = page.count ?? page.rows.length;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const figure = (share: number): string => `${(sorted[Math.floor(share * (questions - 1))] ?? 0).toFixed(2)} ms`;
  console.log(
    `  ${name.padEnd(58)}${`median ${figure(0.5)}`.padStart(18)}${`p99 ${figure(0.99)}`.padStart(16)}${`first ${(times[0] ?? 0).toFixed(1)} ms`.padStart(16)}${`found ${found}`.padStart(16)}`,
  );
}

async function measure(store: Store, rows: number, sizeOf: () => string): Promise<void> {
  await store.declare([searched]);
  const began = performance.now();
  await fill(store, rows);
  const kept = performance.now();
  await indexed(store);
  const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(1);
  console.log(`  kept in ${((kept - began) / 1_000).toFixed(1)} s, findable ${seconds(kept)} s later; ${sizeOf()}`);
  const page = { max: 50, direction: "forward" } as const;
  const idOf = (n: number): string => {
    const write = row(owner, n, "");
    return write.op === "append" ? write.id : "";
  };
  const anywhere = (n: number): number => (n * 104_729) % rows;
  await ask("a page of 50, anywhere", store, (n) => ({ ...page, after: idOf(anywhere(n)) }));
  await ask("the last page of 50", store, () => ({ ...page, direction: "backward" }));
  await ask("a page of 50 with one of fifty others", store, (n) => ({
    ...page,
    after: idOf(anywhere(n)),
    with: `friend${n % 50}@montague.example`,
  }));
  await ask("a page of 50 from a time on", store, (n) => ({ ...page, start: start + anywhere(n) * 1_000 }));
  await ask("a rare word, which others say often", store, () => ({ ...page, text: "nightingale" }));
  await ask("a word that nobody says", store, () => ({ ...page, text: "lark" }));
  await ask("a word that is said now and then", store, (n) => ({ ...page, text: words[10_000 + n * 40] ?? "" }));
  await ask("the last page of the word that is said most", store, () => ({
    ...page,
    direction: "backward",
    text: words[0] ?? "",
  }));
  await ask("two frequent words", store, (n) => ({ ...page, text: `${words[1]} ${words[2 + (n % 20)]}` }));
  await ask("a phrase of frequent words", store, (n) => ({ ...page, text: `"${words[0]} ${words[1 + (n % 20)]}"` }));
  await ask("the most frequent word, with one of fifty others", store, (n) => ({
    ...page,
    text: words[0] ?? "",
    with: `friend${n % 50}@montague.example`,
  }));
}

const help = `node bench/archive.ts [sqlite] [postgres] [rows=1000000]

What a large archive costs to keep, to read and to search, in the databases that are named; in both where none is.
The PostgreSQL server is started for it, and stopped.

  rows=N        messages of the owner whose archive is asked; a fifth as many of a thousand others (1000000)
  -h, --help    this text

  BENCH_FOLDER  where the SQLite database is made (default: the system's folder for such)
`;

process.exitCode = await main(process.argv.slice(2));

async function main(wanted: readonly string[]): Promise<number> {
  if (wanted.includes("--help") || wanted.includes("-h")) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = wanted.find((word) => !/^(sqlite|postgres|rows=[1-9]\d{0,8})$/.test(word));
  if (unknown !== undefined) {
    process.stderr.write(`"${unknown}" is not understood.\n\n${help}`);
    return 2;
  }
  const chosen = (kind: string): boolean => !wanted.some((word) => /^[a-z]+$/.test(word)) || wanted.includes(kind);
  const rows = Number(wanted.find((word) => word.startsWith("rows="))?.slice("rows=".length) ?? 1_000_000);
  await using stack = new AsyncDisposableStack();
  onSignal((status) => void stack.disposeAsync().finally(() => process.exit(status)));
  const folder = mkdtempSync(join(process.env["BENCH_FOLDER"] ?? tmpdir(), "balcony-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  if (chosen("sqlite")) {
    process.stdout.write(`sqlite, ${rows} rows\n`);
    const path = join(folder, "store.sqlite");
    const store = stack.use(await openSqliteStore({ path }));
    await measure(store, rows, () => `${Math.round(statSync(path).size / 2 ** 20)} MiB`);
  }
  if (chosen("postgres")) {
    process.stdout.write(`postgres, ${rows} rows\n`);
    const server = stack.use(await startPostgresServer());
    const store = stack.use(await openPostgresStore({ connection: server.connection }));
    await measure(store, rows, () => "size not known");
  }
  return 0;
}
