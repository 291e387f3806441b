import { scramHashes, type ScramHash } from "./scram-hash.ts";

/** Every mechanism that we speak, strongest first: the order in which we offer and choose. [rfc6120-6.3.3-01] */
export const mechanisms = [
  // [rfc6120-6.3.4-04]
  "EXTERNAL",
  "SCRAM-SHA-512-PLUS",
  "SCRAM-SHA-256-PLUS",
  "SCRAM-SHA-1-PLUS",
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "DIGEST-MD5",
  "PLAIN",
  "ANONYMOUS",
] as const;

export type Mechanism = (typeof mechanisms)[number];

/** Exact names only: they are upper case. RFC 4422 §3.1 */
export function isMechanism(name: string): name is Mechanism {
  return mechanisms.some((known) => known === name);
}

/** What a mechanism of the SCRAM family does; `undefined` for the others. */
export function scramOf(mechanism: string): { readonly hash: ScramHash; readonly plus: boolean } | undefined {
  for (const hash of scramHashes) {
    if (mechanism === `SCRAM-${hash}`) return { hash, plus: false };
    if (mechanism === `SCRAM-${hash}-PLUS`) return { hash, plus: true };
  }
  return undefined;
}
