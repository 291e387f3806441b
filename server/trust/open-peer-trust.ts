import type { Env } from "#kit/env.ts";
import type { AddressGuard } from "../dns/address-ranges.ts";
import type { DnsResolver } from "../dns/dns-resolver.ts";
import { addressesOf } from "../s2s/dial-addresses.ts";
import { daneTargets } from "./dane-targets.ts";
import { httpsGet } from "./https-get.ts";
import { JudgePeers } from "./judge-peers.ts";
import type { PeerTrust } from "./peer-trust.ts";
import { PoshSource } from "./posh.ts";
import { loadTrustStore, type Anchors, type TrustStore, type TrustStoreSettings } from "./trust-store.ts";

/** A document of POSH is a few hundred bytes. */
const poshBytesMax = 64 * 1_024;
const httpsPort = 443;

/** What the configuration says; asked at each question, so that a reload changes it. */
export interface TrustSettings {
  /** Whether the resolvers validate, and may be believed when they say so: then DANE is used. */
  readonly validating: boolean;
  /** Whether domains' web servers are asked (RFC 7711). */
  readonly posh: boolean;
  readonly guard: AddressGuard;
}

export interface OpenPeerTrustParts {
  readonly env: Pick<Env, "now" | "setTimer" | "entropy">;
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly settings: () => TrustSettings;
}

/** Judges peers, and reads its trust store again when told so. */
export interface OpenPeerTrust extends PeerTrust {
  /** How many authorities are trusted. */
  readonly authorities: number;
  /** @throws CertificateError; then all stays as it was */
  readonly reload: (store: TrustStoreSettings) => Promise<void>;
}

/** @throws CertificateError when a file of authorities cannot be read */
export async function openPeerTrust(store: TrustStoreSettings, parts: OpenPeerTrustParts): Promise<OpenPeerTrust> {
  let anchors: TrustStore = await loadTrustStore(store);
  const { env, resolver, settings } = parts;
  const web = openPosh({ env, resolver, settings, anchors: () => anchors });
  const judge = new JudgePeers({
    env,
    anchors: () => anchors,
    targets: async (domain, signal) => (settings().validating ? daneTargets(domain, { resolver, env }, signal) : []),
    posh: async (domain) => (settings().posh ? web.find(domain) : { ok: false, reason: "is not asked for" }),
  });
  return {
    check: judge.check,
    get authorities() {
      return anchors.size;
    },
    reload: async (next) => {
      anchors = await loadTrustStore(next);
    },
  };
}

/** Domains' web servers, at addresses that may be connected to. */
export function openPosh(parts: {
  readonly env: OpenPeerTrustParts["env"];
  readonly resolver: OpenPeerTrustParts["resolver"];
  readonly settings: () => Pick<TrustSettings, "guard" | "validating">;
  readonly anchors: () => Anchors;
}): PoshSource {
  const { env, resolver, settings, anchors } = parts;
  const addresses = async (host: string, signal: AbortSignal): Promise<readonly string[]> => {
    const { guard, validating } = settings();
    const server = { host, port: httpsPort, directTls: true, validated: false, isNamed: true, isConfigured: false };
    return (await addressesOf(server, { resolver, env, guard, validating }, signal)).addresses;
  };
  const https = { addresses, anchors, now: env.now, bodyBytesMax: poshBytesMax };
  return new PoshSource({ env, get: (url, signal) => httpsGet(url, https, signal) });
}
