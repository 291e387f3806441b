import { encodeBase64 } from "./sasl-base64.ts";
import { hashOf, type ScramHash } from "./scram-hash.ts";
import { encodeUtf8 } from "./utf8.ts";

/** What a server announced, by one of the SASL profiles. */
export interface SaslOffers {
  readonly mechanisms: readonly string[];
  /** XEP-0440; `undefined` when the server announced none. */
  readonly bindingTypes?: readonly string[];
}

/**
 * What both sides of SCRAM sign of the announcement, so that nobody in between can have shortened it unnoticed (A31).
 * XEP-0474 §6.1. Names are ASCII, whose order by octets is that of the code units. [xep0474-6.1-01]
 */
export function announcementHash(hash: ScramHash, { mechanisms, bindingTypes }: SaslOffers): string {
  const list = (names: readonly string[]): string => names.toSorted(byOctets).join("\u{1e}");
  const types = bindingTypes === undefined ? "" : `\u{1f}${list(bindingTypes)}`;
  return encodeBase64(hashOf(hash, encodeUtf8(list(mechanisms) + types)));
}

function byOctets(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
