import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { PeerVerdict } from "#protocol/stream/servers/peer-verdict.ts";
import type { Log } from "#kit/log.ts";
import type { PeerTrust } from "../trust/peer-trust.ts";
import type { ServerLink } from "./server-link.ts";

/** Whether the certificate that a link's peer has shown is good for a domain. The stream waits for it. [rfc7711-5-01] */
export async function checkPeer(
  link: ServerLink,
  { local, remote }: DomainPair,
  { trust, log }: { readonly trust: PeerTrust; readonly log: Log },
): Promise<PeerVerdict> {
  const chain = link.connection.channel?.peerChain ?? [];
  const verdict = await trust.check({ chain, remote, local, place: link.errand?.place });
  if (verdict.trusted) {
    // [rfc6120-13.7.2.3-01]
    link.trustUntil(verdict.until);
    return { trusted: true };
  }
  // [rfc9525-6.6-03]
  const fields = { stream: link.id, local, remote, peer: link.connection.remoteAddress, reason: verdict.reason };
  if (verdict.forbidden === true) {
    log.warn(fields, "what answers in the place of another server is not it, says its domain");
    link.abandon(verdict.reason);
  } else log.debug(fields, "a certificate is not trusted");
  const { reason, forbidden } = verdict;
  return { trusted: false, reason, ...(forbidden && { forbidden }) };
}
