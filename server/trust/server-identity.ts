import { canonicalIpv6, isIpv4 } from "#protocol/jid/ip-address.ts";
import { isDomain, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { asciiDomain } from "./ascii-domain.ts";
import type { GeneralName } from "./presented-names.ts";
import { serverDomainOf } from "./srv-name.ts";

/** Whom a certificate must name. */
export interface ReferenceIdentity {
  readonly domain: DomainJid;
  /** The target of an SRV record that was validated, which is then as good. RFC 7673 §4.1 */
  readonly host?: string | undefined;
}

/**
 * Whether one of the names of a certificate is the server's. The common name is not among them. RFC 9525 §6, RFC 6120
 * §13.7.1.2.1
 */
export function namesServer(names: readonly GeneralName[], reference: ReferenceIdentity): boolean {
  // [rfc9525-6.1.1-01] [rfc9525-6.1.1-03] [rfc9525-6.2-01] [rfc9525-6.6-01] [rfc9525-2-02] [rfc9525-2-03]
  return names.some((name) => isNamedBy(name, reference.domain) || isHostNamedBy(name, reference.host));
}

function isNamedBy(name: GeneralName, domain: DomainJid): boolean {
  switch (name.kind) {
    case "dns":
      // [rfc9525-6.2-02] [rfc9525-6.2-04]
      return !isAddress(domain) && matchesDnsName(name.text, asciiDomain(domain));
    case "srv":
      // Without wildcards: RFC 6120 has them in dNSName only. [rfc9525-6.1.1-05] [rfc9525-6.2-06]
      return !isAddress(domain) && serverDomainOf(name.text)?.toLowerCase() === asciiDomain(domain);
    case "xmpp": {
      const jid = parseJid(name.text);
      return jid !== undefined && isDomain(jid) && jid === domain;
    }
    case "ip":
      // [rfc9525-6.2-03] [rfc9525-6.2-05]
      return isAddress(domain) && addressText(name.octets) === domain;
    default:
      return false;
  }
}

/** The host only ever stands in a dNSName: the other forms are about the service. [rfc7673-4.1-05] */
function isHostNamedBy(name: GeneralName, host: string | undefined): boolean {
  return host !== undefined && name.kind === "dns" && matchesDnsName(name.text, asciiDomain(host.replace(/\.$/, "")));
}

/** Label by label, without regard to case; the left-most label may be `*`. RFC 9525 §6.3 */
function matchesDnsName(presented: string, wanted: string): boolean {
  const name = presented.toLowerCase();
  // [rfc9525-6.3-01] [rfc9525-6.3-02] [rfc9525-6.3-04] [rfc9525-6.3-05]
  if (!name.includes("*")) return name === wanted;
  // [rfc9525-6.3-06] [rfc9525-6.3-07]
  const suffix = /^\*(\.[^*.]+\.[^*]+)$/.exec(name)?.[1];
  if (suffix === undefined || !wanted.endsWith(suffix)) return false;
  const label = wanted.slice(0, -suffix.length);
  return label !== "" && !label.includes(".");
}

/** Whether a domain is an address instead of a name: `192.0.2.1`, `[2001:db8::1]`. */
export function isAddress(domain: string): boolean {
  return domain.startsWith("[") || isIpv4(domain);
}

/** As an address in the place of a domain is spelt. */
function addressText(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, at) => (octets[2 * at] ?? 0) * 256 + (octets[2 * at + 1] ?? 0));
  return `[${canonicalIpv6(groups.map((group) => group.toString(16)).join(":"))}]`;
}
