import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { Config } from "./config/config.ts";
import { DnsResolver, type ResolverSettings } from "./dns/dns-resolver.ts";
import { parseHosts, parseResolvConf, parseResolver, SystemFile } from "./dns/system-files.ts";
import { NetworkDialer, type DialSettings } from "./s2s/dial.ts";
import { dialSettings } from "./s2s/federation-of-config.ts";
import type { ConnectionCount } from "./tcp/connection-count.ts";
import type { CertificateStore } from "./tls/certificate-store.ts";
import { PeerContexts } from "./tls/peer-tls.ts";
import { openPeerTrust, type OpenPeerTrust } from "./trust/open-peer-trust.ts";
import type { TrustStoreSettings } from "./trust/trust-store.ts";

export interface NetworkParts {
  readonly config: Config;
  readonly env: Pick<Env, "now" | "setTimer" | "entropy">;
  readonly log: Log;
  readonly certificates: CertificateStore;
  readonly connections: Pick<ConnectionCount, "openOutgoing">;
  readonly handshakeFailed: (code: string, remoteAddress: string | undefined) => void;
}

/** All that leads to other servers: DNS, connections, and who is to be believed. */
export interface Network {
  readonly resolver: DnsResolver;
  readonly dialer: NetworkDialer;
  readonly trust: OpenPeerTrust;
  readonly contexts: PeerContexts;
  /** What could not be taken over, as sentences; it stays as it was. */
  readonly reload: (config: Config) => Promise<readonly string[]>;
}

/** @throws CertificateError when the authorities cannot be read */
export async function openNetwork(parts: NetworkParts): Promise<Network> {
  const { config, env, log, certificates, connections, handshakeFailed } = parts;
  let resolvers = resolverSource(config, env);
  let settings: DialSettings = dialSettings(config);
  let posh = config.s2s.posh;
  const hosts = new SystemFile("/etc/hosts", parseHosts, env);
  const resolver = new DnsResolver({ env, settings: () => resolvers(), hosts: () => hosts.read() });
  const contexts = new PeerContexts(certificates);
  const handshakeMsMax = config.tls.handshakeSecondsMax * 1_000;
  const dialer = new NetworkDialer({
    env,
    log,
    resolver,
    settings: () => settings,
    makeRoom: () => connections.openOutgoing(),
    tls: { contexts, env, handshakeMsMax, handshakeFailed },
  });
  const trust = await openPeerTrust(trustStore(config), { env, resolver, settings: () => ({ ...settings, posh }) });
  return {
    resolver,
    dialer,
    trust,
    contexts,
    reload: async (next) => {
      resolvers = resolverSource(next, env);
      settings = dialSettings(next);
      posh = next.s2s.posh;
      try {
        await trust.reload(trustStore(next));
        return [];
      } catch (error) {
        return [error instanceof Error ? error.message : String(error)];
      }
    },
  };
}

/** Whose certificates are trusted. */
export function trustStore({ s2s }: Pick<Config, "s2s">): TrustStoreSettings {
  return { authorities: s2s.authorities, files: s2s.authorityFiles };
}

/** Those of the configuration, or, without any, those that the system uses at the time. */
export function resolverSource({ s2s }: Pick<Config, "s2s">, env: Pick<Env, "now">): () => Promise<ResolverSettings> {
  const places = s2s.resolvers.map(parseResolver).filter((place) => place !== undefined);
  if (places.length > 0) {
    const settings = Promise.resolve({ places, validating: s2s.resolversValidate });
    return () => settings;
  }
  const file = new SystemFile(
    "/etc/resolv.conf",
    (text) => ({ places: parseResolvConf(text), validating: false }),
    env,
  );
  return () => file.read();
}
