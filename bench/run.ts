// node bench/run.ts [--json] [--runs N] [--target NAME]… [SCENARIO…]
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { measure } from "./measure.ts";
import { median, type Result, table } from "./report.ts";
import { scenarios } from "./scenarios/all.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { onSignal } from "./signals.ts";
import type { BenchTarget } from "./target.ts";
import { balcony } from "./targets/balcony.ts";
import { ejabberd } from "./targets/ejabberd.ts";
import { floor } from "./targets/floor.ts";
import { prosody } from "./targets/prosody.ts";

const targets: readonly BenchTarget[] = [floor, balcony, prosody, ejabberd];
const runsMax = 99;

const help = `node bench/run.ts [--json] [--runs N] [--target NAME]… [SCENARIO…]

Loads servers on this machine, one after the other, and prints what they cost, beside what Node's sockets alone cost.
The server has core 0, the load core 1; everything is on loopback.

  --json         print the results as JSON instead of a table
  --runs N       run everything N times and report medians (1)
  --target NAME  only this one, may be repeated: ${targets.map((target) => target.name).join(", ")} (all)

${scenarios.map((scenario) => `  ${scenario.name.padEnd(14)} ${scenario.summary}`).join("\n")}
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      runs: { type: "string", default: "1" },
      target: { type: "string", multiple: true, default: targets.map((target) => target.name) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const complaint = wrong(positionals, values.target, values.runs);
  if (complaint !== undefined) {
    process.stderr.write(`${complaint}\n\n${help}`);
    return 2;
  }
  const chosen = scenarios.filter((scenario) => positionals.length === 0 || positionals.includes(scenario.name));
  const runs = Number(values.runs);
  const stop = new AbortController();
  onSignal((status) => stop.abort(status));
  const measured = await run(chosen, values.target, runs, stop.signal);
  if (stop.signal.aborted) return Number(stop.signal.reason);
  if (values.json) process.stdout.write(`${JSON.stringify({ machine: machine(), runs, ...measured }, null, 2)}\n`);
  else {
    const text = table(chosen, measured.targets, measured.results);
    process.stdout.write(`${text}\n\n${[notes(measured, runs), ...archives(chosen, measured)].join("\n")}\n`);
  }
  return measured.results.some((result) => result.failure !== undefined) ? 1 : 0;
}

interface Outcome {
  readonly targets: readonly {
    readonly name: string;
    readonly version: string | undefined;
    readonly archive: string | undefined;
  }[];
  readonly results: readonly Result[];
}

/** Scenario by scenario and run by run, all targets in turn, so that a machine that changes its mind hits all alike. */
async function run(
  chosen: readonly Scenario[],
  names: readonly string[],
  runs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const wanted = targets.filter((target) => names.includes(target.name));
  const versions = await Promise.all(wanted.map(async (target) => ({ target, version: await target.version() })));
  const results: Result[] = [];
  for (const scenario of chosen) {
    const collected = new Map<BenchTarget, Record<string, number>[]>();
    for (let round = 1; round <= runs; round++) {
      for (const { target, version } of versions) {
        if (signal.aborted || version === undefined || failed(results, target, scenario)) continue;
        const lack = lackOf(target, scenario);
        if (lack !== undefined) {
          if (round === 1) process.stderr.write(`${scenario.name}: without ${target.name}, ${lack}\n`);
          continue;
        }
        process.stderr.write(`${scenario.name} on ${target.name}, ${round} of ${runs}\n`);
        const outcome = await measure(target, scenario, signal);
        if (outcome.kind === "figures")
          collected.set(target, [...(collected.get(target) ?? []), { ...outcome.figures }]);
        else {
          process.stderr.write(`${outcome.reason}\n`);
          results.push({ ...about(target, scenario, round), figures: {}, failure: outcome.reason });
        }
      }
    }
    for (const [target, all] of collected) {
      if (failed(results, target, scenario)) continue;
      const keys = scenario.figures.map((figure) => figure.key);
      const figures = Object.fromEntries(keys.map((key) => [key, median(all.map((each) => each[key] ?? Number.NaN))]));
      results.push({ ...about(target, scenario, all.length), figures });
    }
  }
  return {
    targets: versions.map(({ target, version }) => ({ name: target.name, version, archive: target.archive })),
    results,
  };
}

function about(target: BenchTarget, scenario: Scenario, runs: number): Omit<Result, "figures"> {
  const mechanism = scenario.mechanism ?? target.sessions.mechanism;
  return { scenario: scenario.name, target: target.name, mechanism, runs };
}

function failed(results: readonly Result[], target: BenchTarget, scenario: Scenario): boolean {
  return results.some(
    (result) => result.target === target.name && result.scenario === scenario.name && result.failure !== undefined,
  );
}

/** What a target lacks for a scenario; undefined where it has all. */
function lackOf(target: BenchTarget, scenario: Scenario): string | undefined {
  const { mechanism } = scenario;
  if (scenario.archive === true && target.archive === undefined) return "which has no archive";
  if (scenario.resumption === true && !target.resumption) return "whose sessions end with their connections";
  return mechanism === undefined || target.mechanisms.includes(mechanism) ? undefined : `which has no ${mechanism}`;
}

function wrong(names: readonly string[], targetNames: readonly string[], runs: string): string | undefined {
  const scenario = names.find((name) => !scenarios.some((known) => known.name === name));
  if (scenario !== undefined) return `There is no scenario "${scenario}".`;
  const target = targetNames.find((name) => !targets.some((known) => known.name === name));
  if (target !== undefined) return `There is no target "${target}".`;
  if (!/^[1-9]\d?$/.test(runs)) return `--runs takes a number from 1 to ${runsMax}.`;
  if (availableParallelism() < 2) return "The bench needs two cores: one for the server, one for the load.";
  return undefined;
}

function machine(): { readonly cpu: string; readonly cores: number; readonly node: string } {
  return { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version };
}

function notes(outcome: Outcome, runs: number): string {
  const { cpu, cores } = machine();
  const versions = outcome.targets.map((target) => target.version).filter((version) => version !== undefined);
  return `${runs === 1 ? "One run" : `Medians of ${runs} runs`} on ${cores} cores of ${cpu}. ${versions.join("; ")}.`;
}

/** How durable what is: figures of archives mean nothing without it. */
function archives(chosen: readonly Scenario[], outcome: Outcome): readonly string[] {
  if (!chosen.some((scenario) => scenario.archive === true)) return [];
  const told = outcome.targets.filter(({ version, archive }) => version !== undefined && archive !== undefined);
  return told.map(({ name, archive }) => `Archive of ${name}: ${archive ?? ""}`);
}
