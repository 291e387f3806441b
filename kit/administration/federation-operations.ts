import { z } from "zod";
import { domainName, instant } from "../administration-values.ts";
import { call } from "./operation.ts";

/** Streams with other servers. */
export const federationOperations = {
  /** Streams with other servers, and what waits for them. */
  listServers: call({
    offline: false,
    input: z.strictObject({ domain: domainName.optional() }),
    output: z.object({
      streams: z.array(
        z.object({
          stream: z.string(),
          local: z.string(),
          remote: z.string(),
          /** Which way stanzas may go on it. */
          ways: z.enum(["in", "out", "both"]),
          openedBy: z.enum(["us", "them"]),
          state: z.enum(["open", "suspended", "ended"]),
          /** Stream management: what is cut can be resumed. */
          managed: z.boolean(),
          remoteAddress: z.string().optional(),
          since: instant,
          usedAt: instant,
          /** Sent, and not proven to have arrived. */
          unproven: z.int(),
        }),
      ),
      /** Where something waits, or was tried in vain. */
      routes: z.array(
        z.object({
          local: z.string(),
          remote: z.string(),
          state: z.enum(["open", "connecting", "failing", "idle"]),
          waiting: z.int(),
          waitingBytes: z.int(),
          reason: z.string().optional(),
          retryAt: instant.optional(),
        }),
      ),
    }),
  }),
  connectServer: call({
    offline: false,
    input: z.strictObject({ domain: domainName, host: domainName.optional() }),
    output: z.object({ local: z.string(), remote: z.string(), stream: z.string(), managed: z.boolean() }),
  }),
  closeServer: call({
    offline: false,
    input: z.strictObject({ domain: domainName }),
    output: z.object({ domain: z.string(), closed: z.int() }),
  }),
};
