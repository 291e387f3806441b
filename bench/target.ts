import type { KeyPair } from "#testing/lab/certificates.ts";
import type { Daemon } from "#testing/lab/process.ts";

/** A server program that the bench can measure. */
export interface BenchTarget {
  readonly name: string;
  /** What was measured, for people: "Prosody 0.12.3". Undefined when it is not installed. */
  readonly version: () => Promise<string | undefined>;
  /** How its sessions log in where the scenario does not say. */
  readonly sessions: Sessions;
  /** Mechanisms that the scenario `logins` can use; how they check passwords is said in bench/README.md. */
  readonly mechanisms: readonly Mechanism[];
  /** How its archive comes to be durable, for people; undefined where it has none. */
  readonly archive: string | undefined;
  /** Whether its sessions outlive their connections (XEP-0198 §5). */
  readonly resumption: boolean;
  /** Whether it tells the delay of its event loop, as Node's programs do. */
  readonly hasLoopDelay?: boolean;
  /** Whether it can be told to collect its garbage, as Node's programs can: {@link BenchPlace.inspectorPort}. */
  readonly isInspectable?: boolean;
  /** Starts it with an empty store, on loopback: plain TCP on one port, TLS from the first byte on the other. */
  readonly start: (place: BenchPlace) => Promise<Daemon>;
}

/** FAST: in one step, by a token that the server gave (XEP-0484). */
export type Mechanism = "PLAIN" | "SCRAM-SHA-1" | "ANONYMOUS" | "FAST";

export interface Sessions {
  readonly mechanism: Mechanism;
  readonly domain: string;
}

export interface BenchPlace {
  readonly dir: string;
  readonly certificate: KeyPair;
  readonly port: number;
  readonly tlsPort: number;
  /** Where a server that has metrics for Prometheus offers them. */
  readonly metricsPort: number;
  /** Where a Node program is to listen for a debugger; undefined for nowhere, where time is measured. */
  readonly inspectorPort: number | undefined;
  /**
   * Whether every message is kept in the archives of both sides, on disc before the server goes on as though it were. Off
   * where the scenario is not about archives: then nobody has one.
   */
  readonly archive: boolean;
  /** It talks to another server, which DNS leads to. */
  readonly federation?: Federation;
}

export interface Federation {
  readonly domain: string;
  /** Where it listens for other servers, on the standard ports. */
  readonly address: string;
  /** Whose certificates are good, in a PEM file. */
  readonly authority: string;
}

/** The domain of registered accounts, on every target. */
export const domain = "localhost";
export const loopback = "127.0.0.1";
const filesMax = 16_384;

/** Puts a server where it belongs: on core 0, with enough sockets. The load has core 1. */
export function onServerCore(command: readonly string[]): [string, ...string[]] {
  return ["prlimit", `--nofile=${filesMax}:${filesMax}`, "taskset", "-c", "0", ...command];
}

export function domainOf(place: BenchPlace): string {
  return place.federation?.domain ?? domain;
}

export function portsOf(place: BenchPlace): { readonly host: string; readonly port: number }[] {
  const forClients = [place.port, place.tlsPort].map((port) => ({ host: loopback, port }));
  return place.federation === undefined ? forClients : [...forClients, { host: place.federation.address, port: 5269 }];
}
