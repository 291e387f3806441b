import { z } from "zod";
import { domainName, instant, inviteToken } from "../administration-values.ts";
import { call } from "./operation.ts";

/** Invitations to make an account. */
export const inviteOperations = {
  createInvite: call({
    offline: true,
    input: z.strictObject({
      host: domainName,
      /** Name that the invited person gets; chosen by that person when absent. */
      account: z.string().max(1023).optional(),
      validHours: z
        .number()
        .positive()
        .max(24 * 365),
      usesMax: z.int().min(1).max(10_000),
    }),
    output: z.object({ token: inviteToken, uri: z.string(), expiresAt: instant, usesMax: z.int() }),
  }),
  listInvites: call({
    offline: true,
    input: z.strictObject({ host: domainName.optional() }),
    output: z.object({
      invites: z.array(
        z.object({
          token: inviteToken,
          host: z.string(),
          account: z.string().optional(),
          createdBy: z.string().optional(),
          expiresAt: instant,
          uses: z.int(),
          usesMax: z.int(),
        }),
      ),
      total: z.int(),
    }),
  }),
  revokeInvite: call({
    offline: true,
    input: z.strictObject({ token: inviteToken }),
    output: z.object({ token: inviteToken }),
  }),
};
