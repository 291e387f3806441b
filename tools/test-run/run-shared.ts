import { spawn } from "node:child_process";
import { join } from "node:path";
import type { RelayedEvent } from "./relayed-event.ts";

/** Told of everything that happens to test files that share a process. */
export interface SharedRunListener {
  readonly take: (event: RelayedEvent) => void;
  readonly printed: (file: string, text: string) => void;
  /** The process ended, or was ended, while this file was run. */
  readonly broke: (file: string, why: string) => void;
}

/** Runs test files in one process, one after the other; where one takes the process down, the rest go on in another. */
export async function runShared(
  root: string,
  files: readonly string[],
  { fileMsMax, ...listener }: SharedRunListener & { readonly fileMsMax: number },
): Promise<void> {
  for (let left = files; left.length > 0;) {
    const done = await runOnce(root, left, fileMsMax, listener);
    left = left.slice(done);
  }
}

/** @returns how many of the files are done with, the one that broke the process among them */
function runOnce(
  root: string,
  files: readonly string[],
  fileMsMax: number,
  { take, printed, broke }: SharedRunListener,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "shared-process.ts"), ...files.map((file) => join(root, file))],
    { cwd: root, stdio: ["ignore", "pipe", "pipe", "ipc"] },
  );
  let [current, ended, late] = ["", 0, false];
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, fileMsMax);
  };
  wait();
  child.on("message", (event: RelayedEvent) => {
    if (event.type === "file:began") {
      current = event.file;
      wait();
    } else if (event.type === "file:ended") ended += 1;
    take(event);
  });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => printed(current, text));
  child.on("error", reject);
  child.on("close", (code, signal) => {
    clearTimeout(timer);
    if (ended === files.length && code === 0) return resolve(ended);
    const why = late
      ? `it did not end within ${fileMsMax / 1_000} s: something goes on, or a test waits for what never comes`
      : `the process ended with ${code ?? signal}`;
    broke(join(root, files[ended] ?? files.at(-1) ?? ""), why);
    return resolve(ended + 1);
  });
  return promise;
}
