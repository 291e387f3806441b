import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import type { Env } from "#kit/env.ts";
import type { ResolverPlace } from "./dns-exchange.ts";

/** How often at most it is looked whether a file has changed. */
const looksEveryMs = 5_000;
/** Lists of addresses to be blocked, which some keep there, have some megabytes. */
const fileBytesMax = 16 * 1024 * 1024;
/** What one tries before giving up. */
const resolversMax = 8;
const dnsPort = 53;

/** A file of the system that may change while we run, read again when it has. */
export class SystemFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #env: Pick<Env, "now">;
  #value: Promise<T> | undefined;
  #lookedAt = -Infinity;
  #version = "";

  constructor(path: string, parse: (text: string) => T, env: Pick<Env, "now">) {
    this.#path = path;
    this.#parse = parse;
    this.#env = env;
  }

  /** What it says; as if it were empty where it cannot be read. */
  read(): Promise<T> {
    const now = this.#env.now();
    if (this.#value === undefined || now < this.#lookedAt || now - this.#lookedAt >= looksEveryMs) {
      this.#lookedAt = now;
      this.#value = this.#look(this.#value);
    }
    return this.#value;
  }

  async #look(before: Promise<T> | undefined): Promise<T> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (before !== undefined && version === this.#version) return await before;
      this.#version = version;
      return this.#parse(size > fileBytesMax ? "" : await readFile(this.#path, "utf8"));
    } catch {
      this.#version = "";
      return this.#parse("");
    }
  }
}

/** Addresses by name, as /etc/hosts has them. */
export type HostsTable = ReadonlyMap<string, readonly string[]>;

export function parseHosts(text: string): HostsTable {
  const table = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const written of names) {
      const name = written.toLowerCase().replace(/\.$/, "");
      const known = table.get(name);
      if (known === undefined) table.set(name, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return table;
}

/** The resolvers that /etc/resolv.conf names; without any, the one of this machine. */
export function parseResolvConf(text: string): readonly ResolverPlace[] {
  const found = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)]
    .flatMap(([, address = ""]) => (isIP(address) === 0 ? [] : [{ address, port: dnsPort }]))
    .slice(0, resolversMax);
  return found.length > 0 ? found : [{ address: "127.0.0.1", port: dnsPort }];
}

/** "192.0.2.1", "192.0.2.1:5353", "2001:db8::1" or "[2001:db8::1]:5353"; undefined for anything else. */
export function parseResolver(text: string): ResolverPlace | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = isIP(text) === 6 ? text : (bracketed ?? plain ?? "");
  if (isIP(address) === 0 || (bracketed !== undefined && isIP(address) !== 6)) return undefined;
  const number = isIP(text) === 6 || port === undefined ? dnsPort : Number(port);
  return number < 1 || number > 65_535 ? undefined : { address, port: number };
}
