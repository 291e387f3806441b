import { readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { findTests } from "./find-tests.ts";
import { EndedTests, type EndedTest } from "./ended-tests.ts";
import { runShared } from "./run-shared.ts";
import { arrangeTests } from "./sharing.ts";
import { TestReport } from "./test-report.ts";

/**
 * Runs the test files of a folder tree, each in a process of its own or, where they can, several in one; as many processes at
 * once as there are cores.
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
  const { shared, alone } = arrangeTests(files, textOf);
  await Promise.all([runEachAlone(options, alone, report), runAllShared(options, shared, report)]);
  return report.finish();
}

interface TestRun {
  readonly root: string;
  readonly words: readonly string[];
  readonly print: (line: string) => void;
  readonly passed?: (test: EndedTest) => void;
  /** How long one file may take, in milliseconds. */
  readonly fileMsMax?: number;
}

async function runEachAlone(
  { root, passed, fileMsMax = defaultFileMsMax }: TestRun,
  files: readonly string[],
  report: TestReport,
): Promise<void> {
  if (files.length === 0) return;
  const events = run({
    files: files.map((file) => join(root, file)),
    // With what shares processes one more than cores: some wait, for discs and for other processes, while the others work.
    concurrency: availableParallelism(),
    timeout: fileMsMax,
    cwd: root,
  });
  const endedTests = new EndedTests();
  for await (const event of events as AsyncIterable<TestEvent>) {
    report.take(event);
    const ended = endedTests.take(event);
    if (ended?.passed === true && !ended.holdsOthers) passed?.(ended);
  }
}

async function runAllShared(
  { root, passed, fileMsMax = defaultFileMsMax }: TestRun,
  groups: readonly (readonly string[])[],
  report: TestReport,
): Promise<void> {
  const endedTests = new EndedTests();
  const left = [...groups];
  const runNext = async (): Promise<void> => {
    for (let group = left.shift(); group !== undefined; group = left.shift())
      await runShared(root, group, {
        fileMsMax,
        take: (event) => {
          report.takeRelayed(event);
          if (event.type === "file:began" || event.type === "file:said" || event.type === "file:ended") return;
          const ended = endedTests.take(event);
          if (ended?.passed === true && !ended.holdsOthers) passed?.(ended);
        },
        printed: (file, text) => report.keepOutput(file, text),
        broke: (file, why) => report.broke(file, why),
      });
  };
  await Promise.all(Array.from({ length: Math.ceil(availableParallelism() / 2) }, runNext));
}

const defaultFileMsMax = 120_000;

/** The tests' processes start faster when compiled code is kept; each user has a directory that he may write. */
function keepCompiledCode(): void {
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), `balcony-compile-cache-${process.getuid?.() ?? "user"}`);
}
