// Called by bench/federation.ts in the lab's network: RUNS [PAIR…]
import { mkdtemp, chmod } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Authority } from "#testing/lab/certificates.ts";
import type { Daemon } from "#testing/lab/process.ts";
import { required } from "#testing/lab/environment.ts";
import { type Goal, type LoadClient } from "../load/client.ts";
import { makeAccounts, openSessions } from "../load/sessions.ts";
import { keepInFlight } from "../load/traffic.ts";
import { cpuMicroseconds, listenerPid } from "../process-figures.ts";
import { median } from "../report.ts";
import { loopback } from "../target.ts";
import { balconySide, pairNames, pairs, type Side } from "./pairs.ts";
import { weighStreams } from "./streams.ts";

const labDir = required("LAB_DIR");
const authority = join(labDir, "ca", "ca.pem");
const clientsPerSide = 100;
const inFlightPerClient = 4;
const bodyLength = 80;
/** Messages until a server's code is compiled, and all connections there, or the longest that they may take. */
const warmUpMessages = 30_000;
const warmUpMsMin = 4_000;
const warmUpMsMax = 60_000;
const measureMs = 6_000;

interface Started extends AsyncDisposable {
  readonly goal: Goal;
  readonly pid: number;
}

const [runs = "1", ...names] = process.argv.slice(2);
const chosen = names.length === 0 ? [...pairNames, "streams"] : names;
const ports = (function* () {
  for (let port = 20_000; ; port += 1) yield port;
})();

const alone = median(await times(() => chatAlone(balconySide)));
line(`balcony, between its own clients over TLS: ${alone.toFixed(1)} µs CPU a message`);
for (const name of chosen) {
  const pair = pairs[name];
  if (pair === undefined) continue;
  const results = await times(() => chatAcross(pair));
  const perSecond = median(results.map((result) => result.perSecond));
  const costs = pair.map(({ target }, index) => {
    const cost = median(results.map((result) => result.costs[index] ?? Number.NaN));
    const ratio = target.name === "balcony" ? ` (${(cost / alone).toFixed(2)} × between its own clients)` : "";
    return `${target.name} ${cost.toFixed(1)} µs${ratio}`;
  });
  line(`${name}: ${Math.round(perSecond).toLocaleString("en")} messages/s; CPU a message: ${costs.join(", ")}`);
}
if (chosen.includes("streams")) {
  const weights = await times(async () => {
    const inspectorPort = ports.next().value;
    await using server = await start(balconySide, inspectorPort);
    const { pid } = server;
    return await weighStreams({ pid, inspectorPort, to: balconySide.at, authorityDir: join(labDir, "ca") });
  });
  const figure = (part: "socket" | "stream"): string => {
    const of = (key: "resident" | "heap"): string => median(weights.map((weight) => weight[part][key])).toFixed(1);
    return `${of("resident")} KB (${of("heap")} KB of it in the heap)`;
  };
  line(
    `streams: ${figure("socket")} a TLS connection, ${figure("stream")} more for a stream of a domain of its own; garbage collected`,
  );
}
process.exit(0); // sockets of the load are still open: not a reason to stay

async function times<Result>(run: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let round = 0; round < Number(runs); round += 1) results.push(await run());
  return results;
}

async function chatAlone(side: Side): Promise<number> {
  await using server = await start(side);
  const { costs } = await measured(await online(server, 2 * clientsPerSide), [server]);
  return costs[0] ?? Number.NaN;
}

async function chatAcross([one, other]: readonly [Side, Side]): Promise<Measured> {
  await using first = await start(one);
  await using second = await start(other);
  const here = await online(first, clientsPerSide);
  const there = await online(second, clientsPerSide);
  const interleaved = here.flatMap((client, index) => [client, there[index] ?? client]);
  return await measured(interleaved, [first, second]);
}

interface Measured {
  readonly perSecond: number;
  readonly costs: readonly number[];
}

/** Messages both ways; what each message costs each server, whichever way it goes. */
async function measured(clients: readonly LoadClient[], servers: readonly Started[]): Promise<Measured> {
  const traffic = keepInFlight(clients, inFlightPerClient, bodyLength);
  const begun = performance.now();
  await sleep(warmUpMsMin);
  while (traffic.delivered() < warmUpMessages && performance.now() - begun < warmUpMsMax) await sleep(500);
  const cpu = (): readonly number[] => servers.map(({ pid }) => cpuMicroseconds(pid));
  const [cpuBefore, before, started] = [cpu(), traffic.delivered(), performance.now()];
  await sleep(measureMs);
  const count = traffic.delivered() - before;
  const seconds = (performance.now() - started) / 1000;
  if (count === 0) throw new Error("no message arrives");
  const costs = cpu().map((after, index) => (after - (cpuBefore[index] ?? Number.NaN)) / count);
  traffic.stop();
  return { perSecond: count / seconds, costs };
}

async function online(server: Started, count: number): Promise<readonly LoadClient[]> {
  await makeAccounts(server.goal, 0, count);
  const clients = await openSessions(server.goal, 0, count);
  for (const client of clients) client.write("<presence/>");
  return clients;
}

async function start({ target, at }: Side, inspectorPort?: number): Promise<Started> {
  const dir = await mkdtemp(join(labDir, `${at.domain}-`));
  await chmod(dir, 0o755);
  const issuer = await Authority.open(join(labDir, "ca"));
  const certificate = await issuer.issue({ name: dir.slice(labDir.length + 1), dnsNames: [at.domain] });
  const [port = 0, tlsPort = 0, metricsPort = 0] = Array.from({ length: 3 }, () => ports.next().value);
  const federation = { ...at, authority };
  const place = { dir, certificate, port, tlsPort, metricsPort, inspectorPort, archive: false, federation };
  const daemon: Daemon = await target.start(place);
  const goal: Goal = { host: loopback, port: tlsPort, tls: true, domain: at.domain, mechanism: "PLAIN" };
  return { goal, pid: listenerPid(port), [Symbol.asyncDispose]: () => daemon.stop() };
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
