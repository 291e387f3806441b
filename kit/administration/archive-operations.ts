import { z } from "zod";
import { accountAddress, anyAddress, domainName, instant } from "../administration-values.ts";
import { call, stream } from "./operation.ts";

/** Accounts' archives of messages. */
export const archiveOperations = {
  /** What an account's archive holds, and how much of it is kept. */
  archiveInfo: call({
    offline: true,
    input: z.strictObject({ address: accountAddress }),
    output: z.object({
      address: z.string(),
      messages: z.int(),
      firstAt: instant.optional(),
      lastAt: instant.optional(),
      quota: archiveQuota(),
    }),
  }),
  /** Decides for one account how much is kept; "host" takes that back. What is not named stays as it is. */
  setArchiveQuota: call({
    offline: true,
    input: z.strictObject({
      address: accountAddress,
      retentionDays: z.union([z.int().min(0).max(36_500), z.literal("host")]).optional(),
      messagesMax: z.union([z.int().min(0).max(100_000_000), z.literal("host")]).optional(),
    }),
    output: z.object({ address: z.string(), quota: archiveQuota() }),
  }),
  /** The messages of an account, the oldest first: from `from` on, up to and without `to`. The last item says `done`. */
  exportArchive: stream({
    offline: true,
    input: z.strictObject({
      address: accountAddress,
      from: instant.optional(),
      to: instant.optional(),
      with: anyAddress.optional(),
    }),
    item: z.object({
      done: z.boolean(),
      /** How many there are in all; some may come or go meanwhile. */
      total: z.int(),
      messages: z.array(z.object({ id: z.string(), at: instant, with: z.string(), xml: z.string() })),
    }),
  }),
  /**
   * Removes messages for good, batch by batch: of one account, or of all accounts of a host; those before a moment, those
   * with somebody, or all. The last item says `done`.
   */
  purgeArchive: stream({
    offline: true,
    input: z.strictObject({
      address: accountAddress.optional(),
      host: domainName.optional(),
      before: instant.optional(),
      with: anyAddress.optional(),
    }),
    item: z.object({
      done: z.boolean(),
      /** So far. */
      removed: z.int(),
      accounts: z.int(),
      /** Whose messages are being removed. */
      address: z.string().optional(),
    }),
  }),
};

/** How much of an archive is kept: 0 for ever, or all. `own`: decided for this account rather than for its host. */
function archiveQuota() {
  return z.object({
    retentionDays: z.object({ value: z.int(), own: z.boolean() }),
    messagesMax: z.object({ value: z.int(), own: z.boolean() }),
  });
}
