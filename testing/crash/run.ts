// npm run crash -- [--kills N] [--seed S] [--keep]
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { crashRun, type CrashTally } from "./crash-run.ts";

const killsMax = 1_000_000;

const help = `npm run crash -- [--kills N] [--seed S] [--keep]

Kills a server (kill -9) at random moments under load, starts it again on the same SQLite files, and looks whether all
that it has acknowledged is there: messages, archives and what finds their words, rosters, private data, block lists,
cards, preferences, passwords, tokens for log-in, accounts made and cancelled, sessions to be resumed, and what waits for
another server, errors included. Ends at the first problem with 1.

  --kills N  how often (1000)
  --seed S   what the clients do and when the server dies; the machine adds chance of its own (a new one each time)
  --keep     keep the directory with the data also when all went well
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "1000" },
      seed: { type: "string", default: `${Date.now() % 1_000_000}` },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [kills, seed] = [Number(values.kills), Number(values.seed)];
  if (!Number.isInteger(kills) || kills < 1 || kills > killsMax || !Number.isInteger(seed)) {
    process.stderr.write(`--kills takes a number from 1 to ${killsMax}, --seed a whole number.\n\n${help}`);
    return 2;
  }
  const dir = await mkdtemp(join(tmpdir(), "balcony-crash-"));
  process.stdout.write(`${kills} kills, seed ${seed}, data in ${dir}\n`);
  const begun = performance.now();
  const tally = await crashRun({ dir, kills, seed, progress: (so) => show(so, kills, performance.now() - begun) });
  if (process.stdout.isTTY) process.stdout.write("\n");
  const seconds = Math.round((performance.now() - begun) / 1_000);
  const { starting, checking, loaded } = tally.moments;
  process.stdout.write(
    `killed ${tally.kills} times in ${seconds} s: ${loaded} under load, ${checking} while it was asked, ${starting} while it started\n` +
      `found: ${found(tally)}; ${tally.repeated} messages came again\n`,
  );
  for (const problem of tally.problems) process.stderr.write(`PROBLEM: ${problem}\n`);
  const isWell = tally.problems.length === 0;
  if (isWell && !values.keep) await rm(dir, { recursive: true });
  else process.stdout.write(`the data is kept in ${dir}\n`);
  return isWell ? 0 : 1;
}

/** One line that renews itself on a terminal; elsewhere a line now and then. */
function show(tally: CrashTally, kills: number, ms: number): void {
  const left = Math.round(((ms / tally.kills) * (kills - tally.kills)) / 1_000);
  const line = `${tally.kills} of ${kills} kills; found ${found(tally)}; about ${left} s left`;
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${line}`);
  else if (tally.kills % 50 === 0) process.stdout.write(`${line}\n`);
}

function found(tally: CrashTally): string {
  const { accounts, archived, cancelled, letters, messages, passwords, resumed, tokens, writes } = tally;
  return (
    `${messages} acknowledged messages, ${archived} rows of them in archives, ${letters} held for another server, ` +
    `${writes} confirmed writes, ${accounts} accounts, ${passwords} passwords, ${tokens} log-ins by token, ` +
    `${resumed} sessions resumed, and ${cancelled} accounts not`
  );
}
