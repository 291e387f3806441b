import { setImmediate } from "node:timers/promises";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { AskedWords } from "./asked-words.ts";
import { Coverage } from "./coverage.ts";
import { CurrentInput } from "./current-input.ts";
import { Fuzzer } from "./fuzzer.ts";
import { instrumentImports } from "./instrumented-imports.ts";
import { Random } from "./random.ts";
import { loadTarget } from "./targets.ts";
import type { FuzzNews, FuzzProgress, FuzzTask, FuzzWord } from "./task.ts";

const progressEveryMs = 500;
/** Looking at the clock costs something too. */
const executionsBetweenLooks = 16;

const task: FuzzTask = workerData;
if (parentPort === null) throw new Error("fuzz-thread.ts is run by fuzz.ts, as a thread");
await work(task, parentPort);

async function work(task: FuzzTask, port: MessagePort): Promise<void> {
  const coverage = new Coverage();
  const asked = new AskedWords();
  const words = instrumentImports(coverage, asked, task.planted);
  const target = await loadTarget(task.target);
  const current = new CurrentInput(task.current);
  const tell = (news: FuzzNews): void => port.postMessage(news);
  let telling = false;
  const fuzzer = new Fuzzer({
    target,
    coverage,
    asked,
    random: new Random(task.seed),
    words: [...words],
    guided: task.guided,
    trying: (input, executions) => current.set(input, executions),
    learned: (input) => {
      if (telling) tell({ type: "learned", input });
    },
  });
  const progress = (): FuzzProgress => ({
    executions: fuzzer.executions,
    entered: coverage.entered,
    blocks: coverage.blocks,
    inputs: fuzzer.inputs.length,
  });
  const end = performance.now() + task.milliseconds;
  let ended = false;
  const isOver = (): boolean =>
    ended || fuzzer.executions >= task.executionsMax || (task.untilFound && fuzzer.findings.size > 0);

  /** Where the beginning alone takes long, somebody may want to end it all the same. */
  const listen = (): void => {
    for (let told = receiveMessageOnPort(port); told !== undefined; told = receiveMessageOnPort(port)) {
      const word: FuzzWord = told.message;
      if (word.type === "hint") fuzzer.addLearned(word.input);
      else ended = true;
    }
  };

  let toldAt = performance.now();
  const begin = (input: string, add: (input: string) => void): void => {
    listen();
    if (ended) return;
    add(input);
    if (performance.now() < toldAt + progressEveryMs) return;
    toldAt = performance.now();
    tell({ type: "progress", progress: progress() });
  };
  for (const input of target.seeds) begin(input, (seed) => fuzzer.add(seed));
  for (const input of task.inputs) begin(input, (kept) => fuzzer.addLearned(kept));
  // What was not tried would be lost.
  const triedAll = !ended;
  telling = true;
  for (let now = performance.now(); now < end && !isOver();) {
    const next = now + progressEveryMs;
    for (; now < next && !isOver(); now = performance.now())
      for (let count = 0; count < executionsBetweenLooks && !isOver(); count++) fuzzer.step();
    tell({ type: "progress", progress: progress() });
    listen();
    // Lets go of what the target left for later, if it did.
    await setImmediate();
  }
  const last = progress();
  const kept = triedAll ? fuzzer.kept() : [];
  tell({ type: "done", progress: last, findings: [...fuzzer.findings.values()], kept });
}
