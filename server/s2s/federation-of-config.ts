import { parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { Config, HostConfig } from "../config/config.ts";
import { AddressGuard, parseAddressRange } from "../dns/address-ranges.ts";
import type { ConnectionLimits } from "../link/link-limits.ts";
import type { Rate } from "../link/link-limits.ts";
import type { DialSettings } from "./dial.ts";
import { defaultFederationLimits, type FederationLimits } from "./federation-limits.ts";
import type { FederationPolicy } from "./policy.ts";

/** What a host asks of other servers: what its own table says, else what `[s2s]` says for all; undefined: it has none. */
export function federationPolicy({ s2s }: Config, host: HostConfig): FederationPolicy | undefined {
  const { enabled, security, allow, block, bidirectional } = { ...s2s, ...withoutAbsent(host.s2s) };
  // [rfc6120-13.14-01] [rfc3920-2.5-01] [rfc3920-14.4-03]
  if (!enabled) return undefined;
  const [allowed, blocked] = [domainList(allow), domainList(block)];
  const admits = (remote: DomainJid): boolean => (allow.length === 0 || allowed(remote)) && !blocked(remote);
  return { security, admits, bidirectional };
}

export function federationLimits({ s2s: { limits } }: Config): FederationLimits {
  return {
    ...defaultFederationLimits,
    queueStanzasMax: limits.queueStanzasMax,
    queueBytesMax: limits.queueBytesMax,
    queueTotalBytesMax: limits.queueTotalBytesMax,
    deliveryMsMax: limits.deliverySecondsMax * 1_000,
    connectMsMax: limits.negotiationSecondsMax * 1_000,
    answerMsMax: limits.answerSecondsMax * 1_000,
    retryMsMax: limits.retrySecondsMax * 1_000,
    dialsMax: limits.dialsMax,
    pairsMax: limits.domainPairsMax,
    incomingPerPairMax: limits.incomingPerPairMax,
    idleMsMax: limits.idleSecondsMax * 1_000,
    resumeSecondsMax: limits.resumeSecondsMax ?? 0,
  };
}

/** Servers carry what many people say, and have bounds of their own; those of XML are the same as for clients. */
export function serverConnectionLimits({ s2s: { limits } }: Config, ofClients: ConnectionLimits): ConnectionLimits {
  return {
    ...ofClients,
    bytesRate: rate(limits.bytesPerSecond),
    stanzasRate: rate(limits.stanzasPerSecond),
    negotiationMsMax: limits.negotiationSecondsMax * 1_000,
  };
}

export function dialSettings({ s2s }: Config): DialSettings {
  return {
    guard: new AddressGuard(s2s.allowedNetworks.map(parseAddressRange).filter((range) => range !== undefined)),
    routes: s2s.routes,
    validating: s2s.resolversValidate,
    connectMsMax: s2s.connectSecondsMax * 1_000,
  };
}

function withoutAbsent<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined was left out
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

/** Whether a domain is in a list of domains and "*.domain". */
function domainList(patterns: readonly string[]): (domain: DomainJid) => boolean {
  const exact = new Set<string>();
  const above: string[] = [];
  for (const pattern of patterns) {
    if (pattern.startsWith("*.")) above.push(`.${canonical(pattern.slice(2))}`);
    else exact.add(canonical(pattern));
  }
  return (domain) => exact.has(domain) || above.some((suffix) => domain.endsWith(suffix));
}

function canonical(domain: string): string {
  return parseJid(domain) ?? domain.toLowerCase();
}

/** A burst of two seconds: what comes in one piece after a pause. */
function rate(perSecond: number): Rate | undefined {
  return Number.isFinite(perSecond) ? { perSecond, burst: 2 * perSecond } : undefined;
}
