/**
 * What the stores cost on the path of a message: `node bench/storage.ts [sqlite|postgres|memory]…`
 *
 * A message is one commit with two archive rows, the sender's and the recipient's. A batch is what comes in one turn
 * of the loop; the next turn begins when it is durable. Figures depend on the disc: compare those of one run.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Store, StoreShape, Write } from "#kit/storage.ts";
import { openMemoryStore } from "#server/storage/memory-store.ts";
import { openPostgresStore } from "#server/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "#server/storage/sqlite/sqlite-store.ts";
import { startPostgresServer } from "#testing/postgres-server.ts";

const shapes: readonly StoreShape[] = [
  { shape: "map", name: "roster", version: 1 },
  { shape: "keyed", name: "profile", version: 1 },
  { shape: "archive", name: "messages", version: 1 },
];
const owners = 1_000;
const messagesPerCase = 20_000;
const readsPerCase = 2_000;
const body = `<message type='chat' id='0123456789'><body>${"x".repeat(200)}</body></message>`;

let sequence = 0;
function message(): readonly Write[] {
  const n = sequence++;
  const id = n.toString(36).padStart(12, "0");
  const at = 1_700_000_000_000 + n;
  const [from, to] = [`user${(n * 7) % owners}@a.example`, `user${(n * 13 + 5) % owners}@b.example`] as const;
  return [
    { op: "append", store: "messages", owner: from, id, at, with: `${to}/phone`, value: body },
    { op: "append", store: "messages", owner: to, id, at, with: `${from}/laptop`, value: body },
  ];
}

async function measured(name: string, count: number, work: () => Promise<void>): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.threadCpuUsage();
  const all = process.cpuUsage();
  const began = performance.now();
  await work();
  const ms = performance.now() - began;
  const { user, system } = process.threadCpuUsage(cpu);
  const process_ = process.cpuUsage(all);
  delay.disable();
  const figures = [
    `${Math.round((count / ms) * 1000)}/s`.padStart(10),
    `${((ms / count) * 1000).toFixed(1)} µs each`.padStart(16),
    `${((user + system) / count).toFixed(1)} µs main thread`.padStart(20),
    `${((process_.user + process_.system) / count).toFixed(1)} µs process`.padStart(18),
    `loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`.padStart(24),
  ];
  console.log(`  ${name.padEnd(34)}${figures.join("")}`);
}

async function inBatches(count: number, size: number, one: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += size) await Promise.all(Array.from({ length: size }, one));
}

async function measure(kind: string, store: Store): Promise<void> {
  console.log(kind);
  await store.declare(shapes);
  for (let n = 0; n < owners; n++) {
    const owner = `user${n}@a.example`;
    const contacts = Array.from({ length: 20 }, (_, k): Write => ({
      op: "set",
      store: "roster",
      owner,
      key: `c${k}@b.example`,
      value: "<item/>",
    }));
    await store.commit([{ op: "set", store: "profile", owner, key: "", value: "p" }, ...contacts]);
  }
  await inBatches(2_000, 500, () => store.commit(message()));
  for (const size of [1, 50, 500]) {
    const count = size === 1 ? 500 : messagesPerCase;
    await measured(`messages in batches of ${size}`, count, () =>
      inBatches(count, size, () => store.commit(message())),
    );
  }
  const owner = (): string => `user${(sequence++ * 17) % owners}@a.example`;
  for (const size of [1, 50]) {
    await measured(`get, ${size} at a time`, readsPerCase, () =>
      inBatches(readsPerCase, size, () => store.get("profile", owner(), "")),
    );
    await measured(`load (21 values), ${size} at a time`, readsPerCase, () =>
      inBatches(readsPerCase, size, () => store.load(owner())),
    );
    const query = { max: 20, direction: "backward" } as const;
    await measured(`newest 20 rows, ${size} at a time`, readsPerCase, () =>
      inBatches(readsPerCase, size, () => store.page("messages", owner(), query)),
    );
  }
}

const wanted = process.argv.slice(2);
const chosen = (kind: string): boolean => wanted.length === 0 || wanted.includes(kind);
const folder = mkdtempSync(join(process.env["BENCH_FOLDER"] ?? tmpdir(), "balcony-bench-"));
try {
  if (chosen("memory")) {
    await using store = openMemoryStore({ schedule: setImmediate }).store;
    await measure("memory", store);
  }
  if (chosen("sqlite")) {
    const before = process.memoryUsage.rss();
    await using store = await openSqliteStore({ path: join(folder, "store.sqlite") });
    await measure("sqlite", store);
    console.log(
      `  memory: ${Math.round((process.memoryUsage.rss() - before) / 2 ** 20)} MiB more than before it was opened`,
    );
  }
  if (chosen("postgres")) {
    await using server = await startPostgresServer({ durable: true });
    await using store = await openPostgresStore({ connection: server.connection });
    await measure("postgres", store);
  }
} finally {
  rmSync(folder, { recursive: true });
}
