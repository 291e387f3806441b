import { isIP } from "node:net";
import type { Env } from "#kit/env.ts";
import type { AddressGuard } from "../dns/address-ranges.ts";
import type { TlsaRecord } from "../dns/dns-answer.ts";
import type { DnsResolver } from "../dns/dns-resolver.ts";
import type { DialServer } from "./dial-servers.ts";

/** Addresses of one machine that are tried. */
const addressesMax = 8;
/** How long addresses of the other family are waited for when those of one are there (RFC 8305 §3). */
const otherFamilyMsMax = 50;

/** Where a server can be connected to. */
export interface DialAddresses {
  /** In the order in which to try them. */
  readonly addresses: readonly string[];
  /** Those that may not be connected to. */
  readonly refused: readonly string[];
  readonly validated: boolean;
  /** Validated; empty where there are none, or none that could be. */
  readonly tlsa: readonly TlsaRecord[];
}

export interface AddressesParts {
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly env: Pick<Env, "setTimer">;
  readonly guard: Pick<AddressGuard, "admits">;
  readonly validating: boolean;
}

/**
 * Looks a server's addresses up, and what it says of its certificate.
 *
 * @throws DnsError when that cannot be found out, in which case it must not be connected to
 */
export async function addressesOf(
  server: DialServer,
  parts: AddressesParts,
  signal: AbortSignal,
): Promise<DialAddresses> {
  if (isIP(server.host) !== 0) {
    const isOpen = server.isConfigured || parts.guard.admits(server.host);
    return { addresses: isOpen ? [server.host] : [], refused: isOpen ? [] : [server.host], validated: false, tlsa: [] };
  }
  const found = await bothFamilies(server.host, parts, signal);
  // Each answer is looked at by itself, and what was looked at is what is connected to: a name that leads elsewhere the
  // next time gains nothing by it (A36).
  const open = found.addresses.filter((address) => parts.guard.admits(address));
  const refused = found.addresses.filter((address) => !open.includes(address));
  const validated = server.validated && found.validated;
  // [rfc7673-3.2-01] [rfc7673-3.2-02]
  const tlsa = validated && open.length > 0 ? await tlsaOf(server, parts, signal) : [];
  return { addresses: alternating(open).slice(0, addressesMax), refused, validated, tlsa };
}

/** [rfc7673-3.3-01] [rfc7673-3.4-03] [rfc7673-3.4-04] */
async function tlsaOf(
  { host, port }: DialServer,
  { resolver }: AddressesParts,
  signal: AbortSignal,
): Promise<readonly TlsaRecord[]> {
  const { records, validated } = await resolver.resolve(`_${port}._tcp.${host}`, "TLSA", signal);
  return validated ? records : [];
}

interface Found {
  readonly addresses: readonly string[];
  readonly validated: boolean;
}

async function bothFamilies(
  host: string,
  { resolver, env, validating }: AddressesParts,
  signal: AbortSignal,
): Promise<Found> {
  const six = resolver.resolve(host, "AAAA", signal);
  const four = resolver.resolve(host, "A", signal);
  // Where answers are validated, one that cannot be had may hide an attack. [rfc7673-3.2-03]
  if (validating) {
    const found = await Promise.all([six, four]);
    return {
      addresses: found.flatMap(({ records }) => records),
      validated:
        found.every(({ records, validated }) => validated || records.length === 0) &&
        found.some(({ validated }) => validated),
    };
  }
  const answers: readonly Answer[] = await Promise.race([Promise.allSettled([six, four]), enough(six, four, env)]);
  signal.throwIfAborted();
  const addresses = answers.flatMap((result) => (result.status === "fulfilled" ? result.value.records : []));
  // Without any address, both have answered, or failed, which is told by whoever has.
  if (addresses.length === 0) await Promise.all([six, four]);
  return { addresses, validated: false };
}

type Answer = PromiseSettledResult<{ readonly records: readonly string[] }>;

/** Resolves a moment after one family is there with something; never when none is. */
function enough(
  six: Promise<{ readonly records: readonly string[] }>,
  four: Promise<{ readonly records: readonly string[] }>,
  env: Pick<Env, "setTimer">,
): Promise<readonly Answer[]> {
  const { promise, resolve } = Promise.withResolvers<readonly Answer[]>();
  const here: Answer[] = [];
  for (const family of [six, four]) {
    family.then(
      (value) => {
        here.push({ status: "fulfilled", value });
        if (value.records.length > 0) env.setTimer(otherFamilyMsMax, () => resolve([...here]));
      },
      () => {},
    );
  }
  return promise;
}

/** By turns one of each family, IPv6 first (RFC 8305 §4). */
function alternating(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => isIP(address) === 6);
  const four = addresses.filter((address) => isIP(address) === 4);
  return Array.from({ length: Math.max(six.length, four.length) }, (_, i) => [six[i], four[i]])
    .flat()
    .filter((address) => address !== undefined);
}
