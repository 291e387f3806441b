import { type DomainPair, type HeldPair, type PairWays, keyOfPair } from "./domain-pair.ts";
import type { DialbackRequest } from "./server-effect.ts";
import type { ServerOrder } from "./server-input.ts";

/** The domain pairs of a stream, and the keys that the peer verifies for us. It never changes: its functions make another. */
export interface PairTable {
  /** They want to send to us, or may. */
  readonly incoming: ReadonlyMap<string, IncomingPair>;
  /** We want to send to them, or may. */
  readonly outgoing: ReadonlyMap<string, OutgoingPair>;
  /** Keys that the peer was asked about and has not answered, by name, addresses and id. */
  readonly verifications: ReadonlyMap<string, Omit<DialbackRequest, "key">>;
  /** What is wanted, but cannot be asked yet. */
  readonly waiting: readonly ServerOrder[];
}

/** `checking`: the certificate; `verifying`: the key. */
export interface IncomingPair extends DomainPair {
  readonly standing: "checking" | "verifying" | "authorized";
  readonly key: string;
}

export interface OutgoingPair extends DomainPair {
  /** `checking`: the certificate, before anything is asked. */
  readonly standing: "checking" | "asked" | "authorized";
}

export const noPairs: PairTable = { incoming: new Map(), outgoing: new Map(), verifications: new Map(), waiting: [] };

/** Whether the peer's stanzas for this pair may come in. */
export function mayComeIn(stream: PairsInForce, pair: DomainPair): boolean {
  return (
    isAuthorized(stream.pairs.incoming, pair) || (stream.bidirectional && isAuthorized(stream.pairs.outgoing, pair))
  );
}

/** Whether our stanzas for this pair may go out. */
export function mayGoOut(stream: PairsInForce, pair: DomainPair): boolean {
  return (
    isAuthorized(stream.pairs.outgoing, pair) || (stream.bidirectional && isAuthorized(stream.pairs.incoming, pair))
  );
}

/** Part of what is known of a stream. */
export interface PairsInForce {
  readonly pairs: PairTable;
  readonly bidirectional: boolean;
}

function isAuthorized(table: ReadonlyMap<string, IncomingPair | OutgoingPair>, pair: DomainPair): boolean {
  return table.get(keyOfPair(pair))?.standing === "authorized";
}

/** All that are authorized. */
export function heldPairs({ bidirectional, pairs }: PairsInForce): readonly HeldPair[] {
  const held = new Map<string, HeldPair>();
  const add = (key: string, { local, remote, standing }: IncomingPair | OutgoingPair, way: "in" | "out"): void => {
    if (standing !== "authorized") return;
    const before = held.get(key)?.ways;
    const ways: PairWays = bidirectional || (before !== undefined && before !== way) ? "both" : way;
    held.set(key, { local, remote, ways });
  };
  for (const [key, pair] of pairs.incoming) add(key, pair, "in");
  for (const [key, pair] of pairs.outgoing) add(key, pair, "out");
  return [...held.values()];
}

export function withIncoming(pairs: PairTable, pair: IncomingPair): PairTable {
  return { ...pairs, incoming: new Map(pairs.incoming).set(keyOfPair(pair), pair) };
}

export function withoutIncoming(pairs: PairTable, pair: DomainPair): PairTable {
  return { ...pairs, incoming: without(pairs.incoming, keyOfPair(pair)) };
}

export function withOutgoing(pairs: PairTable, pair: OutgoingPair): PairTable {
  return { ...pairs, outgoing: new Map(pairs.outgoing).set(keyOfPair(pair), pair) };
}

export function withoutOutgoing(pairs: PairTable, pair: DomainPair): PairTable {
  return { ...pairs, outgoing: without(pairs.outgoing, keyOfPair(pair)) };
}

/** With the id last, since what is in it is up to a stranger. */
export function keyOfVerification({ id, ...pair }: Omit<DialbackRequest, "key">): string {
  return `${keyOfPair(pair)} ${id}`;
}

export function withVerification(pairs: PairTable, { id, local, remote }: Omit<DialbackRequest, "key">): PairTable {
  const asked = { local, remote, id };
  return { ...pairs, verifications: new Map(pairs.verifications).set(keyOfVerification(asked), asked) };
}

export function withoutVerification(pairs: PairTable, asked: Omit<DialbackRequest, "key">): PairTable {
  return { ...pairs, verifications: without(pairs.verifications, keyOfVerification(asked)) };
}

function without<Value>(table: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const rest = new Map(table);
  rest.delete(key);
  return rest;
}
