import { z } from "zod";
import { domainName, instant } from "../administration-values.ts";
import { call } from "./operation.ts";

/** External components. */
export const componentOperations = {
  /** The external components (XEP-0114) of balcony.toml, and whether they are there. */
  listComponents: call({
    offline: true,
    input: z.strictObject({}),
    output: z.object({
      components: z.array(
        z.object({
          domain: z.string(),
          /** `away`: it was there a moment ago, or may come soon, and what is for it waits. `stopped`: the server does not run. */
          state: z.enum(["connected", "away", "absent", "stopped"]),
          since: instant.optional(),
          subdomains: z.boolean(),
          /** Stanzas that wait for it. */
          waiting: z.int(),
          name: z.string().optional(),
          remoteAddress: z.string().optional(),
          stream: z.string().optional(),
        }),
      ),
    }),
  }),
  /** Writes a component into balcony.toml, comments kept, makes up its secret, and has a running server take it in. */
  addComponent: call({
    offline: true,
    input: z.strictObject({
      domain: domainName,
      name: z.string().min(1).max(200).optional(),
      /** Which host lists it; the one that it is below when absent. */
      host: domainName.optional(),
      subdomains: z.boolean(),
      conflict: z.enum(["refuse-new", "replace-old"]),
    }),
    output: z.object({
      domain: z.string(),
      /** balcony.toml. */
      file: z.string(),
      secret: z.string(),
      /** Whether it may connect now; else from the next start on. */
      served: z.boolean(),
      /** Where it can connect, as address:port, once the server runs. */
      listening: z.array(z.string()),
      /** Why it cannot connect though the server runs. */
      problems: z.array(z.string()),
    }),
  }),
  /** What a component's program needs to know. With `renew` it is another one, for the next connection; the present one stays. */
  componentSecret: call({
    offline: true,
    input: z.strictObject({ domain: domainName, renew: z.boolean() }),
    /** `file`: where it is kept. */
    output: z.object({ domain: z.string(), secret: z.string(), file: z.string(), connected: z.boolean() }),
  }),
  /** Takes the component out of balcony.toml, and its secret away; a running server ends its connection. */
  removeComponent: call({
    offline: true,
    input: z.strictObject({ domain: domainName }),
    output: z.object({
      domain: z.string(),
      file: z.string(),
      wasConnected: z.boolean(),
      problems: z.array(z.string()),
    }),
  }),
};
