// `npm run audit`: breaks the places in the programs that cite a requirement, and sees whether its tests notice.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writtenBefore } from "../conformance/report.ts";
import type { AuditedId } from "./audit-id.ts";
import { audit, scoreOf } from "./audit.ts";
import { draw } from "./draw.ts";

const root = join(import.meta.dirname, "../..");
const scoreMin = 0.95;
const usage = `usage: npm run audit [-- --seed N --count N]
       npm run audit -- --ids rfc6120-4.3.3-02,rfc6121-2.2-03

Draws requirements that docs/conformance.json calls tested, and breaks in a copy of the tree each place in the programs
that cites one: the condition is negated, the statement dropped, the value another one. At least one of the tests that
carry the requirement's id must fail. Fails when fewer than ${scoreMin * 100} % were noticed.

  --seed N   which ones are drawn (default 1)
  --count N  how many (default 50)
  --ids A,B  these, and show everything that was done
  --all      every one of them: takes long`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "50" },
    ids: { type: "string" },
    all: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(usage);
else process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const statements = writtenBefore(root);
  const tested = statements.filter(({ state, saidAgainBy }) => state === "tested" && saidAgainBy === undefined);
  const seed = Number(values.seed);
  const count = values.all ? tested.length : Number(values.count);
  if (!isNatural(seed) || !isNatural(count)) {
    console.error(`--seed and --count take whole numbers\n\n${usage}`);
    return false;
  }
  const ids =
    values.ids === undefined
      ? draw(
          tested.map(({ id }) => id),
          { seed, count },
        )
      : values.ids.split(",");
  if (ids.length === 0) {
    console.log("docs/conformance.json knows no tested requirement: run npm run conformance first");
    return false;
  }
  const began = performance.now();
  const done = (one: AuditedId) => {
    for (const line of describe(one, values.ids !== undefined)) console.log(line);
  };
  const stop = new AbortController();
  // Once: who insists ends it at once, and leaves its copies of the tree behind.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const workers = Math.max(1, availableParallelism());
  const audited = await audit({ root, ids, statements, workers, done, signal: stop.signal });
  const score = scoreOf(audited);
  const noticed = audited.filter((one) => one.noticed).length;
  const what = values.ids === undefined ? `seed ${seed}: ` : "";
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${what}${noticed} of ${audited.length} noticed, ${(score * 100).toFixed(1)} %, in ${seconds} s`);
  if (score < scoreMin) console.log(`✖ below ${scoreMin * 100} %`);
  return score >= scoreMin;
}

function isNatural(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0;
}

function describe({ id, noticed, fault, places }: AuditedId, whole: boolean): readonly string[] {
  if (noticed && !whole) return [`✔ ${id} (${places.length} ${places.length === 1 ? "place" : "places"})`];
  return [
    `${noticed ? "✔" : "✖"} ${id}${fault === undefined ? "" : `: ${fault}`}`,
    ...places
      .filter(({ outcome }) => whole || outcome !== "noticed")
      .map(({ label, outcome, detail }) => `    ${label}: ${outcome}: ${detail}`),
    ...(noticed || whole ? [] : [`    again: npm run audit -- --ids ${id}`]),
  ];
}
