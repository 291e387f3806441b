// npm run fuzz -- [TARGET…] [--seconds N | --round] [--jobs N] [--seed N] [--corpus DIR] [--findings DIR] [--keep] [--replay FILE] [--prove] [--help]
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { prove } from "./engine/prove.ts";
import { corpusFolder, readKept, writeKept } from "./engine/kept-inputs.ts";
import { regressionsFolder, writeRegression } from "./engine/regressions.ts";
import { roundSecondsMax, roundSeed } from "./engine/round.ts";
import { type TargetOptions, type TargetReport, runTarget } from "./engine/run-target.ts";
import { loadTarget, targetNames } from "./engine/targets.ts";
import type { FuzzProgress } from "./engine/task.ts";

const secondsMax = 86_400;
const jobsMax = 256;
const progressEveryMs = 5_000;

const headings = `${"target".padEnd(18)}  executions  CPU s  blocks reached  inputs kept  bytes  findings`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "30" },
    jobs: { type: "string", default: String(availableParallelism()) },
    round: { type: "boolean", default: false },
    seed: { type: "string" },
    corpus: { type: "string", default: corpusFolder },
    findings: { type: "string", default: regressionsFolder },
    keep: { type: "boolean", default: false },
    replay: { type: "string" },
    prove: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    say(await help());
    return 0;
  }
  const complaint = wrong();
  if (complaint !== undefined) {
    process.stderr.write(`${complaint}\n\n${await help()}\n`);
    return 2;
  }
  if (values.prove) return showProof();
  return values.replay === undefined ? fuzz() : replay(positionals[0] ?? "", values.replay);
}

async function help(): Promise<string> {
  const targets: string[] = [];
  for (const name of targetNames()) targets.push(`  ${name.padEnd(18)} ${(await loadTarget(name)).summary}`);
  return `npm run fuzz -- [TARGET…] [options]

Tries inputs on the targets (all, if none is named), guided by which parts of the program they reach. Ends with 1 when
something was found; the input is then in testing/fuzz/regressions, where npm test will try it from now on. Interrupted,
it reports, and keeps, what there is.

  --seconds N    for each target (30)
  --round        what CI does: the same inputs for the same tree, about 30 s of a core for each target
  --jobs N       threads at the same time (as many as there are cores)
  --seed N       the same chance again, on one thread (another one every time)
  --corpus DIR   where inputs are kept from run to run (testing/fuzz/corpus)
  --findings DIR where inputs are put that find something (testing/fuzz/regressions)
  --keep         keep there what was learned: the fewest inputs that reach all that was reached
  --replay FILE  try one input on one TARGET, and say what happens
  --prove        show that a planted bug is found with guidance, and without it is not

${targets.join("\n")}
`;
}

function wrong(): string | undefined {
  const known = targetNames();
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) return `there is no target ${unknown}`;
  if (!isCount(values.seconds, secondsMax)) return `--seconds takes a number from 1 to ${secondsMax}`;
  if (!isCount(values.jobs, jobsMax)) return `--jobs takes a number from 1 to ${jobsMax}`;
  if (values.seed !== undefined && !/^\d{1,9}$/u.test(values.seed)) return "--seed takes a number of up to nine digits";
  if (values.replay !== undefined && positionals.length !== 1)
    return "--replay wants the one TARGET that the input is for";
  return undefined;
}

function isCount(text: string, max: number): boolean {
  return /^\d{1,9}$/u.test(text) && Number(text) >= 1 && Number(text) <= max;
}

async function replay(name: string, file: string): Promise<number> {
  const target = await loadTarget(name);
  try {
    target.run(readFileSync(file, "latin1"));
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? String(error)) : String(error));
    return 1;
  }
  say(`${file}: ${name} has nothing against it`);
  return 0;
}

async function showProof(): Promise<number> {
  const guided = await prove(true);
  const unguided = await prove(false, guided.executions);
  for (const proof of [guided, unguided])
    say(
      `${proof.guided ? "with" : "without"} guidance: ${proof.found ? "found" : "not found"} in ${proof.executions} executions`,
    );
  if (guided.input !== undefined) say(JSON.stringify(guided.input));
  return guided.found && !unguided.found ? 0 : 1;
}

type Effort = Pick<TargetOptions, "threads" | "seed" | "milliseconds" | "executionsMax" | "inputs">;

interface Running {
  readonly name: string;
  progress: FuzzProgress;
  readonly since: number;
}

/** What the options ask for, of each target. */
async function effort(name: string, threads: number): Promise<Effort> {
  const { roundExecutions } = await loadTarget(name);
  const inputs = readKept(values.corpus, name);
  if (values.round)
    return {
      threads: 1,
      seed: values.seed === undefined ? roundSeed() : Number(values.seed),
      milliseconds: roundSecondsMax * 1_000,
      executionsMax: roundExecutions,
      inputs,
    };
  return {
    threads: values.seed === undefined ? threads : 1,
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed),
    milliseconds: Number(values.seconds) * 1_000,
    executionsMax: Infinity,
    inputs,
  };
}

async function fuzz(): Promise<number> {
  const names = positionals.length > 0 ? positionals : targetNames();
  const jobs = Number(values.jobs);
  const threads = Math.max(1, Math.floor(jobs / names.length));
  const waiting = [...names];
  const running = new Set<Running>();
  const reports: { readonly name: string; readonly report: TargetReport; readonly files: readonly string[] }[] = [];
  const line = setInterval(() => say([...running].map(progressLine).join("   ")), progressEveryMs);
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (interrupted.signal.aborted) return;
      const now: Running = {
        name,
        progress: { executions: 0, entered: 0, blocks: 0, inputs: 0 },
        since: performance.now(),
      };
      running.add(now);
      const report = await runTarget({
        target: name,
        guided: true,
        untilFound: false,
        planted: undefined,
        progressed: (progress) => (now.progress = progress),
        end: interrupted.signal,
        ...(await effort(name, threads)),
      });
      running.delete(now);
      if (values.keep && report.kept.length > 0) writeKept(values.corpus, name, report.kept);
      reports.push({ name, report, files: tellFindings(name, report) });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, names.length) }, work));
  } finally {
    clearInterval(line);
  }
  say(`\n${[headings, ...reports.map(reportLine)].join("\n")}\n`);
  if (values.round) say(`seed ${values.seed ?? roundSeed()}; the same tree gives the same round\n`);
  if (interrupted.signal.aborted) say(`interrupted: ${reports.length} of ${names.length} targets were tried`);
  const failed = reports.filter(({ files }) => files.length > 0).length;
  say(`${reports.length - failed} passed, ${failed} failed`);
  return failed === 0 && !interrupted.signal.aborted ? 0 : 1;
}

function tellFindings(name: string, { findings }: TargetReport): readonly string[] {
  return findings.map(({ input, report }) => {
    const file = writeRegression(values.findings, name, input);
    say(`\n${name} found something with ${JSON.stringify(input)}\n${report}\n`);
    say(`Once more: npm run fuzz -- ${name} --replay ${file}\n`);
    return file;
  });
}

function progressLine({ name, progress, since }: Running): string {
  const rate = Math.round(progress.executions / ((performance.now() - since) / 1_000));
  return `${name}: ${progress.executions} (${rate}/s), ${progress.entered} of ${progress.blocks} blocks, ${progress.inputs} inputs`;
}

function reportLine({ files, name, report }: { name: string; report: TargetReport; files: readonly string[] }): string {
  const { cpuSeconds, kept, progress } = report;
  const bytes = kept.reduce((sum, input) => sum + input.length, 0);
  return [
    name.padEnd(18),
    String(progress.executions).padStart(10),
    cpuSeconds.toFixed(0).padStart(5),
    `${progress.entered} of ${progress.blocks}`.padStart(14),
    String(kept.length).padStart(11),
    String(bytes).padStart(5),
    String(files.length).padStart(8),
  ].join("  ");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
