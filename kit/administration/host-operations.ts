import { z } from "zod";
import { domainName, instant } from "../administration-values.ts";
import { call, stream } from "./operation.ts";

/** Hosts and their certificates. */
export const hostOperations = {
  listHosts: call({
    offline: true,
    input: z.strictObject({}),
    output: z.object({
      hosts: z.array(
        z.object({
          domain: z.string(),
          accounts: z.int(),
          /** Of clients that are logged in, or may still resume. */
          sessions: z.int(),
          registration: z.enum(["closed", "invite", "open"]),
          certificateDays: z.number().optional(),
          selfSigned: z.boolean().optional(),
        }),
      ),
    }),
  }),
  /** Writes the host into balcony.toml, comments kept, and has a running server serve it. */
  addHost: call({
    offline: true,
    input: z.strictObject({
      domain: domainName,
      certificate: z.string().max(4096).optional(),
      key: z.string().max(4096).optional(),
      acme: z.boolean().optional(),
      registration: z.enum(["closed", "invite", "open"]).optional(),
    }),
    output: z.object({
      domain: z.string(),
      file: z.string(),
      /** Whether it is served now; else from the next start on. */
      served: z.boolean(),
      /** Why it is not served though the server runs. */
      problems: z.array(z.string()),
    }),
  }),
  /**
   * Takes the host out of balcony.toml, and has a running server serve it no more. Its accounts and their data stay, but
   * with `wipe`: then all accounts are deleted first. The last item says `done`.
   */
  removeHost: stream({
    offline: true,
    input: z.strictObject({ domain: domainName, wipe: z.boolean().default(false) }),
    item: z.object({
      done: z.boolean(),
      domain: z.string(),
      file: z.string(),
      /** How many there were at the beginning. */
      accounts: z.int(),
      /** So far. */
      deleted: z.int(),
      problems: z.array(z.string()),
    }),
  }),
  /** The certificates in use, and when those of ACME are renewed. */
  listCertificates: call({
    offline: false,
    input: z.strictObject({}),
    output: z.object({
      certificates: z.array(
        z.object({
          domain: z.string(),
          /** As in the certificate. */
          names: z.array(z.string()),
          source: z.enum(["file", "self-signed", "acme"]),
          issuer: z.string(),
          expiresAt: instant,
          days: z.number(),
          /** Only where ACME renews it: when the authority is asked next, and what went wrong the last time. */
          renewal: z
            .object({ dueAt: instant, underWay: z.boolean(), failures: z.int(), reason: z.string().optional() })
            .optional(),
        }),
      ),
    }),
  }),
  /** Gets new certificates by ACME now, of one host or of all that are due. What fails is told as an item. */
  renewCertificates: stream({
    offline: false,
    input: z.strictObject({ domain: domainName.optional() }),
    item: z.object({ domain: z.string(), state: z.enum(["working", "done", "failed"]), text: z.string() }),
  }),
};
