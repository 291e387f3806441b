import assert from "node:assert/strict";
import { test } from "node:test";
import { proofTarget } from "./prove.ts";
import { runTarget } from "./run-target.ts";
import { runThread } from "./run-thread.ts";

const task = { target: proofTarget, seed: 1, guided: true, executionsMax: 20_000, milliseconds: Infinity, inputs: [] };
const before = "if (spaceEnd(text, end) < text.length)";
const path = "protocol/xml/read.ts";

test("an input that never ends is found", async () => {
  const planted = { path, before, code: "while (element.name === 'hang');\n" };
  const hanging = { ...task, inputs: ["<hang/>"], untilFound: true, planted };
  const { findings } = await runThread(hanging, {}, 2).report;
  assert.deepEqual(
    findings.map(({ input, report }) => [input, /more than 2 s/u.test(report)]),
    [["<hang/>", true]],
  );
});

test("what is found is shrunk, told once, and with the line that threw", async () => {
  const planted = { path, before, code: "if (element.attr('b') === '1') throw new Error('planted');\n" };
  const { findings, progress } = await runThread({
    ...task,
    inputs: ["<long c='2' b='1'>text</long>"],
    untilFound: false,
    planted,
  }).report;
  assert.ok(progress.executions >= task.executionsMax);
  assert.equal(findings.length, 1);
  assert.match(findings[0]?.input ?? "", /^<long b='1'(?:\/>|><\/long>)$/u);
  assert.match(findings[0]?.signature ?? "", /^Error protocol\/xml\/read\.ts:\d+$/u);
  assert.match(findings[0]?.report ?? "", /planted/u);
});

test("the same seed finds the same", async () => {
  const run = async () => (await runThread({ ...task, untilFound: false, planted: undefined }).report).kept;
  const [first, second] = [await run(), await run()];
  assert.ok(first.length > 20);
  assert.deepEqual(first, second);
});

test("a thread that is told to end says what it has learned", async () => {
  const thread = runThread(
    { ...task, executionsMax: Infinity, untilFound: false, planted: undefined },
    { progressed: () => thread.tell({ type: "end" }) },
  );
  const { executions, inputs } = (await thread.report).progress;
  assert.ok(executions > 0 && inputs > 0);
});

test("a thread that is told to end does not try first all that was kept, nor has it thrown away", async () => {
  const inputs = Array.from({ length: 50_000 }, (_, number) => `<a b='${number}'/>`);
  const thread = runThread({ ...task, executionsMax: Infinity, untilFound: false, planted: undefined, inputs });
  thread.tell({ type: "end" });
  const { kept, progress } = await thread.report;
  assert.ok(progress.executions < inputs.length, `${progress.executions} executions`);
  assert.deepEqual(kept, []);
});

test("a search that was interrupted before its threads were there ends at once", async () => {
  const search = { ...task, untilFound: false, planted: undefined };
  const report = await runTarget({ ...search, threads: 2, progressed: () => {}, end: AbortSignal.abort() });
  assert.deepEqual(report.findings, []);
  assert.ok(report.progress.executions < 1_000, `${report.progress.executions} executions`);
});

test("what was kept is not shrunk once more: it costs two executions where it is worth something", async () => {
  const long = `<a b='${"x".repeat(200)}'>&amp;<![CDATA[x]]></a>`;
  const only = { ...task, executionsMax: 1, untilFound: false, planted: undefined };
  const { progress } = await runThread({ ...only, inputs: [] }).report;
  const { progress: more } = await runThread({ ...only, inputs: [long] }).report;
  assert.equal(more.inputs, progress.inputs + 1);
  assert.equal(more.executions, progress.executions + 2);
});
