import type { Env } from "#kit/env.ts";

/**
 * For what may happen a thousand times a second and is told once: `tell` gets how often it has happened since it was
 * told last, this time included.
 */
export function seldom(env: Pick<Env, "now">, everyMs: number, tell: (times: number) => void): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  let times = 0;
  return () => {
    times += 1;
    const now = env.now();
    // A clock that was set back must not silence us.
    if (Math.abs(now - toldAt) < everyMs) return;
    toldAt = now;
    tell(times);
    times = 0;
  };
}
