import type { Env } from "#kit/env.ts";
import type { DnsResolverParts } from "#server/dns/dns-resolver.ts";
import { parseHosts, parseResolvConf, SystemFile } from "#server/dns/system-files.ts";

/** The resolvers of this machine. Whether they validate is theirs to say, and theirs to be believed if they are on loopback. */
export function resolverParts(env: Pick<Env, "now" | "setTimer" | "entropy">): DnsResolverParts {
  const places = new SystemFile("/etc/resolv.conf", parseResolvConf, env);
  const hosts = new SystemFile("/etc/hosts", parseHosts, env);
  return {
    env,
    settings: async () => ({ places: await places.read(), validating: true }),
    hosts: () => hosts.read(),
  };
}
