import { Resolver } from "node:dns/promises";
import { domainToASCII } from "node:url";
import type { Config } from "#server/config/config.ts";
import type { Finding } from "./finding.ts";

const answerMsMax = 3_000;
const tries = 1;

/** An SRV record, as far as it matters here. */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
}

/** What DNS knows; each answers an empty list for "there is none", and rejects when it could not be asked. */
export interface Lookup {
  readonly services: (name: string) => Promise<readonly ServiceRecord[]>;
  readonly addresses: (name: string) => Promise<readonly string[]>;
}

/** Asks the resolver of this machine. */
export function systemLookup(): Lookup {
  const resolver = new Resolver({ timeout: answerMsMax, tries });
  return {
    services: (name) => orNone(resolver.resolveSrv(name)),
    addresses: async (name) => [...(await orNone(resolver.resolve4(name))), ...(await orNone(resolver.resolve6(name)))],
  };
}

/** Hints on whether clients will find the hosts. Never bad: names may be served in ways that cannot be seen from here. */
export async function dnsFindings({ hosts, listeners }: Config, lookup: Lookup): Promise<readonly Finding[]> {
  const kinds = new Set(listeners.map(({ kind }) => kind));
  const findings = await Promise.all(
    hosts.map(async ({ domain }) => {
      if (isLocalName(domain))
        return { area: "dns", state: "good", text: `${domain}: for this machine, needs none` } as const;
      try {
        return await hostFinding(domainToASCII(domain) || domain, kinds, lookup);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { area: "dns", state: "hint", text: `${domain}: could not ask: ${reason}` } as const;
      }
    }),
  );
  return findings;
}

async function hostFinding(domain: string, kinds: ReadonlySet<string>, lookup: Lookup): Promise<Finding> {
  const service = `_xmpp-client._tcp.${domain}`;
  const directService = `_xmpps-client._tcp.${domain}`;
  const found = await lookup.services(service);
  const direct = await lookup.services(directService);
  const targets = [...new Set([...found, ...direct].map(({ name }) => name))];
  if (targets.length === 0) {
    const addresses = await lookup.addresses(domain);
    if (addresses.length === 0) {
      return hint(
        `${domain}: has no address. Clients will not find it; add an A or AAAA record, and SRV records for ${service}`,
      );
    }
    return good(`${domain}: no SRV records; clients go to ${addresses.join(", ")} port 5222`);
  }
  const lost: string[] = [];
  for (const target of targets) if ((await lookup.addresses(target)).length === 0) lost.push(target);
  if (lost.length > 0) return hint(`${domain}: SRV records point to ${lost.join(", ")}, which has no address`);
  if (direct.length === 0 && kinds.has("client-direct-tls")) {
    return hint(`${domain}: no ${directService}, so that clients cannot know of the direct TLS listener (XEP-0368)`);
  }
  return good(`${domain}: SRV to ${[...found, ...direct].map(({ name, port }) => `${name}:${port}`).join(", ")}`);
}

function good(text: string): Finding {
  return { area: "dns", state: "good", text };
}

function hint(text: string): Finding {
  return { area: "dns", state: "hint", text };
}

/** Names that no DNS serves (RFC 6761, RFC 2606), and addresses. */
export function isLocalName(domain: string): boolean {
  return /(^|\.)(localhost|test|example|invalid|local|internal)$/.test(domain) || /^[\d.]+$|^\[/.test(domain);
}

async function orNone<T>(answer: Promise<T[]>): Promise<T[]> {
  try {
    return await answer;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    throw error;
  }
}
