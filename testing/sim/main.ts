// `npm run sim`: whole servers with their clients on virtual clocks, one for each seed.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { brokeDown } from "./broke-down.ts";
import { generateScenario, latestEdition } from "./generate-scenario.ts";
import { addHits, noHits, showHits } from "./hits.ts";
import { runScenario } from "./run-scenario.ts";
import { commandFor, type WorldKind } from "./play-command.ts";
import { runSeeds, type SeedResult } from "./seed-pool.ts";
import { shrink } from "./shrink.ts";
import { showStep, type Scenario } from "./steps.ts";

const help = `Plays random lives of a whole server with its clients and checks what must hold afterwards.

  npm run sim -- --seeds 1000            seeds 1 to 1000, a thread a core
  npm run sim -- --seeds 50 --from 200   seeds 200 to 249
  npm run sim -- --seed 217              one seed, with what went wrong
  npm run sim -- --seed 217 --trace FILE …and everything that happened
  npm run sim -- --component --seeds 100 worlds that have an external component beside their hosts
  npm run sim -- --servers 3 --seeds 100 worlds of three servers that federate, over a network that fails too

  --servers N   how many servers a world has: 1 with two domains (default), 2 or 3 with a domain each
  --component   the first server has an external component (XEP-0114), which breaks too
  --edition N   how scenarios are made: 1, without what is aimed, or 2 (default)
  --first       stop at the first seed that fails, and do not look for the fewest steps with which it does
  --workers N   threads (default: as many as cores)
  --help        this text

Ends with status 1 when an invariant was violated, and with 2 when it was not understood.`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "100" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      servers: { type: "string", default: "1" },
      component: { type: "boolean", default: false },
      edition: { type: "string", default: String(latestEdition) },
      workers: { type: "string" },
      trace: { type: "string" },
      first: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    say(help);
    return 0;
  }
  const servers = numberOf("servers", values.servers);
  if (servers < 1 || servers > 3) throw new TypeError("--servers wants 1, 2 or 3");
  const edition = numberOf("edition", values.edition);
  if (edition < 1 || edition > latestEdition) throw new TypeError(`--edition wants 1 to ${latestEdition}`);
  const kind = { servers, component: values.component, edition };
  if (values.seed !== undefined) return one(numberOf("seed", values.seed), kind, values.trace);
  const from = numberOf("from", values.from);
  const seeds = Array.from({ length: numberOf("seeds", values.seeds) }, (_, index) => from + index);
  const workers = values.workers === undefined ? undefined : numberOf("workers", values.workers);
  return many(seeds, kind, { workers, first: values.first });
}

async function one(seed: number, kind: WorldKind, traceFile: string | undefined): Promise<number> {
  const scenario = generateScenario(seed, kind.servers, kind);
  const outcome = await runScenario(scenario, { keepTrace: traceFile !== undefined }).catch(brokeDown);
  if (typeof outcome === "string") {
    say(`seed ${seed}: ${outcome}`);
    await showSmallest(scenario, outcome);
    return 1;
  }
  if (traceFile !== undefined) writeFileSync(traceFile, outcome.lines.join(""), "latin1");
  say(`seed ${seed}: ${outcome.stanzas} stanzas, ${outcome.faults} faults, trace ${outcome.trace}`);
  say(`  ${showHits(outcome.hits)}`);
  for (const violation of outcome.violations) say(`  ${violation}`);
  const [violation] = outcome.violations;
  if (violation === undefined) return 0;
  await showSmallest(scenario, violation);
  return 1;
}

/** The fewest steps with which the same kind of thing goes wrong. */
async function showSmallest(scenario: Scenario, violation: string): Promise<void> {
  const small = await shrink(scenario, {
    violation,
    msMax: shrinkMsMax,
    violationsOf: (smaller) =>
      runScenario(smaller).then(
        ({ violations }) => violations,
        (error: unknown) => [brokeDown(error)],
      ),
    progress: (steps) => process.stderr.write(`\rshrinking: ${steps} steps left   `),
  });
  say(`\nthe first of them happens with ${small.steps.length} of ${scenario.steps.length} steps already:`);
  for (const step of small.steps.slice(0, stepsShownMax)) say(`  ${showStep(small.cast, step)}`);
  if (small.steps.length > stepsShownMax) say(`  … and ${small.steps.length - stepsShownMax} more`);
}

/** How long a failing scenario is made smaller, and how much of it is shown then. */
const shrinkMsMax = 60_000;
const stepsShownMax = 100;

async function many(
  seeds: readonly number[],
  kind: WorldKind,
  { workers, first }: { readonly workers: number | undefined; readonly first: boolean },
): Promise<number> {
  const began = performance.now();
  let [finished, failed, stanzas] = [0, 0, 0];
  const hits = noHits();
  let shown: SeedResult | undefined;
  await runSeeds({
    seeds,
    kind,
    workers,
    done: (result) => {
      finished += 1;
      stanzas += result.stanzas;
      addHits(hits, result.hits);
      const seconds = (performance.now() - began) / 1_000;
      if (result.violations.length > 0) {
        failed += 1;
        if (shown === undefined || result.seed < shown.seed) shown = result;
        say(`\nseed ${result.seed} fails; ${commandFor(result.seed, kind)}`);
        for (const violation of result.violations.slice(0, 5)) say(`  ${violation}`);
      }
      const left = ((seconds / finished) * (seeds.length - finished)).toFixed(0);
      process.stderr.write(
        `\r${finished} of ${seeds.length} seeds, ${failed} failed, ${stanzas} stanzas, ${left} s left `,
      );
      return !(first && failed > 0);
    },
  });
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  say(`\n${finished} seeds, ${stanzas} stanzas, ${failed} failed, in ${seconds} s`);
  say(showHits(hits));
  const [violation] = shown?.violations ?? [];
  if (shown !== undefined && violation !== undefined && !first) {
    say(`\nseed ${shown.seed}: ${violation}`);
    await showSmallest(generateScenario(shown.seed, kind.servers, kind), violation);
  }
  return failed === 0 ? 0 : 1;
}

function numberOf(option: string, text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new TypeError(`--${option} wants a number, not ${text}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}; see --help\n`);
  process.exitCode = 2;
}
