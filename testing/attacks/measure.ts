import type { ChildServer } from "./child-server.ts";
import type { Memory } from "./questions.ts";

/** What a server's process has used up to a moment, garbage not counted. */
export interface Reading {
  readonly memory: Memory;
  readonly cpuMs: number;
}

/** What one connection of strangers costs the server. */
export interface Cost {
  /** Bytes of the process: pages that the system has given it. Those of before that were free may hide some. */
  readonly residentBytes: number;
  /** Bytes that JavaScript knows of, on its heap and outside. */
  readonly knownBytes: number;
  /** Without the collection of garbage that each reading asks for. */
  readonly cpuMs: number;
}

/** Processor time and memory up to now; `cpuMs` of the next reading counts from behind the collection of garbage. */
export async function read(server: ChildServer): Promise<{ readonly until: Reading; readonly from: Reading }> {
  const { cpuMs } = await server.figures();
  const memory = await server.memory();
  return { until: { memory, cpuMs }, from: { memory, cpuMs: (await server.figures()).cpuMs } };
}

/** What each of `count` connections cost between two readings. */
export function costBetween(from: Reading, until: Reading, count: number): Cost {
  return {
    residentBytes: (until.memory.rss - from.memory.rss) / count,
    knownBytes: (knownOf(until.memory) - knownOf(from.memory)) / count,
    cpuMs: (until.cpuMs - from.cpuMs) / count,
  };
}

export function showCost(what: string, { residentBytes, knownBytes, cpuMs }: Cost): string {
  const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
  return `${what}: ${kB(residentBytes)} resident, ${kB(knownBytes)} known to JavaScript, ${cpuMs.toFixed(2)} ms of processor time`;
}

function knownOf({ heapUsed, external }: Memory): number {
  return heapUsed + external;
}
