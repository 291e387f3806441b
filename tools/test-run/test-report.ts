import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/**
 * Turns the events of node's test runner into lines: one for each file that ends, the whole story of each failure, and node's own closing summary.
 * What passes elsewhere fails here: no test at all, a file without a test, a test that was skipped, put off or singled out.
 */
export class TestReport {
  readonly #root: string;
  readonly #filesTotal: number;
  readonly #print: (line: string) => void;
  readonly #printed = new Map<string, string[]>();
  readonly #problems: string[] = [];
  readonly #summary: string[] = [];
  #filesDone = 0;
  #testsTotal = 0;
  #succeeded = false;

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
        return this.#failed(event.data);
      case "test:stdout":
      case "test:stderr":
        return this.#keepOutput(event.data.file, event.data.message);
      case "test:diagnostic":
        return this.#diagnosed(event.data);
      case "test:summary":
        return this.#summed(event.data);
      default:
        return undefined;
    }
  }

  /** Prints the end of the report and tells whether everything is as it should be. */
  finish(): boolean {
    if (this.#testsTotal === 0) this.#problems.push("no test was run");
    for (const problem of this.#problems) this.#print(`✖ ${problem}`);
    for (const line of this.#summary) this.#print(`ℹ ${line}`);
    return this.#succeeded && this.#problems.length === 0;
  }

  #passed(data: EventData<"test:pass">): void {
    const where = this.#where(data.file);
    if (data.nesting === 0 && data.name === data.file) {
      this.#fileDone(where, 0, data.details.duration_ms);
      this.#problems.push(`${where}: the file holds no test`);
    }
    if (data.skip !== undefined && data.skip !== false)
      this.#problems.push(`${where}: "${data.name}" was skipped: make it pass or remove it`);
    if (data.todo !== undefined && data.todo !== false)
      this.#problems.push(`${where}: "${data.name}" is still to do: write it or remove it`);
  }

  #failed(data: EventData<"test:fail">): void {
    const where = this.#where(data.file);
    const failure: unknown = data.details.error;
    if (isSubtestsFailure(failure)) return; // told where it happened
    const error = failure instanceof Error ? (failure.cause ?? failure) : failure;
    if (data.todo !== undefined && data.todo !== false)
      this.#problems.push(`${where}: "${data.name}" is still to do and fails`);
    this.#print(
      `✖ ${where}: ${data.nesting === 0 && data.name === data.file ? "the file ended with an error" : data.name}`,
    );
    this.#print(indent(story(error)));
    if (data.file === undefined) return;
    const output = this.#printed.get(data.file)?.join("").trimEnd();
    if (output) this.#print(indent(`what it printed:\n${output}`));
    this.#printed.delete(data.file);
  }

  #keepOutput(file: string, message: string): void {
    const kept = this.#printed.get(file) ?? [];
    if (kept.length < outputChunksMax) kept.push(message);
    this.#printed.set(file, kept);
  }

  #diagnosed(data: EventData<"test:diagnostic">): void {
    if (data.file === undefined && data.nesting === 0) this.#summary.push(data.message);
    else if (data.message.includes("--test-only"))
      this.#problems.push(`${this.#where(data.file)}: a test is singled out with only`);
    else this.#print(`· ${this.#where(data.file)}: ${data.message}`);
  }

  #summed(data: EventData<"test:summary">): void {
    if (data.file === undefined) {
      this.#testsTotal = data.counts.tests;
      this.#succeeded = data.success;
    } else {
      this.#fileDone(this.#where(data.file), data.counts.tests, data.duration_ms, data.success);
      this.#printed.delete(data.file);
    }
  }

  #fileDone(where: string, tests: number, durationMs: number, success = true): void {
    this.#filesDone += 1;
    const progress = `${String(this.#filesDone).padStart(String(this.#filesTotal).length)}/${this.#filesTotal}`;
    this.#print(
      `${success ? "✔" : "✖"} ${progress} ${where}: ${tests} ${tests === 1 ? "test" : "tests"}, ${Math.round(durationMs)} ms`,
    );
  }

  #where(file: string | undefined): string {
    return file === undefined ? "the runner" : relative(this.#root, file);
  }
}

/** How many pieces of a file's output are kept for the case that it fails. */
const outputChunksMax = 500;

type EventData<Type extends TestEvent["type"]> = Extract<TestEvent, { readonly type: Type }>["data"];

function isSubtestsFailure(failure: unknown): boolean {
  return failure instanceof Error && "failureType" in failure && failure.failureType === "subtestsFailed";
}

function story(error: unknown): string {
  // Node's assertions hold both values and their difference already in the message.
  if (error instanceof Error && "code" in error && error.code === "ERR_ASSERTION") return error.stack ?? error.message;
  return typeof error === "string" ? error : inspect(error, { depth: 8, maxStringLength: 20_000 });
}

function indent(text: string): string {
  return text.replaceAll(/^/gmu, "    ");
}
