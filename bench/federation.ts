// node bench/federation.ts [--runs N] [PAIR…]
import { mkdtemp, rm, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { furnish, runInside } from "#testing/lab/namespace.ts";
import { obstacles } from "#testing/lab/preconditions.ts";
import { pairNames } from "./federation/pairs.ts";

const insideProgram = new URL("federation/inside.ts", import.meta.url).pathname;

const help = `node bench/federation.ts [--runs N] [PAIR…]

Lets users of two servers write to each other, over one TLS connection each way between the servers, in a private network
(Linux, root, the packages of testing/lab/packages.txt). Both servers share core 0, the load has core 1. Prints what a
message costs each server, and beside it what a message between two clients of one server costs (chat-tls). "streams" weighs
1,000 streams of as many other domains.

  --runs N  run everything N times and report medians (1)
  PAIR      ${[...pairNames, "streams"].join(", ")} (all)
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runs: { type: "string", default: "1" }, help: { type: "boolean", short: "h", default: false } },
  });
  const unknown = positionals.filter((name) => ![...pairNames, "streams"].includes(name));
  if (values.help || unknown.length > 0 || !/^[1-9]\d?$/u.test(values.runs)) {
    (values.help ? process.stdout : process.stderr).write(help);
    return values.help ? 0 : 2;
  }
  const hindered = await obstacles();
  if (hindered.length > 0) {
    process.stderr.write(`${hindered.map((line) => `- ${line}`).join("\n")}\n`);
    return 2;
  }
  const dir = await mkdtemp(join(tmpdir(), "balcony-bench-"));
  await chmod(dir, 0o755); // some servers drop root and must still read their certificates
  try {
    await furnish(dir);
    const command = [process.execPath, insideProgram, values.runs, ...positionals];
    return await runInside({ dir, command, environment: { LAB_DIR: dir, LC_ALL: "C.UTF-8" } });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
