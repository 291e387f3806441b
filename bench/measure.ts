import { mkdtemp, rm, chmod } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority } from "#testing/lab/certificates.ts";
import { runToEnd, tail } from "#testing/lab/process.ts";
import { type Order, parseFigures } from "./load/order.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { type BenchTarget, domain, loopback } from "./target.ts";

const loadProgram = new URL("load/load.ts", import.meta.url).pathname;
const scenarioMsMax = 180_000;

export type Measured =
  | { readonly kind: "figures"; readonly figures: Readonly<Record<string, number>> }
  | { readonly kind: "failed"; readonly reason: string };

/** Starts a target afresh on core 0, runs one scenario against it from core 1, and stops it, however that ends. */
export async function measure(target: BenchTarget, scenario: Scenario, signal: AbortSignal): Promise<Measured> {
  const dir = await mkdtemp(join(tmpdir(), "balcony-bench-"));
  await chmod(dir, 0o755);
  try {
    const authority = await Authority.create(join(dir, "ca"), "Balcony bench");
    const certificate = await authority.issue({ name: "server", dnsNames: [domain, `anonymous.${domain}`] });
    const [port, tlsPort, metricsPort, debuggerPort] = await freePorts();
    const archive = scenario.archive === true;
    const inspectorPort = scenario.inspected === true && target.isInspectable === true ? debuggerPort : undefined;
    await using server = await target.start({ dir, certificate, port, tlsPort, metricsPort, inspectorPort, archive });
    const registered = { mechanism: scenario.mechanism ?? target.sessions.mechanism, domain };
    const goal = {
      ...(scenario.mechanism === undefined ? target.sessions : registered),
      host: loopback,
      port: scenario.tls ? tlsPort : port,
      tls: scenario.tls,
      metricsPort: target.hasLoopDelay === true ? metricsPort : undefined,
      inspectorPort,
    };
    const { code, output } = await load({ scenario: scenario.name, goal }, scenario.msMax ?? scenarioMsMax, signal);
    if (signal.aborted) return { kind: "failed", reason: "ended by a signal" };
    if (code === 0) return { kind: "figures", figures: parseFigures(output) };
    return { kind: "failed", reason: `${output}\nthe server's log ends with\n${tail(server.logFile)}` };
  } catch (error) {
    return { kind: "failed", reason: String(error) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function load(
  order: Order,
  msMax: number,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly output: string }> {
  const command = ["taskset", "-c", "1", process.execPath, loadProgram, JSON.stringify(order)] as const;
  return await runToEnd({ command: [...command], msMax, signal });
}

async function freePorts(): Promise<[number, number, number, number]> {
  const servers = [createServer(), createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, loopback);
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
  }
  for (const server of servers) server.close();
  const [port, tlsPort, metricsPort, inspectorPort] = ports;
  if (port === undefined || tlsPort === undefined || metricsPort === undefined || inspectorPort === undefined)
    throw new Error("no free ports");
  return [port, tlsPort, metricsPort, inspectorPort];
}
