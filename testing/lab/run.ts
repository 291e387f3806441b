// node testing/lab/run.ts [--target NAME] [--keep] [SCENARIO…]
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { furnish, runInside } from "./namespace.ts";
import { obstacles } from "./preconditions.ts";
import { targetNames } from "./targets/all.ts";

const scenarioDir = new URL("scenarios/", import.meta.url).pathname;
/** Pictures of screens; CI keeps them. */
const artefactsDir = new URL("../../lab-artefacts/", import.meta.url).pathname;
const scenarioEnding = ".scenario.ts";
/** The scanners of TLS take the longest. */
const fileMsMax = 1_000_000;

const help = `node testing/lab/run.ts [--target NAME] [--keep] [--only PATTERN] [SCENARIO…]

Runs real clients against a really started server, in a private network. Needs root and the packages of
testing/lab/packages.txt.

  --target NAME   the server under test: ${targetNames.join(", ")} (balcony)
  --only PATTERN  only tests whose name matches
  --keep          keep the directory with logs also when all went well
  SCENARIO…       ${scenarios().join(", ")} (all)
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      target: { type: "string", default: "balcony" },
      only: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const wrong = [
    ...positionals.filter((name) => !scenarios().includes(name)).map((name) => `There is no scenario "${name}".`),
    ...(targetNames.includes(values.target) ? [] : [`There is no target "${values.target}".`]),
  ];
  if (wrong.length > 0) {
    process.stderr.write(`${wrong.join("\n")}\n\n${help}`);
    return 2;
  }
  const hindered = await obstacles();
  if (hindered.length > 0) {
    process.stderr.write(`The lab cannot run here.\n${hindered.map((line) => `- ${line}`).join("\n")}\n`);
    return 2;
  }
  return await runLab({
    target: values.target,
    keep: values.keep,
    only: values.only,
    scenarios: positionals.length > 0 ? positionals : scenarios(),
  });
}

async function runLab(options: {
  readonly target: string;
  readonly keep: boolean;
  readonly only: string | undefined;
  readonly scenarios: readonly string[];
}): Promise<number> {
  await rm(artefactsDir, { recursive: true, force: true }); // pictures of an earlier run prove nothing
  const dir = await mkdtemp(join(tmpdir(), "balcony-lab-"));
  await chmod(dir, 0o755); // some servers drop root and must still read their certificates
  // What programs put into the directory for temporary files goes with the rest.
  await mkdir(join(dir, "tmp"));
  await chmod(join(dir, "tmp"), 0o1777);
  await furnish(dir);
  process.stdout.write(`lab: ${options.target} under test, ${options.scenarios.join(", ")}; logs in ${dir}\n`);
  const code = await runInside({
    dir,
    command: [
      process.execPath,
      "--test",
      "--test-concurrency=1", // one server at a time: they all bind the same address and ports
      `--test-timeout=${fileMsMax}`,
      "--test-reporter=spec",
      ...(options.only === undefined ? [] : [`--test-name-pattern=${options.only}`]),
      ...options.scenarios.map((name) => join(scenarioDir, name + scenarioEnding)),
    ],
    environment: {
      LAB_DIR: dir,
      TMPDIR: join(dir, "tmp"),
      LAB_TARGET: options.target,
      LAB_ARTEFACTS: artefactsDir,
      NODE_EXTRA_CA_CERTS: join(dir, "ca", "ca.pem"),
      TMUX_TMPDIR: dir,
      LC_ALL: "C.UTF-8",
    },
  });
  if (existsSync(artefactsDir)) process.stdout.write(`lab: pictures of screens are in ${artefactsDir}\n`);
  if (code === 0 && !options.keep) await rm(dir, { recursive: true });
  else process.stdout.write(`lab: logs are kept in ${dir}\n`);
  return code;
}

function scenarios(): readonly string[] {
  return readdirSync(scenarioDir)
    .filter((file) => file.endsWith(scenarioEnding))
    .map((file) => file.slice(0, -scenarioEnding.length))
    .toSorted();
}
