// `npm run sim:bite`: plants each bug in a copy of the project and counts the seeds until the simulator finds it.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { plantedBugs, type PlantedBug } from "./planted-bugs.ts";

const root = join(import.meta.dirname, "../..");
const seedsMax = 1_000;

const help = `Plants bugs in a copy of the project, one at a time, and counts the seeds until the simulator finds each.

  npm run sim:bite                 all of them
  npm run sim:bite -- NAME …       only these

  --workers N   threads (default: as many as cores)

Ends with status 1 when one is not found within ${seedsMax} seeds. The bugs:
${plantedBugs.map(({ name }) => `  ${name}`).join("\n")}`;

async function main(): Promise<number> {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    say(help);
    return 0;
  }
  const workers = values.workers === undefined ? [] : ["--workers", values.workers];
  const unknown = words.find((word) => !plantedBugs.some(({ name }) => name === word));
  if (unknown !== undefined) {
    process.stderr.write(`there is no planted bug ${unknown}; see --help\n`);
    return 2;
  }
  let missed = 0;
  for (const bug of plantedBugs.filter(({ name }) => words.length === 0 || words.includes(name))) {
    const { seeds, what } = await seedsToFind(bug, workers);
    if (seeds === undefined) missed += 1;
    say(`${bug.name}: ${seeds === undefined ? "not found" : `found by seed ${seeds}`}  ${what}`);
  }
  return missed === 0 ? 0 : 1;
}

/** How many seeds it took, and what gave it away. */
async function seedsToFind(
  bug: PlantedBug,
  workers: readonly string[],
): Promise<{ readonly seeds: number | undefined; readonly what: string }> {
  const folder = mkdtempSync(join(tmpdir(), "balcony-bite-"));
  try {
    copyProject(folder);
    plant(folder, bug);
    const world = ["--servers", String(bug.servers ?? 1), ...(bug.component === true ? ["--component"] : [])];
    const seeds = ["--seeds", String(seedsMax), "--first"];
    const output = await run(folder, ["testing/sim/main.ts", ...world, ...seeds, ...workers]);
    const [, seed, what = ""] = /^seed (\d+) fails.*\n +(.*)$/mu.exec(output) ?? [];
    return { seeds: seed === undefined ? undefined : Number(seed), what };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything that the repository knows of or would, without what is ignored. */
function copyProject(folder: string): void {
  const list = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const path of list.split("\0")) {
    if (!/\.(?:ts|json)$/u.test(path) || path.endsWith(".test.ts")) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}

function plant(folder: string, { name, path, find, put }: PlantedBug): void {
  const file = join(folder, path);
  const parts = readFileSync(file, "utf8").split(find);
  if (parts.length !== 2) throw new Error(`${name}: ${path} has the text ${parts.length - 1} times, not once`);
  writeFileSync(file, parts.join(put));
}

function run(cwd: string, args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => (output += text));
  child.on("error", reject);
  child.on("close", () => resolve(output));
  return promise;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}; see --help\n`);
  process.exitCode = 2;
}
