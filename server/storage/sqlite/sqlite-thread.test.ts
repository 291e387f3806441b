import { ok } from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Worker } from "node:worker_threads";
import { openSqliteStore } from "./sqlite-store.ts";

const folder = mkdtempSync(join(tmpdir(), "balcony-thread-"));
after(() => rmSync(folder, { recursive: true }));

test("a store that is closed while a thread is being started again leaves no thread behind", async () => {
  const workers: Worker[] = [];
  const exits: Promise<unknown>[] = [];
  let again = Promise.withResolvers<void>();
  const store = await openSqliteStore({
    path: join(folder, "s.sqlite"),
    spawn: (url, options) => {
      const worker = new Worker(url, options);
      workers.push(worker);
      exits.push(once(worker, "exit"));
      again.resolve();
      return worker;
    },
  });
  const count = workers.length;
  again = Promise.withResolvers();
  await workers.at(-1)?.terminate();
  await again.promise;
  await store[Symbol.asyncDispose]();
  await Promise.all(exits);
  ok(workers.length > count);
});
