import { addBalconyUser, startBalcony } from "../balcony-process.ts";
import { labHosts, serverAddress } from "../network.ts";
import type { Target } from "../target.ts";

/** The server that all this is for. */
export const balcony: Target = {
  name: "balcony",
  abilities: {
    mechanisms: ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "DIGEST-MD5", "EXTERNAL"].flatMap((name) =>
      name.startsWith("SCRAM") ? [name, `${name}-PLUS`] : [name],
    ),
    anonymous: true,
    openRegistration: true,
    components: true,
    lastActivityOfServer: true,
    unannounced: [],
  },
  start: async (place) =>
    await startBalcony({
      ...place,
      address: serverAddress,
      domains: labHosts.map(({ domain }) => domain),
      httpPort: metricsPort,
    }),
  addUser: async ({ dir }, user) => await addBalconyUser(dir, user),
};

/** Where it tells its metrics, on 127.0.0.1. */
export const metricsPort = 5280;
