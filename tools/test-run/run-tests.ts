import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { findTests } from "./find-tests.ts";
import { EndedTests, type EndedTest } from "./ended-tests.ts";
import { TestReport } from "./test-report.ts";

/**
 * Runs the test files of a folder tree, each in a process of its own, as many at once as there are cores.
 *
 * @param options.words when there are any, only files whose path contains one of them
 * @param options.passed is told of each test that passed and holds no others
 * @returns whether all passed and nothing was left out
 */
export async function runTests(options: {
  readonly root: string;
  readonly words: readonly string[];
  readonly print: (line: string) => void;
  readonly passed?: (test: EndedTest) => void;
}): Promise<boolean> {
  const files = findTests(options.root, options.words);
  const report = new TestReport({ root: options.root, filesTotal: files.length, print: options.print });
  if (files.length > 0) {
    keepCompiledCode();
    const events = run({
      files: files.map((file) => join(options.root, file)),
      // One more than cores: some wait, for discs and for other processes, while the others work.
      concurrency: availableParallelism() + 1,
      timeout: fileMsMax,
      cwd: options.root,
    });
    const endedTests = new EndedTests();
    for await (const event of events as AsyncIterable<TestEvent>) {
      report.take(event);
      const ended = endedTests.take(event);
      if (ended?.passed === true && !ended.holdsOthers) options.passed?.(ended);
    }
  }
  return report.finish();
}

const fileMsMax = 120_000;

/** The tests' processes start faster when compiled code is kept; each user has a directory that he may write. */
function keepCompiledCode(): void {
  process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), `balcony-compile-cache-${process.getuid?.() ?? "user"}`);
}
