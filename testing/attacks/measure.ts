import type { ChildServer } from "./child-server.ts";
import { Flood, type FloodOptions } from "./flood.ts";

/** What one connection of strangers costs the server. */
export interface Cost {
  /** Bytes of the process: pages that the system has given it. Those of before that were free may hide some. */
  readonly residentBytes: number;
  /** Bytes that JavaScript knows of, on its heap and outside. */
  readonly knownBytes: number;
  readonly cpuMs: number;
}

/** Opens connections, waits until `ready`, and tells what each of them costs the server while it is open. */
export async function costOf(
  server: ChildServer,
  options: Omit<FloodOptions, "port"> & { readonly port?: number },
  ready: (flood: Flood) => Promise<void>,
): Promise<{ readonly flood: Flood; readonly cost: Cost }> {
  const memory = await server.memory();
  const { cpuMs } = await server.figures();
  const flood = await Flood.open({ port: server.port, ...options });
  await ready(flood);
  const spentMs = (await server.figures()).cpuMs - cpuMs;
  const after = await server.memory();
  const each = (all: number): number => all / options.count;
  const known = ({ heapUsed, external }: typeof memory): number => heapUsed + external;
  return {
    flood,
    cost: {
      residentBytes: each(after.rss - memory.rss),
      knownBytes: each(known(after) - known(memory)),
      cpuMs: each(spentMs),
    },
  };
}

export function showCost(what: string, { residentBytes, knownBytes, cpuMs }: Cost): string {
  const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  return `${what}: ${kB(residentBytes)} resident, ${kB(knownBytes)} known to JavaScript, ${cpuMs.toFixed(2)} ms of processor time`;
}
