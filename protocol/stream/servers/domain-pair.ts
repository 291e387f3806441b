import type { DomainJid } from "#protocol/jid/jid.ts";

/** A domain of ours and one of theirs. Which of them sends is said elsewhere. */
export interface DomainPair {
  readonly local: DomainJid;
  readonly remote: DomainJid;
}

/** `in`: they may send to us, `out`: we may send to them. */
export type PairWays = "in" | "out" | "both";

/** A pair that is authorized on a stream, in one direction or both. */
export interface HeldPair extends DomainPair {
  readonly ways: PairWays;
}

/** Names a pair in a table: no domain has a space in it. */
export function keyOfPair({ local, remote }: DomainPair): string {
  return `${local} ${remote}`;
}
