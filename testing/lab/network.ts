import { hostname } from "node:os";

/** A name of the lab's private network and where it lives. */
export interface LabHost {
  readonly domain: string;
  readonly address: string;
  /** Where its SRV records lead clients to, other than to the standard ports: STARTTLS only. */
  readonly clientPort?: number;
}

/** The address that the server under test binds, whatever software it is. */
export const serverAddress = "127.0.10.3";
/** Where a relay that can be cut (cut-proxy.ts) listens: who finds mobile.ours.test by its SRV record goes through it. */
export const cutPort = 5333;
const resolverAddress = "127.0.53.53";

/**
 * The names of the lab. `ours.test` is the server under test; the others are further virtual hosts of it, each with
 * one thing set differently.
 */
export const labHosts: readonly LabHost[] = [
  { domain: "ours.test", address: serverAddress },
  { domain: "anonymous.ours.test", address: serverAddress },
  { domain: "open.ours.test", address: serverAddress },
  { domain: "mobile.ours.test", address: serverAddress, clientPort: cutPort },
];

const services = [
  ["_xmpp-client", 5222],
  ["_xmpps-client", 5223],
  ["_xmpp-server", 5269],
  ["_xmpps-server", 5270],
] as const;

/** Configuration of the resolver: A and SRV records of the lab's names, and nothing of the world outside. */
export function dnsmasqConfig(hosts: readonly LabHost[]): string {
  const lines = ["no-resolv", "no-hosts", "no-daemon", "bind-interfaces", `listen-address=${resolverAddress}`];
  lines.push("user=root", "local=/test/");
  for (const { domain, address, clientPort } of hosts) {
    // host-record, not address=: the latter would answer for every name below the domain too.
    lines.push(`host-record=${domain},${address}`);
    const records = clientPort === undefined ? services : ([["_xmpp-client", clientPort]] as const);
    for (const [service, port] of records) lines.push(`srv-host=${service}._tcp.${domain},${domain},${port},0,5`);
  }
  return `${lines.join("\n")}\n`;
}

export function resolvConf(): string {
  return `nameserver ${resolverAddress}\noptions timeout:1 attempts:2\n`;
}

export function hostsFile(): string {
  return `127.0.0.1 localhost ${hostname()}\n`;
}
