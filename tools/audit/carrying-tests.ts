// Runs the tests that carry a requirement's id, and prints a line of JSON for each: `carrying-tests.ts ID pattern|whole FILE…`. With `whole` all
// tests of the files are run: those within a test whose own name lacks the id are not there for a pattern to find.

import { run } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { EndedTests } from "../test-run/ended-tests.ts";
import type { CarryingTestLine } from "./run-carrying-tests.ts";

const [id = "", mode = "", ...files] = process.argv.slice(2);
const ended = new EndedTests();
const events = run({
  files,
  concurrency: 1,
  ...(mode === "pattern" && { testNamePatterns: [new RegExp(RegExp.escape(`[${id}]`), "u")] }),
});
for await (const event of events as AsyncIterable<TestEvent>) {
  const test = ended.take(event);
  if (test === undefined) continue;
  const name = test.names.join(" › ");
  const isFile = test.names.length === 1 && test.names[0] === test.file;
  const line: CarryingTestLine = {
    kind: isFile ? "file" : name.includes(`[${id}]`) ? "carrying" : "other",
    passed: test.passed,
    name,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
