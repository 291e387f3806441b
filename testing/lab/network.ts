import { hostname } from "node:os";

/** A name of the lab's private network and where it lives. */
export interface LabHost {
  readonly domain: string;
  readonly address: string;
  /** Where its SRV records lead clients to, other than to the standard ports: STARTTLS only. */
  readonly clientPort?: number;
  /** How other servers are told to reach it; absent: by STARTTLS. */
  readonly servers?: "direct" | "none" | "no-records";
}

/** The address that the server under test binds, whatever software it is. */
export const serverAddress = "127.0.10.3";
/** Where a relay that can be cut (cut-proxy.ts) listens: who finds mobile.ours.test by its SRV record goes through it. */
export const cutPort = 5333;
/** Where a relay listens through which relay.prosody.test and relay.twin.test are reached. */
export const relayAddress = "127.0.10.9";
/** Where remote servers are, each with its own standard ports. */
export const remoteAddresses = {
  prosody: "127.0.10.1",
  ejabberd: "127.0.10.2",
  jabberd2: "127.0.10.4",
  twin: "127.0.10.8",
} as const;
/** Where the server under test listens for components, on port 5347. */
export const componentAddress = "127.0.0.1";
/** Where an IRC server is that a gateway leads to. */
export const ircAddress = "127.0.10.5";
/** Where the lab asks for names. */
export const resolverAddress = "127.0.53.53";

/**
 * The names of the lab. `ours.test` is the server under test; the others are further virtual hosts of it, each with
 * one thing set differently.
 */
export const labHosts: readonly LabHost[] = [
  { domain: "ours.test", address: serverAddress },
  { domain: "anonymous.ours.test", address: serverAddress },
  { domain: "open.ours.test", address: serverAddress },
  { domain: "mobile.ours.test", address: serverAddress, clientPort: cutPort },
  { domain: "direct.ours.test", address: serverAddress, servers: "direct" },
];

/** Names that other servers have, and names where no server can be reached. */
export const remoteHosts: readonly LabHost[] = [
  { domain: "prosody.test", address: remoteAddresses.prosody },
  { domain: "direct.prosody.test", address: remoteAddresses.prosody, servers: "direct" },
  { domain: "relay.prosody.test", address: relayAddress },
  { domain: "ejabberd.test", address: remoteAddresses.ejabberd },
  { domain: "direct.ejabberd.test", address: remoteAddresses.ejabberd, servers: "direct" },
  // Found by its address alone.
  { domain: "jabberd2.test", address: remoteAddresses.jabberd2, servers: "no-records" },
  { domain: "twin.test", address: remoteAddresses.twin },
  { domain: "direct.twin.test", address: remoteAddresses.twin, servers: "direct" },
  { domain: "relay.twin.test", address: relayAddress },
  { domain: "refuses.test", address: "127.0.10.98" },
  { domain: "hangs.test", address: "127.0.10.99" },
  // It says itself that it has no server (RFC 2782: a target of ".").
  { domain: "no-service.test", address: "127.0.10.1", servers: "none" },
];

const clientServices = [
  ["_xmpp-client", 5222],
  ["_xmpps-client", 5223],
] as const;

/** Configuration of the resolver: A and SRV records of the lab's names, and nothing of the world outside. */
export function dnsmasqConfig(hosts: readonly LabHost[]): string {
  const lines = ["no-resolv", "no-hosts", "no-daemon", "bind-interfaces", `listen-address=${resolverAddress}`];
  lines.push("user=root", "local=/test/");
  for (const { domain, address, clientPort, servers } of hosts) {
    // host-record, not address=: the latter would answer for every name below the domain too.
    lines.push(`host-record=${domain},${address}`);
    const records = clientPort === undefined ? clientServices : ([["_xmpp-client", clientPort]] as const);
    for (const [service, port] of records) lines.push(srv(service, domain, port));
    if (servers === undefined) lines.push(srv("_xmpp-server", domain, 5269));
    else if (servers === "direct") lines.push(srv("_xmpps-server", domain, 5270));
    else if (servers === "none") lines.push(`srv-host=_xmpp-server._tcp.${domain}`);
  }
  // Asked of somebody who never answers.
  lines.push("server=/silent.test/127.0.53.54");
  return `${lines.join("\n")}\n`;
}

function srv(service: string, domain: string, port: number): string {
  return `srv-host=${service}._tcp.${domain},${domain},${port},0,5`;
}

export function resolvConf(): string {
  return `nameserver ${resolverAddress}\noptions timeout:1 attempts:2\n`;
}

export function hostsFile(): string {
  return `127.0.0.1 localhost ${hostname()}\n`;
}
