import { clientsCount } from "./cast-sizes.ts";
import type { Draws } from "./draws.ts";
import { actingMs } from "./scenario-times.ts";
import type { Fault, Step } from "./steps.ts";

/** Times that a client writes to the component, of which some write much. */
const writingsCount = 120;
const burstMax = 40;
const faultsMin = 5;
const faultsMax = 9;

/** What clients write to the component of a world, and what goes wrong with that. */
export function componentSteps(draws: Draws): readonly Step[] {
  const steps: Step[] = Array.from({ length: writingsCount }, () => writing(draws, draws.between(10_000, actingMs)));
  for (let count = draws.between(faultsMin, faultsMax); count > 0; count -= 1) {
    const at = draws.between(15_000, actingMs);
    steps.push({ at, ...faultOf(draws) });
    // Something is under way as it happens, and behind it.
    for (let writings = draws.between(2, 6); writings > 0; writings -= 1)
      steps.push(writing(draws, at + draws.between(-300, 3_000)));
  }
  return steps;
}

function writing(draws: Draws, at: number): Step {
  const count = draws.chance(0.1) ? draws.between(2, burstMax) : draws.between(1, 2);
  return { at, client: draws.below(clientsCount), does: "write-to-component", count };
}

function faultOf(draws: Draws): Extract<Fault, { readonly fault: `component-${string}` }> {
  const fault = draws.weighted({ "component-cut": 4, "component-restart": 4, "component-hang": 3 });
  switch (fault) {
    case "component-cut":
      return { fault, serverNotices: draws.chance(0.7), componentNotices: draws.chance(0.7) };
    case "component-restart":
      // What waits for it goes back after twenty seconds.
      return { fault, downMs: draws.chance(0.6) ? draws.between(100, 10_000) : draws.between(15_000, 45_000) };
    default:
      return { fault, forMs: draws.between(500, 60_000) };
  }
}
