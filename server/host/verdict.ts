import type { Verdict } from "#kit/server-module.ts";

/** Asks every guard; refusals go before silence, so that the order of the modules does not matter. */
export function firstVerdict<Guard>(
  guards: readonly Guard[],
  ask: (guard: Guard) => Verdict | undefined,
): Verdict | undefined {
  if (guards.length === 0) return undefined;
  let found: Verdict | undefined;
  for (const guard of guards) {
    const verdict = ask(guard);
    if (verdict === undefined) continue;
    if ("refuse" in verdict) return verdict;
    found = verdict;
  }
  return found;
}
