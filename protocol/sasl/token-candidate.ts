/** A token that a device may present, as a mechanism's check needs it. */
export interface TokenCandidate {
  /** The mechanism that it was issued for: with others it is worth nothing. */
  readonly mechanism: string;
  /** As keyOfToken() made it. */
  readonly key: Uint8Array;
  readonly expired: boolean;
}

/** Tokens of one device that may be good at the same time: the one in use, and the one that is to take its place. */
export const tokenCandidatesMax = 2;
