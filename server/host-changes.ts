import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Config } from "./config/config.ts";
import type { ServerCore } from "./core.ts";
import { hostSettings } from "./settings-of-config.ts";

/** How long a removed host may take to end what goes on there, in milliseconds. */
const leavingMsMax = 10_000;

/** What became of a wish for other hosts. */
export interface HostChanges {
  readonly added: readonly DomainJid[];
  readonly removed: readonly DomainJid[];
  /** Why one was not added. */
  readonly problems: readonly string[];
}

/**
 * Brings the hosts that are served in line with a configuration: new ones first, so that there is always one.
 *
 * @param hasCertificate whether TLS is possible there; without it a host would turn everybody away
 */
export async function changeHosts(
  core: ServerCore,
  config: Config,
  hasCertificate: (domain: DomainJid) => boolean,
): Promise<HostChanges> {
  const added: DomainJid[] = [];
  const removed: DomainJid[] = [];
  const problems: string[] = [];
  for (const host of config.hosts) {
    const { domain } = host;
    if (core.hosts.has(domain)) continue;
    if (!hasCertificate(domain)) {
      problems.push(`${domain} is not served: its certificate cannot be used`);
      continue;
    }
    try {
      core.addHost(hostSettings(config, host));
      added.push(domain);
    } catch (error) {
      problems.push(`${domain} is not served: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const wanted = new Set(config.hosts.map(({ domain }) => domain));
  const leaving = [...core.hosts.keys()].filter((domain) => !wanted.has(domain));
  for (const domain of leaving) {
    if (core.hosts.size === 1) {
      problems.push(`${domain} is still served: it is the last host`);
      continue;
    }
    await core.removeHost(domain, leavingMsMax);
    removed.push(domain);
  }
  return { added, removed, problems };
}
