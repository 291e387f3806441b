import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import { DnsError, type DnsAnswer, type ServiceRecord } from "../dns/dns-answer.ts";
import type { DnsResolver } from "../dns/dns-resolver.ts";
import { inTurn } from "./dial-order.ts";
import { DialError } from "./dialer.ts";

/** The port of servers where no SRV record names one (RFC 6120 §14.7). */
export const serverPort = 5_269;
/** Servers of one domain that are tried. */
const serversMax = 16;

/** A machine that serves a domain, as its records or the configuration say. */
export interface DialServer {
  /** Its name, or its address. */
  readonly host: string;
  readonly port: number;
  readonly directTls: boolean;
  /** Whether what led here was validated, so that TLSA records may be asked for. */
  readonly validated: boolean;
  /** Whether the domain itself says that its server is there, rather than that we guess it. */
  readonly isNamed: boolean;
  /** Written into the configuration as an address, which is word enough that it may be connected to. */
  readonly isConfigured: boolean;
}

/** A way to a domain that the administrator has laid (RFC 6120 §3.2.3). */
export interface DialRoute {
  readonly domain: string;
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  readonly directTls: boolean;
}

export interface ServersParts {
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly env: Pick<Env, "entropy">;
  readonly routes: readonly DialRoute[];
  /** Whether answers are validated, so that one that could not be had may hide an attack. */
  readonly validating: boolean;
}

/**
 * The servers of a domain in the order in which to try them: those of both SRV records (XEP-0368), and where it has none,
 * the machine of its own name.
 *
 * @throws DialError when the domain has no such service, DnsError when that cannot be found out
 */
export async function serversOf(
  remote: DomainJid,
  parts: ServersParts,
  signal: AbortSignal,
): Promise<readonly DialServer[]> {
  const routes = parts.routes.filter(({ domain }) => domain === remote);
  if (routes.length > 0) return routes.map(configured);
  const address = addressLiteral(remote);
  if (address !== undefined) return [{ ...guessed(address), isNamed: true }];
  const name = domainToASCII(remote);
  if (name === "") throw new DialError("remote-server-not-found", `${remote} is no name that DNS could know`);
  const [direct, startTls] = await bothServices(name, parts, signal);
  const found = [...recordsOf(direct, true), ...recordsOf(startTls, false)];
  // [rfc6120-3.2.1-03] [rfc6120-3.2.2-01]
  if (found.length === 0) return [guessed(name)];
  // A target "." says that there is no such service here, and that plain addresses are not meant either.
  // [rfc6120-3.2.1-01] [xep0368-5-02]
  const usable = found.filter(({ host }) => host !== ".");
  if (usable.length === 0)
    throw new DialError("remote-server-not-found", `${remote} says that it has no service for other servers`);
  // Where there are records, they are all there is. [rfc6120-3.2.1-02]
  return inTurn(usable, parts.env).slice(0, serversMax);
}

type Services = readonly [direct: Found | undefined, startTls: Found | undefined];
type Found = DnsAnswer<"SRV">;

/** [xep0368-5-01] [rfc3920-14.4-07] */
async function bothServices(
  name: string,
  { resolver, validating }: ServersParts,
  signal: AbortSignal,
): Promise<Services> {
  const ask = (service: string): Promise<Found> => resolver.resolve(`_${service}._tcp.${name}`, "SRV", signal);
  const [direct, startTls] = await Promise.allSettled([ask("xmpps-server"), ask("xmpp-server")]);
  signal.throwIfAborted();
  for (const result of [direct, startTls]) {
    if (result.status !== "rejected") continue;
    const reason: unknown = result.reason;
    if (!(reason instanceof DnsError)) throw reason;
    // Whoever could make us overlook a record could make us go elsewhere. [rfc7673-3.1-03]
    if (validating) throw reason;
  }
  // Without validation there is nothing to be kept up: what did not answer counts as not there. [rfc7673-3.1-04]
  return [
    direct.status === "fulfilled" ? direct.value : undefined,
    startTls.status === "fulfilled" ? startTls.value : undefined,
  ];
}

function recordsOf(answer: Found | undefined, directTls: boolean) {
  // [rfc7673-3.1-01] [rfc7673-3.1-02]
  return (answer?.records ?? []).map(({ priority, weight, port, target }: ServiceRecord) => ({
    priority,
    weight,
    host: target,
    port,
    directTls,
    validated: answer?.validated === true,
    isNamed: true,
    isConfigured: false,
  }));
}

function guessed(host: string): DialServer {
  return { host, port: serverPort, directTls: false, validated: false, isNamed: false, isConfigured: false };
}

function configured({ host, port, directTls }: DialRoute): DialServer {
  return { host, port, directTls, validated: false, isNamed: true, isConfigured: isIP(host) !== 0 };
}

/** Of a domain that is an IP address (RFC 7622 §3.2). */
function addressLiteral(domain: string): string | undefined {
  const bare = domain.startsWith("[") && domain.endsWith("]") ? domain.slice(1, -1) : domain;
  return isIP(bare) === 0 ? undefined : bare;
}
