import { Resolver } from "node:dns/promises";
import { domainToASCII } from "node:url";
import type { Config } from "#server/config/config.ts";
import { addressLine, srvLine } from "./domain-check/dns-lines.ts";
import { services, type Service } from "./domain-check/services.ts";
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

/** Hints on whether clients and other servers will find the hosts. Never bad: names may be served in ways that cannot be seen from here. */
export async function dnsFindings(
  { hosts, listeners }: Pick<Config, "hosts" | "listeners">,
  lookup: Lookup,
): Promise<readonly Finding[]> {
  const ports = new Map<string, number>();
  for (const { kind, port } of listeners) if (!ports.has(kind)) ports.set(kind, port);
  const findings = await Promise.all(
    hosts.map(async ({ domain }) => {
      if (isLocalName(domain))
        return { area: "dns", state: "good", text: `${domain}: for this machine, needs none` } as const;
      try {
        return await hostFinding(domainToASCII(domain) || domain, ports, lookup);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { area: "dns", state: "hint", text: `${domain}: could not ask: ${reason}` } as const;
      }
    }),
  );
  return findings;
}

async function hostFinding(domain: string, ports: ReadonlyMap<string, number>, lookup: Lookup): Promise<Finding> {
  const mine = services.filter(({ listener }) => ports.has(listener));
  const asked: Asked[] = [];
  for (const service of mine) asked.push({ service, records: await lookup.services(`${service.name}._tcp.${domain}`) });
  const places = asked.flatMap(({ records }) => records).filter((record) => !isNoTarget(record));
  const targets = [...new Set(places.map(({ name }) => name))];
  const lines = missingLines(domain, asked, { ports, target: targets[0] ?? domain });
  const lost: string[] = [];
  for (const target of targets) if ((await lookup.addresses(target)).length === 0) lost.push(target);
  if (lost.length > 0) {
    const text = `${domain}: SRV records point to ${lost.join(", ")}, which has no address; DNS lacks`;
    return hint(text, [...lost.map(addressLine), ...lines]);
  }
  if (targets.length === 0 && lines.length > 0) {
    const addresses = await lookup.addresses(domain);
    if (addresses.length === 0)
      return hint(`${domain}: has no address, so that nobody will find it; DNS lacks`, [addressLine(domain), ...lines]);
    const plain = mine.filter(({ directTls }) => !directTls);
    if (plain.every(({ listener, port }) => ports.get(listener) === port)) {
      const ways = plain.map(({ side, port }) => `${side === "client" ? "clients" : "other servers"} to port ${port}`);
      return good(`${domain}: no SRV records; ${ways.join(", ")} of ${addresses.join(", ")}`);
    }
    return hint(`${domain}: no SRV records, while this server has other ports than the usual ones; DNS lacks`, lines);
  }
  if (lines.length > 0) return hint(`${domain}: not all that this server offers can be found; DNS lacks`, lines);
  return good(`${domain}: SRV to ${[...new Set(places.map(({ name, port }) => `${name}:${port}`))].join(", ")}`);
}

interface Asked {
  readonly service: Service;
  readonly records: readonly ServiceRecord[];
}

/** Records that there could be. Whoever says that there is no such service means it. */
function missingLines(
  domain: string,
  asked: readonly Asked[],
  { ports, target }: { readonly ports: ReadonlyMap<string, number>; readonly target: string },
): readonly string[] {
  const refused = new Set(asked.flatMap(({ service, records }) => (records.some(isNoTarget) ? [service.side] : [])));
  return asked.flatMap(({ service, records }) => {
    const port = ports.get(service.listener);
    // Which port the system will choose for 0 nobody can tell.
    if (records.length > 0 || refused.has(service.side) || port === undefined || port === 0) return [];
    return [srvLine(service, domain, target, port)];
  });
}

/** RFC 2782: a target of "." says that there is no such service; Node gives it as "". */
function isNoTarget({ name }: ServiceRecord): boolean {
  return name === "" || name === ".";
}

function good(text: string): Finding {
  return { area: "dns", state: "good", text };
}

function hint(text: string, lines: readonly string[]): Finding {
  return { area: "dns", state: "hint", text, lines };
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
