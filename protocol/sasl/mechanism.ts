import type { ScramHash } from "./scram-hash.ts";

/** Every mechanism that we speak, strongest first: the order in which we offer and choose. */
export const mechanisms = [
  // [rfc6120-6.3.4-04] [rfc6120-13.8.4-01]
  "EXTERNAL",
  "SCRAM-SHA-512-PLUS",
  "SCRAM-SHA-256-PLUS",
  // [rfc6120-6.3.4-05] [rfc6120-13.8.1-01] [rfc6120-13.8.3-01]
  "SCRAM-SHA-1-PLUS",
  // [rfc6120-13.8-01]
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "DIGEST-MD5",
  "PLAIN",
  "ANONYMOUS",
] as const;

export type Mechanism = (typeof mechanisms)[number];

export type MechanismKind =
  | { readonly family: "SCRAM"; readonly hash: ScramHash; readonly plus: boolean }
  | { readonly family: "EXTERNAL" | "DIGEST-MD5" | "PLAIN" | "ANONYMOUS" };

const kinds: { readonly [mechanism in Mechanism]: MechanismKind } = {
  EXTERNAL: { family: "EXTERNAL" },
  "SCRAM-SHA-512-PLUS": { family: "SCRAM", hash: "SHA-512", plus: true },
  "SCRAM-SHA-256-PLUS": { family: "SCRAM", hash: "SHA-256", plus: true },
  "SCRAM-SHA-1-PLUS": { family: "SCRAM", hash: "SHA-1", plus: true },
  "SCRAM-SHA-512": { family: "SCRAM", hash: "SHA-512", plus: false },
  "SCRAM-SHA-256": { family: "SCRAM", hash: "SHA-256", plus: false },
  "SCRAM-SHA-1": { family: "SCRAM", hash: "SHA-1", plus: false },
  "DIGEST-MD5": { family: "DIGEST-MD5" },
  PLAIN: { family: "PLAIN" },
  ANONYMOUS: { family: "ANONYMOUS" },
};

/** Exact names only: they are upper case. RFC 4422 §3.1 */
export function isMechanism(name: string): name is Mechanism {
  return Object.hasOwn(kinds, name);
}

export function kindOf(mechanism: Mechanism): MechanismKind {
  return kinds[mechanism];
}

/** Whether an offered mechanism, of ours or not, binds to the channel. */
export function isPlus(name: string): boolean {
  return name.endsWith("-PLUS");
}
