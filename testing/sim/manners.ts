import { defaultFederationLimits, type FederationLimits } from "#server/s2s/federation-limits.ts";
import type { FederationPolicy } from "#server/s2s/policy.ts";
import type { Draws } from "./draws.ts";

/** How a server talks to others: not all can do what ours can. */
export interface Manners {
  /** Whether it has stream management, and resumes streams. */
  readonly manages: boolean;
  readonly resumes: boolean;
  /** Whether stanzas go both ways on one stream. */
  readonly bidirectional: boolean;
  readonly idleMsMax: number;
}

export function mannersFrom(draws: Draws): Manners {
  const manages = draws.chance(0.85);
  return {
    manages,
    resumes: manages && draws.chance(0.85),
    bidirectional: draws.chance(0.75),
    idleMsMax: draws.one([600_000, 600_000, 20_000]),
  };
}

export function policyOf({ bidirectional, manages }: Manners): FederationPolicy {
  return { security: "dialback", admits: () => true, bidirectional, streamManagement: manages };
}

export function limitsOf({ idleMsMax, resumes }: Manners): FederationLimits {
  const { resumeSecondsMax } = defaultFederationLimits;
  return { ...defaultFederationLimits, idleMsMax, resumeSecondsMax: resumes ? resumeSecondsMax : 0 };
}
