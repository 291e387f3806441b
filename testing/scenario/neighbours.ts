import { MemoryNetwork } from "./memory-network.ts";
import { VirtualEnv } from "./virtual-env.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

/** Servers of a network, on one clock. */
export interface Neighbours extends AsyncDisposable {
  readonly env: VirtualEnv;
  readonly network: MemoryNetwork;
  readonly montague: World;
  readonly capulet: World;
  /** The third one; it has the domains verona.example and conference.verona.example. */
  readonly verona: World;
}

export interface NeighboursOptions extends Pick<WorldOptions, "federation" | "settings" | "options"> {
  /** Default: romeo@montague.example, juliet@capulet.example, escalus@verona.example. */
  readonly accounts?: readonly string[];
  readonly seed?: string;
  readonly network?: (network: MemoryNetwork) => void;
}

/** Starts three servers that can reach one another. */
export async function startNeighbours(options: NeighboursOptions = {}): Promise<Neighbours> {
  const env = new VirtualEnv(options.seed ?? "neighbours");
  const network = new MemoryNetwork(env);
  options.network?.(network);
  const accounts = options.accounts ?? ["romeo@montague.example", "juliet@capulet.example", "escalus@verona.example"];
  const start = (...domains: readonly string[]): Promise<World> =>
    startWorld({
      ...options,
      env,
      network,
      domains,
      accounts: accounts.filter((account) => domains.includes(account.slice(account.indexOf("@") + 1))),
    });
  const worlds = new AsyncDisposableStack();
  const montague = worlds.use(await start("montague.example"));
  const capulet = worlds.use(await start("capulet.example"));
  const verona = worlds.use(await start("verona.example", "conference.verona.example"));
  return {
    env,
    network,
    montague,
    capulet,
    verona,
    [Symbol.asyncDispose]: () => worlds.disposeAsync(),
  };
}
