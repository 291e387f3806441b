import type { ChannelBindingType } from "./channel-binding.ts";
import { announcedBindingTypes, type SaslServerPolicy, type SaslServerTransport } from "./server-policy.ts";

/** Hash functions of the HT family that we speak, strongest first. */
export const htHashes = ["SHA-512", "SHA-256"] as const;
export type HtHash = (typeof htHashes)[number];

/** A mechanism of the HT family, which proves a token. draft-schmaus-kitten-sasl-ht-09 §2 */
export interface HtMechanism {
  readonly hash: HtHash;
  /** What the proof is bound to. */
  readonly binding: ChannelBindingType | "none";
}

const suffixes = {
  EXPR: "tls-exporter",
  UNIQ: "tls-unique",
  ENDP: "tls-server-end-point",
  NONE: "none",
} as const satisfies Record<string, ChannelBindingType | "none">;

/** By their names, strongest first. */
const mechanismsByName: ReadonlyMap<string, HtMechanism> = new Map(
  Object.entries(suffixes).flatMap(([suffix, binding]) =>
    htHashes.map((hash) => [`HT-${hash}-${suffix}`, { hash, binding }] as const),
  ),
);

/** Every mechanism of the family by its name, strongest first. They are for tokens only, never among those of passwords. */
export const htMechanismNames: readonly string[] = [...mechanismsByName.keys()];

export function parseHtMechanism(name: string): HtMechanism | undefined {
  return mechanismsByName.get(name);
}

/**
 * The mechanisms to announce for tokens on this stream, strongest first: the types of binding are those that work here
 * (S30). One without binding is among them unless the policy wants everything bound. [xep0484-3.1-04]
 */
export function htMechanisms(policy: SaslServerPolicy, transport: SaslServerTransport): readonly string[] {
  // [xep0484-6-01]
  if (!transport.encrypted) return [];
  const types: readonly string[] = announcedBindingTypes(policy, transport);
  const names: string[] = [];
  for (const [name, { binding }] of mechanismsByName)
    if (binding === "none" ? policy.channelBinding !== "required" : types.includes(binding)) names.push(name);
  return names;
}
