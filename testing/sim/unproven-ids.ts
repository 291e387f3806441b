import type { SimNetwork } from "./sim-network.ts";
import type { SimServer } from "./sim-server.ts";
import type { WorldModel } from "./world-model.ts";

/**
 * Messages of which a server without stream management, or with one, can know no more than that its system took them: those
 * that did not come to the other side, and those that came to a process which ended shortly after.
 */
export function* unprovenIds(
  network: SimNetwork,
  servers: readonly SimServer[],
  model: WorldModel,
): Generator<string, void, undefined> {
  for (const wire of network.wires) {
    const [dialler, acceptor] = wire.addresses.map((address) => servers.find((server) => server.address === address));
    if (dialler === undefined || acceptor === undefined || (dialler.manners.manages && acceptor.manners.manages))
      continue;
    for (const { id, to, cameAt } of wire.brought()) {
      const [domain = ""] = (to === "dialler" ? dialler : acceptor).domains;
      if (cameAt === undefined || model.troubled(cameAt, cameAt + safeMs, ["kill", "restart"], [domain])) yield id;
    }
  }
}

/** Until what has come is safe, in milliseconds, also on a slow disc. */
const safeMs = 10_000;
