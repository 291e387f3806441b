import { z } from "zod";
import { accountAddress, domainName, instant, password } from "../administration-values.ts";
import { call } from "./operation.ts";

/** Accounts: who has one, and by which password. */
export const accountOperations = {
  addAccount: call({
    offline: true,
    input: z.strictObject({ address: accountAddress, password }),
    output: z.object({ address: z.string() }),
  }),
  setPassword: call({
    offline: true,
    input: z.strictObject({ address: accountAddress, password }),
    output: z.object({ address: z.string(), sessionsEnded: z.int() }),
  }),
  /** Ends the sessions, wipes the data of every module, keeps the name taken for a while (A54). */
  deleteAccount: call({
    offline: true,
    input: z.strictObject({ address: accountAddress }),
    output: z.object({ address: z.string(), sessionsEnded: z.int() }),
  }),
  listAccounts: call({
    offline: true,
    input: z.strictObject({ host: domainName.optional() }),
    output: z.object({
      accounts: z.array(
        z.object({
          address: z.string(),
          createdAt: instant.optional(),
          lastSeenAt: instant.optional(),
          sessions: z.int(),
        }),
      ),
      /** All there are; more than listed when there are too many for one answer. */
      total: z.int(),
    }),
  }),
};
