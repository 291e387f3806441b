import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What the runner's process says of a test that ended. */
export interface CarryingTestLine {
  /** A test that carries the id, one that does not, or a file that failed as a whole. */
  readonly kind: "carrying" | "other" | "file";
  readonly passed: boolean;
  readonly name: string;
}

export interface CarryingRun {
  /** How many tests with the id passed. */
  readonly passed: number;
  /** The first test with the id that failed, or the file that did when its tests had begun. */
  readonly failed: string | undefined;
  /** No test was begun at all, in any of the files. */
  readonly loaded: boolean;
  readonly hung: boolean;
}

/**
 * Runs the tests that carry an id, in processes of their own, and ends them as soon as one fails.
 *
 * @param options.root the tree to run them in
 * @param options.files relative to it
 * @param options.msMax they are ended after so many milliseconds
 */
export async function runCarryingTests(options: {
  readonly root: string;
  readonly id: string;
  readonly mode: "pattern" | "whole";
  readonly files: readonly string[];
  readonly msMax: number;
}): Promise<CarryingRun> {
  const { root, id, mode, files, msMax } = options;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "carrying-tests.ts"), id, mode, ...files.map((file) => join(root, file))],
    // A group of its own, so that what the tests start can be ended with them.
    { cwd: root, env, detached: true, stdio: ["ignore", "pipe", "ignore"] },
  );
  const stop = () => endGroup(child.pid);
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const found = { passed: 0, failed: undefined as string | undefined, loaded: false, hung: false };
  const timer = setTimeout(() => {
    found.hung = true;
    stop();
  }, msMax);
  for await (const text of createInterface({ input: child.stdout })) {
    const line = readLine(text);
    if (line.kind !== "file") found.loaded = true;
    if (line.kind === "carrying" && line.passed) found.passed += 1;
    if (line.passed || line.kind === "other" || (line.kind === "file" && !found.loaded)) continue;
    found.failed ??= line.name;
    stop();
  }
  await ended;
  clearTimeout(timer);
  stop();
  return found;
}

function readLine(text: string): CarryingTestLine {
  const line: unknown = JSON.parse(text);
  if (typeof line !== "object" || line === null || !("kind" in line) || !("passed" in line) || !("name" in line))
    throw new Error(`not a line of carrying-tests.ts: ${text}`);
  const kind = line.kind === "carrying" || line.kind === "file" ? line.kind : "other";
  return { kind, passed: line.passed === true, name: String(line.name) };
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    // Nobody of the group is left.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
