import type { Env } from "#kit/env.ts";

/** A time from none up to `max`, in milliseconds. */
export function randomMs(env: Pick<Env, "entropy">, max: number): number {
  const [high = 0, low = 0] = env.entropy(2);
  return Math.floor((max * (high * 256 + low)) / 65_536);
}
