import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { failureStory } from "./failure-story.ts";
import type { Counts, RelayedEvent } from "./relayed-event.ts";

/**
 * Turns the events of node's test runner into lines: one for each file that ends, the whole story of each failure, and the counts of all.
 * What passes elsewhere fails here: no test at all, a file without a test, a test that was skipped, put off or singled out.
 */
export class TestReport {
  readonly #root: string;
  readonly #filesTotal: number;
  readonly #print: (line: string) => void;
  readonly #printed = new Map<string, string[]>();
  readonly #problems: string[] = [];
  readonly #costs: { readonly where: string; readonly cpuMs: number }[] = [];
  #counts: Counts = { tests: 0, suites: 0, passed: 0, cancelled: 0, skipped: 0, todo: 0 };
  readonly #began = performance.now();
  #filesDone = 0;

  constructor(options: { readonly root: string; readonly filesTotal: number; readonly print: (line: string) => void }) {
    this.#root = options.root;
    this.#filesTotal = options.filesTotal;
    this.#print = options.print;
  }

  take(event: TestEvent): void {
    switch (event.type) {
      case "test:pass":
        return this.#passed(event.data);
      case "test:fail":
        return this.#failed(event.data, failureStory(event.data.details.error));
      case "test:stdout":
      case "test:stderr":
        return this.keepOutput(event.data.file, event.data.message);
      case "test:diagnostic":
        return this.#diagnosed(event.data);
      case "test:summary":
        return this.#summed(event.data);
      default:
        return undefined;
    }
  }

  /** The same, from a process that runs test files one after the other. */
  takeRelayed(event: RelayedEvent): void {
    switch (event.type) {
      case "test:pass":
        return this.#passed(event.data);
      case "test:fail":
        return this.#failed(event.data, event.data.story);
      case "file:said":
        return this.#print(`· ${this.#where(event.file)}: ${event.message}`);
      case "file:ended": {
        const { file, counts, succeeded } = event;
        const where = this.#where(file);
        if (counts.tests === 0 && succeeded) this.#problems.push(`${where}: the file holds no test`);
        if (!succeeded) this.#problems.push(`${where}: the file did not succeed`);
        this.#count(counts);
        this.#printed.delete(file);
        return this.#fileDone(where, counts.tests, event, succeeded);
      }
      default:
        return undefined;
    }
  }

  /** A file took its process down. */
  broke(file: string, why: string): void {
    const where = this.#where(file);
    this.#problems.push(`${where}: ${why}`);
    const output = this.#printed.get(file)?.join("").trimEnd();
    if (output) this.#print(indent(`what it printed:\n${output}`));
    this.#fileDone(where, 0, {}, false);
  }

  /** Prints the end of the report and tells whether everything is as it should be. */
  finish(slowest: boolean): boolean {
    const { passed: pass, ...others } = this.#counts;
    const fail = others.tests - pass - others.cancelled - others.skipped - others.todo;
    if (others.tests === 0) this.#problems.push("no test was run");
    if (this.#filesDone !== this.#filesTotal)
      this.#problems.push(`${this.#filesTotal - this.#filesDone} files were not run to their end`);
    if (slowest) this.#tellSlowest();
    for (const problem of this.#problems) this.#print(`✖ ${problem}`);
    for (const [what, count] of Object.entries({ ...others, pass, fail })) this.#print(`ℹ ${what} ${count}`);
    this.#print(`ℹ duration_ms ${(performance.now() - this.#began).toFixed(0)}`);
    this.#print(`ℹ cpu_ms ${this.#costs.reduce((sum, { cpuMs }) => sum + cpuMs, 0).toFixed(0)}`);
    return this.#problems.length === 0 && fail === 0 && others.cancelled === 0;
  }

  #tellSlowest(): void {
    const most = this.#costs.toSorted((a, b) => b.cpuMs - a.cpuMs).slice(0, slowestFiles);
    this.#print("· what costs most, in CPU seconds (with the start of a process where it is the first in one):");
    for (const { where, cpuMs } of most) this.#print(`    ${(cpuMs / 1_000).toFixed(2).padStart(7)}  ${where}`);
  }

  #passed(data: TestData): void {
    const where = this.#where(data.file);
    if (data.nesting === 0 && data.name === data.file) {
      this.#fileDone(where, 0, {});
      this.#problems.push(`${where}: the file holds no test`);
    }
    if (data.skip !== undefined && data.skip !== false)
      this.#problems.push(`${where}: "${data.name}" was skipped: make it pass or remove it`);
    if (data.todo !== undefined && data.todo !== false)
      this.#problems.push(`${where}: "${data.name}" is still to do: write it or remove it`);
  }

  #failed(data: TestData, story: string | undefined): void {
    const where = this.#where(data.file);
    if (story === undefined) return; // told where it happened
    if (data.todo !== undefined && data.todo !== false)
      this.#problems.push(`${where}: "${data.name}" is still to do and fails`);
    this.#print(
      `✖ ${where}: ${data.nesting === 0 && data.name === data.file ? "the file ended with an error" : data.name}`,
    );
    this.#print(indent(story));
    if (data.file === undefined) return;
    const output = this.#printed.get(data.file)?.join("").trimEnd();
    if (output) this.#print(indent(`what it printed:\n${output}`));
    this.#printed.delete(data.file);
  }

  /** What a file prints is told only when it fails. */
  keepOutput(file: string, message: string): void {
    const kept = this.#printed.get(file) ?? [];
    if (kept.length < outputChunksMax) kept.push(message);
    this.#printed.set(file, kept);
  }

  #diagnosed(data: EventData<"test:diagnostic">): void {
    // Node's own counts are of its share alone.
    if (data.file === undefined && data.nesting === 0) return;
    if (data.message.includes("--test-only"))
      this.#problems.push(`${this.#where(data.file)}: a test is singled out with only`);
    else this.#print(`· ${this.#where(data.file)}: ${data.message}`);
  }

  #summed(data: EventData<"test:summary">): void {
    if (data.file === undefined) {
      this.#count(data.counts);
      if (!data.success) this.#problems.push("not everything succeeded");
    } else {
      this.#fileDone(this.#where(data.file), data.counts.tests, { durationMs: data.duration_ms }, data.success);
      this.#printed.delete(data.file);
    }
  }

  #fileDone(where: string, tests: number, { durationMs = 0, cpuMs = 0 }: Cost, success = true): void {
    this.#filesDone += 1;
    this.#costs.push({ where, cpuMs });
    const progress = `${String(this.#filesDone).padStart(String(this.#filesTotal).length)}/${this.#filesTotal}`;
    this.#print(
      `${success ? "✔" : "✖"} ${progress} ${where}: ${tests} ${tests === 1 ? "test" : "tests"}, ${Math.round(durationMs)} ms, CPU ${Math.round(cpuMs)} ms`,
    );
  }

  #count(counts: Counts): void {
    const sum = this.#counts;
    this.#counts = {
      tests: sum.tests + counts.tests,
      suites: sum.suites + counts.suites,
      passed: sum.passed + counts.passed,
      cancelled: sum.cancelled + counts.cancelled,
      skipped: sum.skipped + counts.skipped,
      todo: sum.todo + counts.todo,
    };
  }

  #where(file: string | undefined): string {
    return file === undefined ? "the runner" : relative(this.#root, file);
  }
}

/** How many pieces of a file's output are kept for the case that it fails. */
const outputChunksMax = 500;

/** How many files are told that cost most. */
const slowestFiles = 40;

interface Cost {
  readonly durationMs?: number;
  readonly cpuMs?: number;
}

/** What is told of a test that ended. */
interface TestData {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
}

type EventData<Type extends TestEvent["type"]> = Extract<TestEvent, { readonly type: Type }>["data"];

function indent(text: string): string {
  return text.replaceAll(/^/gmu, "    ");
}
