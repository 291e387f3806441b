import type { TestEvent } from "node:test/reporters";
import type { RelayedTest } from "./relayed-event.ts";

/** A test that ended. */
export interface EndedTest {
  /** The absolute path of the test file, also where a helper in another file declares the test. */
  readonly file: string;
  /** The names of the suites and tests that hold it, outermost first, and its own. */
  readonly names: readonly string[];
  /** Whether it was run and nothing failed. */
  readonly passed: boolean;
  /** Whether it is a suite, or a test with tests within. */
  readonly holdsOthers: boolean;
}

/** Tells from the runner's events, which name a test without those that hold it, which tests ended, and how. */
export class EndedTests {
  /** For each file that is being reported, the tests that have begun and not ended, outermost first. */
  readonly #begun = new Map<string, { readonly name: string; holdsOthers: boolean }[]>();

  /** The test that ended with this event, if one did. */
  take(event: TestEvent | RelayedTest): EndedTest | undefined {
    if (event.type !== "test:start" && event.type !== "test:pass" && event.type !== "test:fail") return undefined;
    const { name, nesting } = event.data;
    const file = event.data.entryFile ?? event.data.file;
    if (file === undefined) return undefined;
    const begun = this.#begun.get(file) ?? [];
    if (event.type === "test:start") {
      const holder = begun[nesting - 1];
      if (holder !== undefined) holder.holdsOthers = true;
      this.#begun.set(file, [...begun.slice(0, nesting), { name, holdsOthers: false }]);
      return undefined;
    }
    const ended = begun[nesting];
    if (nesting === 0) this.#begun.delete(file);
    const { details, skip, todo } = event.data;
    return {
      file,
      names: [...begun.slice(0, nesting).map((test) => test.name), name],
      passed: event.type === "test:pass" && !isLeftOut(skip) && !isLeftOut(todo),
      holdsOthers: details.type === "suite" || ended?.holdsOthers === true,
    };
  }
}

function isLeftOut(mark: string | boolean | undefined): boolean {
  return mark !== undefined && mark !== false;
}
