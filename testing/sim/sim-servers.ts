import { drawsFor } from "./draws.ts";
import type { Hits } from "./hits.ts";
import type { SimClock } from "./sim-clock.ts";
import type { SimNetwork } from "./sim-network.ts";
import { domainNamed, SimServer } from "./sim-server.ts";
import type { Cast } from "./steps.ts";
import type { Trace } from "./trace.ts";

export const fairWeather = { delayMsMin: 1, delayMsMax: 40 };

/** The servers of a world, of which there may be but one. */
export function makeServers(
  servers: Cast["servers"],
  world: {
    readonly seed: number;
    readonly clock: SimClock;
    readonly trace: Trace;
    readonly hits: Hits;
    readonly network: SimNetwork;
    readonly component: string | undefined;
  },
): readonly SimServer[] {
  const { seed, clock, trace, hits, network } = world;
  return servers.map(([first, ...others], index) => {
    const component = index === 0 && world.component !== undefined ? domainNamed(world.component) : undefined;
    const domains = [domainNamed(first), ...others.map(domainNamed)] as const;
    if (servers.length === 1) return new SimServer({ seed, clock, trace, hits, domains, component });
    // Some prove themselves by certificate, others by dialback alone.
    if (drawsFor(seed, `proof of ${first}`).chance(0.3)) for (const domain of domains) network.unproven.add(domain);
    const among = { name: first, address: `198.51.100.${index + 1}`, network };
    return new SimServer({ seed, clock, trace, hits, domains, component, among });
  });
}
