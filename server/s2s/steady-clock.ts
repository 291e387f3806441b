import type { Env } from "#kit/env.ts";

/**
 * The same surroundings with a clock that is never behind what it has said: when the real one is set back, it stands still
 * in between two readings and goes on from there. For all that waits for a time to come, which is not to be an hour later.
 */
export function withSteadyClock(env: Env): Env {
  let last = -Infinity;
  let ahead = 0;
  const now = (): number => {
    const real = env.now();
    if (real + ahead < last) ahead = last - real;
    last = real + ahead;
    return last;
  };
  const { setTimer, defer, afterInput, entropy, deriveKey } = env;
  return { now, setTimer, defer, ...(afterInput && { afterInput }), entropy, deriveKey };
}
