import { isIP } from "node:net";
import {
  DnsError,
  type DnsAnswer,
  type RecordType,
  type ServiceRecord,
  type TlsaRecord,
} from "#server/dns/dns-answer.ts";
import type { DnsResolver } from "#server/dns/dns-resolver.ts";
import { services, type Service } from "./services.ts";

/** Targets of one SRV record that are looked at. */
const targetsMax = 8;

/** What DNS said, or why it said nothing. */
export type Asked<T> =
  | { readonly ok: true; readonly records: readonly T[]; readonly validated: boolean }
  | { readonly ok: false; readonly reason: string };

export interface ServiceSurvey {
  readonly service: Service;
  readonly answer: Asked<ServiceRecord>;
}

/** A machine and a port where a service should be. */
export interface PlaceSurvey {
  readonly service: Service;
  readonly host: string;
  readonly port: number;
  /** Whether an SRV record says so; otherwise it is the domain's own name, for want of one. */
  readonly isNamed: boolean;
  readonly addresses: Asked<string>;
  /** Whether all that led here was validated. */
  readonly validated: boolean;
  readonly tlsa: Asked<TlsaRecord>;
}

export interface DnsSurvey {
  readonly services: readonly ServiceSurvey[];
  readonly places: readonly PlaceSurvey[];
}

/** Asks DNS all there is to ask about a domain (in ASCII, or an address). */
export async function surveyDns(
  domain: string,
  resolver: Pick<DnsResolver, "resolve">,
  signal: AbortSignal,
): Promise<DnsSurvey> {
  const ask = <Type extends RecordType>(name: string, type: Type) => asked(resolver.resolve(name, type, signal));
  const isAddress = isIP(domain) !== 0;
  const found = await Promise.all(
    services.map(async (service): Promise<ServiceSurvey> => {
      const none = { ok: true, records: [], validated: false } as const;
      return { service, answer: isAddress ? none : await ask(`${service.name}._tcp.${domain}`, "SRV") };
    }),
  );
  const places = await Promise.all(
    placesOf(domain, found).map(async (place): Promise<PlaceSurvey> => {
      const addresses = await addressesOf(place.host, ask);
      const tlsa = await ask(`_${place.port}._tcp.${place.host}`, "TLSA");
      const validated = place.validated && addresses.ok && addresses.validated;
      return { ...place, addresses, validated, tlsa };
    }),
  );
  return { services: found, places };
}

type Ask = (name: string, type: "A" | "AAAA") => Promise<Asked<string>>;

async function addressesOf(host: string, ask: Ask): Promise<Asked<string>> {
  if (isIP(host) !== 0) return { ok: true, records: [host], validated: false };
  const [six, four] = await Promise.all([ask(host, "AAAA"), ask(host, "A")]);
  if (!six.ok && !four.ok) return four;
  const answers = [six, four].filter((answer) => answer.ok);
  return {
    ok: true,
    records: answers.flatMap(({ records }) => records),
    validated:
      six.ok && four.ok && (six.validated || six.records.length === 0) && (four.validated || four.records.length === 0),
  };
}

function placesOf(domain: string, found: readonly ServiceSurvey[]) {
  return (["server", "client"] as const).flatMap((side) => {
    const ofSide = found.filter(({ service }) => service.side === side);
    const named = ofSide.flatMap(({ service, answer }) => {
      if (!answer.ok) return [];
      const { records, validated } = answer;
      return records
        .filter(({ target }) => target !== ".")
        .slice(0, targetsMax)
        .map(({ target, port }) => ({ service, host: target, port, isNamed: true, validated }));
    });
    // Only where there is no record at all: "." is one, and one that could not be asked for may be there.
    const isSilent = ofSide.every(({ answer }) => answer.ok && answer.records.length === 0);
    const [plain] = ofSide;
    if (!isSilent || plain === undefined) return named;
    const { service } = plain;
    return [{ service, host: domain, port: service.port, isNamed: false, validated: false }];
  });
}

async function asked<Type extends RecordType>(
  answer: Promise<DnsAnswer<Type>>,
): Promise<Asked<DnsAnswer<Type>["records"][number]>> {
  try {
    const { records, validated } = await answer;
    return { ok: true, records, validated };
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return { ok: false, reason: error.message };
  }
}
