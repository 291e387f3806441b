import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { TlsaRecord } from "../dns/dns-answer.ts";
import type { DnsResolver } from "../dns/dns-resolver.ts";
import { addressesOf } from "../s2s/dial-addresses.ts";
import { serversOf } from "../s2s/dial-servers.ts";
import { DialError } from "../s2s/dialer.ts";

/** Servers of a domain that are looked up. */
const targetsMax = 8;

/** One of a domain's servers, as DNS has it. */
export interface DaneTarget {
  readonly host: string;
  /** Validated; empty when it has none. */
  readonly tlsa: readonly TlsaRecord[];
}

export interface DaneTargetsParts {
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly env: Pick<Env, "entropy" | "setTimer">;
}

/**
 * The servers of a domain whose way through DNS was validated, with what it says of their certificates: for a peer that
 * came to us, which is most likely one of them.
 *
 * @throws DnsError when that cannot be found out
 */
export async function daneTargets(
  domain: DomainJid,
  { resolver, env }: DaneTargetsParts,
  signal: AbortSignal,
): Promise<readonly DaneTarget[]> {
  try {
    const servers = await serversOf(domain, { resolver, env, routes: [], validating: true }, signal);
    const validated = servers.filter((server) => server.validated).slice(0, targetsMax);
    // Nothing is connected to, so any address will do.
    const parts = { resolver, env, guard: { admits: () => true }, validating: true };
    return await Promise.all(
      validated.map(async (server) => {
        const found = await addressesOf(server, parts, signal);
        return { host: server.host, tlsa: found.validated ? found.tlsa : [] };
      }),
    );
  } catch (error) {
    // It has no servers, or none that could be asked about.
    if (error instanceof DialError) return [];
    throw error;
  }
}
