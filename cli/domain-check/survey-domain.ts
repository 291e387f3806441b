import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { AddressGuard } from "#server/dns/address-ranges.ts";
import type { DnsResolver } from "#server/dns/dns-resolver.ts";
import { asciiDomain } from "#server/trust/ascii-domain.ts";
import type { PoshAnswer } from "#server/trust/posh.ts";
import type { Anchors } from "#server/trust/trust-store.ts";
import { judgePlace, type PlaceJudgement } from "./judge-place.ts";
import { probe, type ProbeResult } from "./probe.ts";
import { surveyDns, type DnsSurvey, type PlaceSurvey } from "./survey-dns.ts";

/** Connections at once. */
const probesMax = 4;
/** Addresses of one place that are tried. */
const addressesMax = 4;

export interface SurveyParts {
  readonly env: Pick<Env, "now" | "setTimer">;
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly anchors: Anchors;
  /** Which addresses anybody can reach. */
  readonly guard: Pick<AddressGuard, "admits">;
  readonly posh: (domain: DomainJid) => Promise<PoshAnswer>;
  /** A host of ours, in whose name others are asked. */
  readonly from: string | undefined;
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** One address of one place, and what was found there. */
export interface Visit {
  readonly place: PlaceSurvey;
  readonly address: string;
  readonly isPublic: boolean;
  readonly probe: ProbeResult;
  /** Undefined when it did not come as far as a certificate. */
  readonly judgement: PlaceJudgement | undefined;
}

export interface DomainSurvey {
  readonly domain: DomainJid;
  readonly dns: DnsSurvey;
  readonly posh: PoshAnswer;
  readonly visits: readonly Visit[];
}

/** Looks at a domain from outside, as other servers and clients do: DNS, web server, and every machine that serves it. */
export async function surveyDomain(domain: DomainJid, parts: SurveyParts): Promise<DomainSurvey> {
  const { env, resolver, anchors, guard, from, progress, signal } = parts;
  const ascii = asciiDomain(domain).replace(/^\[|\]$/g, "");
  progress(`asking DNS about ${ascii}`);
  const [dns, posh] = await Promise.all([surveyDns(ascii, resolver, signal), parts.posh(domain)]);
  const errands = dns.places.flatMap((place) =>
    place.addresses.ok ? place.addresses.records.slice(0, addressesMax).map((address) => ({ place, address })) : [],
  );
  let done = 0;
  const visits = await inTurns(errands, async ({ place, address }): Promise<Visit> => {
    signal.throwIfAborted();
    const { service, host, port } = place;
    progress(`${done + 1} of ${errands.length}: connecting to ${host} port ${port}`);
    const result = await probe({ domain: ascii, from, service, address, port }, env);
    done += 1;
    const judgement = result.tls && judgePlace(result.tls.chain, place, { domain, anchors, now: env.now(), posh });
    return { place, address, isPublic: guard.admits(address), probe: result, judgement };
  });
  return { domain, dns, posh, visits };
}

async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: probesMax }, worker));
  return results;
}
