import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { findTests } from "./find-tests.ts";
import { EndedTests, type EndedTest } from "./ended-tests.ts";
import { runGroup } from "./run-group.ts";
import { arrangeTests } from "./sharing.ts";
import { TestReport } from "./test-report.ts";

/**
 * Runs the test files of a folder tree, each in a process of its own or, where they can, several in one; some more processes at
 * once than there are cores.
 *
 * @param options.words when there are any, only files whose path contains one of them
 * @param options.passed is told of each test that passed and holds no others
 * @returns whether all passed and nothing was left out
 */
export async function runTests(options: TestRun): Promise<boolean> {
  const { root, words } = options;
  const files = findTests(root, words);
  const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
  const report = new TestReport({ root, filesTotal: files.length, print: options.print });
  keepCompiledCode();
  const { groups, singling } = arrangeTests(files, textOf);
  await Promise.all([compileAhead(options), runGroups(options, groups, report), runByNode(options, singling, report)]);
  return report.finish(options.slowest === true);
}

interface TestRun {
  readonly root: string;
  readonly words: readonly string[];
  readonly print: (line: string) => void;
  readonly passed?: (test: EndedTest) => void;
  /** Tell at the end which files cost most. */
  readonly slowest?: boolean;
  /** How long may pass without a word of a file's tests, in milliseconds. */
  readonly silenceMsMax?: number;
}

async function runGroups(
  { root, passed, silenceMsMax = defaultSilenceMsMax }: TestRun,
  groups: readonly (readonly string[])[],
  report: TestReport,
): Promise<void> {
  const left = [...groups];
  const runNext = async (): Promise<void> => {
    const endedTests = new EndedTests();
    for (let group = left.shift(); group !== undefined; group = left.shift())
      await runGroup(root, group, {
        silenceMsMax,
        take: (event) => {
          report.takeRelayed(event);
          if (event.type !== "test:start" && event.type !== "test:pass" && event.type !== "test:fail") return;
          const ended = endedTests.take(event);
          if (ended?.passed === true && !ended.holdsOthers) passed?.(ended);
        },
        printed: (file, text) => report.keepOutput(file, text),
        broke: (file, why) => report.broke(file, why),
      });
  };
  // Some wait, for discs, time and other processes, while the others work.
  await Promise.all(Array.from({ length: availableParallelism() + waitingProcesses }, runNext));
}

const waitingProcesses = 2;

/** Files of which node itself must say that they leave tests out. */
async function runByNode(
  { root, passed, silenceMsMax = defaultSilenceMsMax }: TestRun,
  files: readonly string[],
  report: TestReport,
): Promise<void> {
  if (files.length === 0) return;
  const paths = files.map((file) => join(root, file));
  const events = run({ files: paths, concurrency: 1, timeout: silenceMsMax, cwd: root });
  const endedTests = new EndedTests();
  for await (const event of events as AsyncIterable<TestEvent>) {
    report.take(event);
    const ended = endedTests.take(event);
    if (ended?.passed === true && !ended.holdsOthers) passed?.(ended);
  }
}

const defaultSilenceMsMax = 180_000;

/**
 * Servers that tests start are often killed, and then do not keep what they compiled: so that it is done ahead of them where all tests
 * are run, or each of them would compile what has changed.
 */
async function compileAhead({ root, words }: TestRun): Promise<void> {
  const program = join(root, "cli/main.ts");
  if (words.length > 0 || !existsSync(program)) return;
  // Where testing/crash/server-process.ts has them look for it.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(process.env["NODE_COMPILE_CACHE"] ?? tmpdir(), "balcony") };
  // Where it fails, the tests of it say why.
  await once(spawn(process.execPath, [program, "compile"], { env, stdio: "ignore" }), "close");
}

/** The tests' processes start faster when compiled code is kept; each user has a directory that he may write. */
function keepCompiledCode(): void {
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), `balcony-compile-cache-${process.getuid?.() ?? "user"}`);
}
