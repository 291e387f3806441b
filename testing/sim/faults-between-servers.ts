import type { Draws } from "./draws.ts";
import { actingMs } from "./scenario-times.ts";
import { isFault, type Cast, type FaultBetweenServers, type Step } from "./steps.ts";

const faultsMin = 8;
const faultsMax = 16;
/** Within this time each side of a connection that was cut learns of it, where it learns of it at all. */
const noticedMsMax = 5_000;

/** What goes wrong with one server goes wrong with any of them. */
export function someServers(draws: Draws, serversCount: number, step: Step): Step {
  if (!isFault(step)) return step;
  switch (step.fault) {
    case "clock-jump":
    case "disc-slow":
    case "commits-fail":
    case "reads-fail":
    case "kill":
    case "restart":
      return { ...step, server: draws.below(serversCount) };
    default:
      return step;
  }
}

/** What goes wrong between the servers of a world. */
export function faultsBetweenServers(draws: Draws, { accounts, servers }: Cast): readonly Step[] {
  return Array.from({ length: draws.between(faultsMin, faultsMax) }, () => ({
    at: draws.between(15_000, actingMs),
    ...faultOf(draws, servers.length, accounts),
  }));
}

function faultOf(draws: Draws, serversCount: number, accounts: readonly string[]): FaultBetweenServers {
  const fault = draws.weighted({
    "wire-cut": 12,
    "wire-weather": 3,
    "wire-mute": 2,
    "wire-forge": 1,
    unreachable: 3,
    hang: 2,
  });
  const which = draws.below(100);
  const server = draws.below(serversCount);
  switch (fault) {
    case "wire-cut": {
      // Now and then a side is told by nobody, and has to find out.
      const noticed = (): number | undefined => (draws.chance(0.9) ? draws.between(1, noticedMsMax) : undefined);
      return { fault, which, diallerNoticesMs: noticed(), acceptorNoticesMs: noticed() };
    }
    case "wire-weather":
      return { fault, which, forMs: draws.between(1_000, 30_000), delayMs: draws.between(200, 4_000) };
    case "wire-forge":
      return { fault, which, from: oneOf(draws, accounts), to: oneOf(draws, accounts) };
    case "wire-mute":
      return { fault, which, forMs: draws.between(1_000, 120_000) };
    case "unreachable":
      return {
        fault,
        server,
        how: draws.weighted({ refused: 4, hangs: 2, "dns-fails": 3, "not-found": 1 }),
        forMs: draws.chance(0.7) ? draws.between(1_000, 20_000) : draws.between(20_000, 120_000),
      };
    default:
      return { fault, server, forMs: draws.chance(0.7) ? draws.between(500, 10_000) : draws.between(10_000, 90_000) };
  }
}

function oneOf(draws: Draws, accounts: readonly string[]): string {
  return accounts[draws.below(accounts.length)] ?? "";
}
