import { join } from "node:path";
import { endGroup, spawnGroup } from "./process-group.ts";
import type { RelayedEvent } from "./relayed-event.ts";
import { RunningTests } from "./running-tests.ts";

/** Told of everything that happens to test files. */
export interface RunListener {
  readonly take: (event: RelayedEvent) => void;
  readonly printed: (file: string, text: string) => void;
  /** The process ended, or was ended, while this file was run. */
  readonly broke: (file: string, why: string) => void;
}

/** How long may pass without a word of a file's tests, in milliseconds. */
export interface Patience {
  readonly silenceMsMax: number;
}

/** Runs test files in one process, one after the other; where one takes the process down, the rest go on in another. */
export async function runGroup(
  root: string,
  files: readonly string[],
  { silenceMsMax, ...listener }: RunListener & Patience,
): Promise<void> {
  for (let left = files; left.length > 0;) {
    const done = await runOnce(root, left, silenceMsMax, listener);
    left = left.slice(done);
  }
}

/** @returns how many of the files are done with, the one that broke the process among them */
function runOnce(
  root: string,
  files: readonly string[],
  silenceMsMax: number,
  { take, printed, broke }: RunListener,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawnGroup(
    [
      // Not to what runs alone: that may measure its memory.
      ...(files.length > 1 ? roomForGarbage : []),
      join(import.meta.dirname, "test-process.ts"),
      ...files.map((file) => join(root, file)),
    ],
    root,
  );
  const tests = new RunningTests();
  let [current, ended, silent] = ["", 0, false];
  let timer: NodeJS.Timeout | undefined;
  const wait = (msMax: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      endGroup(child);
    }, msMax);
  };
  wait(Math.max(startMsMax, silenceMsMax));
  child.on("message", (event: RelayedEvent) => {
    wait(silenceMsMax);
    if (event.type === "file:began") current = event.file;
    else if (event.type === "file:ended") ended += 1;
    tests.take(event);
    take(event);
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => printed(current, text));
  child.on("error", reject);
  child.on("exit", () => {
    clearTimeout(timer);
    // A process that it began, in a group of its own, and left behind may hold these for ever.
    timer = setTimeout(() => {
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, lastWordsMsMax);
  });
  child.on("close", (code, signal) => {
    clearTimeout(timer);
    if (ended === files.length && code === 0) return resolve(ended);
    const why = silent
      ? `nothing happened for ${silenceMsMax / 1_000} s ${tests.where()}: something goes on, or a test waits for what never comes`
      : `the process ended with ${code ?? signal} ${tests.where()}`;
    broke(join(root, files[ended] ?? files.at(-1) ?? ""), why);
    return resolve(ended + 1);
  });
  return promise;
}

/** What lives shortly is collected less often, which takes less of the processor; in MiB. */
const roomForGarbage = ["--min-semi-space-size=64", "--max-semi-space-size=64"];

/** How long a process may take until it begins with its first file. */
const startMsMax = 60_000;

/** How long what a process has printed is waited for once it has ended. */
const lastWordsMsMax = 2_000;
