import { z } from "zod";
import { accountAddress, instant } from "../administration-values.ts";
import { call } from "./operation.ts";

/** Sessions, and the devices that may come back without a password. */
export const sessionOperations = {
  listSessions: call({
    offline: false,
    input: z.strictObject({ address: accountAddress.optional() }),
    output: z.object({
      sessions: z.array(
        z.object({
          /** The full address. */
          address: z.string(),
          /** Id of its stream, as the log has it; absent while it waits to be resumed. */
          stream: z.string().optional(),
          remoteAddress: z.string().optional(),
          tls: z.string().optional(),
          mechanism: z.string().optional(),
          /** Undefined before initial presence. */
          priority: z.int().optional(),
          since: instant.optional(),
          state: z.enum(["connected", "resumable"]),
          /** What the client says that it is. */
          client: z.string().optional(),
        }),
      ),
      total: z.int(),
      /** Where one account is asked for: its devices that can log in without the password (XEP-0484). */
      devices: z
        .array(
          z.object({
            /** Of the client's installation; for its user and administrators only. */
            id: z.string(),
            client: z.string().optional(),
            seenAt: instant,
            expiresAt: instant,
          }),
        )
        .optional(),
    }),
  }),
  /**
   * Ends one session, those of one device, or all of an account. `forget` takes the tokens of whom it ends away too, so that
   * they need the password; a device's always go with it.
   */
  endSessions: call({
    offline: false,
    input: z.strictObject({
      address: accountAddress,
      resource: z.string().max(1023).optional(),
      device: z.string().max(64).optional(),
      forget: z.boolean().optional(),
    }),
    output: z.object({ ended: z.int(), forgotten: z.int().optional() }),
  }),
};
