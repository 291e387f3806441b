import { domainToASCII } from "node:url";

/** A domain as DNS and certificates spell it: A-labels, lower case. Addresses and what has no such form stay as they are. */
export function asciiDomain(domain: string): string {
  // [rfc9525-6.3-03]
  return (domainToASCII(domain) || domain).toLowerCase();
}
