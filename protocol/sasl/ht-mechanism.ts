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

/** Strongest first. */
const suffixes = {
  EXPR: "tls-exporter",
  UNIQ: "tls-unique",
  ENDP: "tls-server-end-point",
  NONE: "none",
} as const satisfies Record<string, ChannelBindingType | "none">;

/** Every mechanism of the family by its name, strongest first. They are for tokens only, never among those of passwords. */
export const htMechanismNames: readonly string[] = Object.keys(suffixes).flatMap((suffix) =>
  htHashes.map((hash) => `HT-${hash}-${suffix}`),
);

export function parseHtMechanism(name: string): HtMechanism | undefined {
  for (const hash of htHashes)
    for (const [suffix, binding] of Object.entries(suffixes))
      if (name === `HT-${hash}-${suffix}`) return { hash, binding };
  return undefined;
}

/**
 * The mechanisms to announce for tokens on this stream, strongest first: the types of binding are those that work here
 * (S30). One without binding is among them unless the policy wants everything bound. [xep0484-3.1-04]
 */
export function htMechanisms(policy: SaslServerPolicy, transport: SaslServerTransport): readonly string[] {
  // [xep0484-6-01]
  if (!transport.encrypted) return [];
  const types: readonly string[] = announcedBindingTypes(policy, transport);
  return htMechanismNames.filter((name) => {
    const binding = parseHtMechanism(name)?.binding ?? "none";
    return binding === "none" ? policy.channelBinding !== "required" : types.includes(binding);
  });
}
