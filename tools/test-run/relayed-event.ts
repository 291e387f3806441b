import type { TestEvent } from "node:test/reporters";
import { failureStory } from "./failure-story.ts";

/** What a process that runs test files says of them. */
export type RelayedEvent =
  | { readonly type: "file:began"; readonly file: string }
  | {
      readonly type: "file:ended";
      readonly file: string;
      readonly durationMs: number;
      /** What processors worked for it, with the start of the process for the first file. */
      readonly cpuMs: number;
      readonly succeeded: boolean;
      readonly counts: Counts;
    }
  | { readonly type: "file:said"; readonly file: string; readonly message: string }
  /** A test begins or ends at this moment; the others are told in order, once those before have ended. */
  | { readonly type: "test:dequeue" | "test:complete"; readonly name: string }
  | RelayedTest;

/** What became of one test. */
export interface RelayedTest {
  readonly type: "test:start" | "test:pass" | "test:fail";
  readonly data: {
    readonly name: string;
    readonly nesting: number;
    /** The absolute path of the test file, also where a helper in another file declares the test. */
    readonly file: string;
    readonly entryFile?: undefined;
    readonly details: { readonly type: string | undefined };
    readonly skip: string | boolean | undefined;
    readonly todo: string | boolean | undefined;
    /** What a failure tells; undefined where tests within have told it. */
    readonly story: string | undefined;
  };
}

/** Of tests, as node's runner counts them. */
export interface Counts {
  readonly tests: number;
  readonly suites: number;
  readonly passed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
}

/** What others are told of an event while a file is run; undefined where nothing. */
export function relayed(event: TestEvent, file: string): RelayedTest | undefined {
  if (event.type !== "test:start" && event.type !== "test:pass" && event.type !== "test:fail") return undefined;
  const { name, nesting } = event.data;
  const ended = event.type === "test:start" ? undefined : event.data;
  const error = event.type === "test:fail" ? event.data.details.error : undefined;
  return {
    type: event.type,
    data: {
      name,
      nesting,
      file,
      details: { type: ended?.details.type },
      skip: ended?.skip,
      todo: ended?.todo,
      story: error === undefined ? undefined : failureStory(error),
    },
  };
}
