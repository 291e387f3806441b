/** The program of a thread that owns one connection. Its errors are answers; anything else ends it, and it is restarted. */
import { backup } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { assert, unreachable } from "#protocol/assert.ts";
import { AtRest } from "../../at-rest.ts";
import { releaseMemory, threadFigures } from "../../release-memory.ts";
import { SqliteFile } from "./sqlite-file.ts";
import { sqliteFailure } from "./sqlite-failure.ts";
import { SqliteReader } from "./sqlite-reader.ts";
import { SqliteTextIndex } from "./sqlite-text-index.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { stepBehindTheLoop } from "./thread-priority.ts";
import type { FromThread, ThreadAnswer, ThreadStart, ToThread } from "./thread-messages.ts";

/** Pages that a backup copies in one step: how often it reports. */
const backupStepPages = 256;

const port = parentPort;
assert(port !== null, "this program runs in a thread");
// oxlint-disable-next-line typescript/no-unsafe-assignment -- sqlite-thread.ts gives no other
const { role, file: options, tables }: ThreadStart = workerData;
const post = (message: FromThread): void => port.postMessage(message);

if (role === "writer") stepBehindTheLoop();
try {
  const file = new SqliteFile(options, role === "writer" ? "write" : "read");
  // SQLite opens the write-ahead log at the first read: where there are no files left, that is to be known now.
  if (role === "reader") file.probe();
  serve(file);
  restWith(file);
  post({ id: 0, answer: "done" });
} catch (error) {
  post({ id: 0, answer: "failed", failure: sqliteFailure(error) });
}

function restWith(file: SqliteFile): void {
  const release = (): void => {
    file.forgetPages();
    releaseMemory();
  };
  // Nothing to keep the thread alive for.
  const setTimer = (delayMs: number, run: () => void): { readonly cancel: () => void } => {
    const timer = setTimeout(run, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  };
  void new AtRest({ setTimer }, threadFigures, release);
}

function serve(file: SqliteFile): void {
  const writer = role === "writer" ? new SqliteWriter(file, tables) : undefined;
  const index = role === "writer" ? new SqliteTextIndex(file) : undefined;
  const reader = new SqliteReader(file, tables);
  assert(port !== null, "this program runs in a thread");
  port.on("message", (message: ToThread) => {
    if (message.ask === "backup") void copy(file, message.id, message.path);
    else post({ id: message.id, ...answerTo(message) });
    if (message.ask === "close") port.close();
  });

  function answerTo(message: Exclude<ToThread, { ask: "backup" }>): ThreadAnswer {
    try {
      switch (message.ask) {
        case "apply":
          assert(writer !== undefined, "only the writer applies");
          return { answer: "applied", failures: writer.apply(message.group) };
        case "read":
          return { answer: "read", outcomes: reader.read(message.requests) };
        case "declare":
          reader.declare(message.tables);
          writer?.declare(message.tables);
          index?.declared();
          return { answer: "done" };
        case "index":
          assert(index !== undefined, "only the writer indexes");
          return { answer: "indexed", step: index.step(() => performance.now()) };
        case "rebuildIndex":
          assert(index !== undefined, "only the writer indexes");
          index.rebuild();
          return { answer: "done" };
        case "probe":
          file.probe();
          return { answer: "done" };
        case "close":
          file[Symbol.dispose]();
          return { answer: "done" };
        default:
          return unreachable(message);
      }
    } catch (error) {
      return { answer: "failed", failure: sqliteFailure(error) };
    }
  }
}

/**
 * The open transaction keeps the copy consistent, and spares it from starting over whenever the writer has written,
 * which is what SQLite does without one.
 */
async function copy(file: SqliteFile, id: number, path: string): Promise<void> {
  try {
    file.run("BEGIN");
    file.rows("SELECT count(*) FROM sqlite_schema");
    await backup(file.database, path, {
      rate: backupStepPages,
      progress: ({ totalPages, remainingPages }) =>
        post({ id, answer: "share", share: 1 - remainingPages / Math.max(totalPages, 1) }),
    });
    post({ id, answer: "done" });
  } catch (error) {
    post({ id, answer: "failed", failure: sqliteFailure(error) });
  } finally {
    file.rollBack();
  }
}
