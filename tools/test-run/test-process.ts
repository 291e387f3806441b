// Runs test files one after the other in this process and says to the parent what happens: `test-process.ts FILE…`. Each file must leave the
// process as it was, and nothing open: the next one begins when nothing more could happen in this one.

import { hash } from "node:crypto";
import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { processCpuMs } from "./process-cpu.ts";
import { relayed, type Counts, type RelayedEvent } from "./relayed-event.ts";

const none: Counts = { tests: 0, suites: 0, passed: 0, cancelled: 0, skipped: 0, todo: 0 };
const aCount = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /u;
/** Listeners that come and go with a run. */
const comesAndGoes = / (?:newListener|removeListener|uncaughtException|unhandledRejection|beforeExit|exit|SIG\w+)$/u;
const ofTheRunner: ReadonlySet<string> = new Set(["NODE_TEST_WORKER_ID", "NODE_TEST_CONTEXT"]);
/** What a library (zod, tslib) puts there as it is loaded, once, whoever loads it. */
const ofLibraries = /^__/u;

/** What was spent before; the start of the process counts for its first file. */
let cpuMsSeen = 0;

const files = process.argv.slice(2);
const isShared = files.length > 1;

for (const file of files) {
  // The end of a file is the end of all that the process has to do: something must begin anew.
  await new Promise((resolve) => setTimeout(resolve, 0));
  await runFile(file);
}

async function runFile(file: string): Promise<void> {
  tell({ type: "file:began", file });
  const before = stateOfProcess();
  let [counts, succeeded, durationMs] = [none, false, 0];
  let holdsTests = false;
  const events = run({ files: [file], isolation: "none" });
  // Told at once, ahead of what the stream keeps: the test may never return.
  for (const type of ["test:dequeue", "test:complete"] as const) events.on(type, ({ name }) => tell({ type, name }));
  for await (const event of events as AsyncIterable<TestEvent>) {
    if (event.type === "test:summary") {
      ({ counts, success: succeeded, duration_ms: durationMs } = event.data);
      continue;
    }
    if (event.type === "test:diagnostic" && !aCount.test(event.data.message))
      tell({ type: "file:said", file, message: event.data.message });
    const told = relayed(event, file);
    // A file without tests is a test to node, by its path.
    if (told === undefined || (told.type !== "test:fail" && told.data.name === file)) continue;
    holdsTests = true;
    tell(told);
  }
  const changed = stateOfProcess().symmetricDifference(before);
  if (isShared && changed.size > 0) {
    succeeded = false;
    tell(leftChanged(file, `changed, and visible to others: ${[...changed].join(", ")}`));
  }
  process.exitCode = undefined;
  const cpuMs = processCpuMs();
  const cost = { durationMs, cpuMs: cpuMs - cpuMsSeen };
  cpuMsSeen = cpuMs;
  tell({ type: "file:ended", file, ...cost, succeeded, counts: holdsTests ? counts : none });
}

/** What files that share a process would notice of one another. The environment's values are nobody's business. */
function stateOfProcess(): ReadonlySet<string> {
  const environment = Object.entries(process.env).filter(([name]) => !ofTheRunner.has(name));
  return new Set([
    ...environment.map(([name, value = ""]) => `the environment's ${name} (${hash("sha1", value).slice(0, 6)})`),
    `the working folder ${process.cwd()}`,
    ...Object.getOwnPropertyNames(globalThis)
      .filter((name) => !ofLibraries.test(name))
      .map((name) => `the global name ${name}`),
    ...process
      .eventNames()
      .map((name) => `${process.listenerCount(name)} listeners of ${String(name)}`)
      .filter((line) => !comesAndGoes.test(line)),
  ]);
}

function leftChanged(file: string, story: string): RelayedEvent {
  const name = "the process is left as it was found";
  return {
    type: "test:fail",
    data: { name, nesting: 0, file, details: { type: "test" }, skip: undefined, todo: undefined, story },
  };
}

function tell(event: RelayedEvent): void {
  process.send?.(event);
}
