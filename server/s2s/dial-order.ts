import type { Env } from "#kit/env.ts";

/** What the order depends on. */
export interface Weighted {
  /** The lowest is tried first. */
  readonly priority: number;
  /** Among those of one priority, the chance of being tried before the others. */
  readonly weight: number;
}

/** Wide enough that the sum of all weights of an answer divides it nearly evenly. */
const randomBytes = 6;

/**
 * The order in which to try servers: by priority, and within one by chance in proportion to the weights (RFC 2782, "Usage
 * rules"). Records of both kinds of service go in together. [xep0368-3-01]
 */
export function inTurn<T extends Weighted>(servers: readonly T[], env: Pick<Env, "entropy">): readonly T[] {
  const byPriority = Map.groupBy(servers, ({ priority }) => priority);
  return [...byPriority].toSorted(([a], [b]) => a - b).flatMap(([, group]) => byChance(group, env));
}

function byChance<T extends Weighted>(group: readonly T[], env: Pick<Env, "entropy">): readonly T[] {
  // Those without weight stand first, so that they have the small chance that is meant for them; the others are in any
  // order, shuffled because the first of them has one chance more than its weight.
  const shuffled = group.map((server) => ({ server, key: randomFraction(env) })).toSorted((a, b) => a.key - b.key);
  const left = shuffled.map(({ server }) => server).toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const chosen: T[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    const mark = randomUpTo(total, env);
    let sum = 0;
    const found = left.findIndex(({ weight }) => {
      sum += weight;
      return sum >= mark;
    });
    chosen.push(...left.splice(Math.max(found, 0), 1));
  }
  return chosen;
}

/** A whole number from 0 to `max`, both included. */
function randomUpTo(max: number, env: Pick<Env, "entropy">): number {
  return Math.floor(randomFraction(env) * (max + 1));
}

/** From 0, included, to 1. */
function randomFraction(env: Pick<Env, "entropy">): number {
  return env.entropy(randomBytes).reduce((sum, byte) => (sum + byte) / 256, 0);
}
