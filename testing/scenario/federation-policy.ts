import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ServerCore } from "#server/core.ts";
import type { FederationPolicy } from "#server/s2s/policy.ts";

/** What a host asks of other servers from now on; undefined when it is to talk to none any more. */
export function changePolicy(core: ServerCore, domain: DomainJid, policy: FederationPolicy | undefined): void {
  const host = core.hosts.get(domain);
  if (host === undefined) return;
  const { federation: _, ...settings } = host.settings;
  core.followHosts([policy === undefined ? settings : { ...settings, federation: policy }]);
}
