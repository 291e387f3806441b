import { z } from "zod";
import { accountAddress, anyAddress, domainName, moment } from "#kit/administration-values.ts";
import type { ArchiveQuota } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { onceCommand, streamCommand } from "#kit/command.ts";
import type { Style } from "#kit/style.ts";
import { count, facts, when } from "../table.ts";

const address = accountAddress.clone().describe("the account, as name@domain");

export const archiveInfo = onceCommand({
  description: "Shows how many messages an account has in its archive, from when they are, and how much of it is kept.",
  arguments: { address },
  positional: ["address"],
  permission: "observe",
  examples: [{ line: "archive info juliet@example.org", does: "how many messages, since when" }],
  run: (administration, args) => administration.archiveInfo(args),
  render: ({ messages, firstAt, lastAt, quota }, style) =>
    facts(
      [["messages", String(messages)], ["first", when(firstAt)], ["last", when(lastAt)], ...quotaFacts(quota, style)],
      style,
    ),
});

const limit = (max: number) =>
  z
    .string()
    .max(20)
    .transform((text, context): number | "host" => {
      if (text === "host") return "host";
      const value = Number(text);
      if (/^\d+$/.test(text) && value <= max) return value;
      context.addIssue(`"${text}" is neither a number up to ${max} nor "host"`);
      return z.NEVER;
    })
    .optional();

export const archiveQuota = onceCommand({
  description:
    'Without options, shows how much is kept. With them, decides it for this account, whatever balcony.toml says for all; "host" takes that back. What is too much goes within minutes, the oldest first.',
  arguments: {
    address,
    days: limit(36_500).describe('how many days messages are kept; 0 for ever; "host" as for all'),
    messages: limit(100_000_000).describe('how many messages are kept; 0 for all; "host" as for all'),
  },
  positional: ["address"],
  permission: "administer",
  examples: [
    { line: "archive quota juliet@example.org", does: "shows it" },
    { line: "archive quota juliet@example.org --days 365", does: "keeps a year" },
    { line: "archive quota juliet@example.org --days host --messages 0", does: "as for all, however many" },
  ],
  run: async (administration, { address: account, days, messages }) => {
    if (days === undefined && messages === undefined) {
      const { quota } = await administration.archiveInfo({ address: account });
      return { address: account, quota };
    }
    return administration.setArchiveQuota({
      address: account,
      ...(days === undefined ? {} : { retentionDays: days }),
      ...(messages === undefined ? {} : { messagesMax: messages }),
    });
  },
  render: ({ quota }, style) => facts(quotaFacts(quota, style), style),
});

function quotaFacts(
  { retentionDays, messagesMax }: ArchiveQuota,
  style: Style,
): readonly (readonly [name: string, value: string])[] {
  const whose = (own: boolean): string => style.dim(own ? " (for this account)" : " (as for all)");
  const days = retentionDays.value === 0 ? "for ever" : count(retentionDays.value, "day");
  const messages = messagesMax.value === 0 ? "all messages" : `the newest ${count(messagesMax.value, "message")}`;
  return [
    ["kept", days + whose(retentionDays.own)],
    ["at most", messages + whose(messagesMax.own)],
  ];
}

export const archivePurge = streamCommand({
  description:
    "Removes the messages of an account, or of all accounts of a host: all, those before a date, or those with somebody. Clients keep what they have. It goes batch by batch; when it is interrupted, what is removed stays removed.",
  arguments: {
    address: address.optional().describe("the account, as name@domain; or use --host"),
    host: domainName.optional().describe("all accounts of this host"),
    before: moment.optional().describe("only messages from before this date, such as 2026-01-01 (UTC)"),
    with: anyAddress.optional().describe("only messages with this address"),
  },
  positional: ["address"],
  confirm: ({ address: account, host, before, with: peer }) => {
    if ((account === undefined) === (host === undefined))
      throw new AdministrationError("invalid", "name an account, or a host with --host");
    const what = peer === undefined && before === undefined ? "all messages" : "messages";
    const which =
      (peer === undefined ? "" : ` with ${peer}`) + (before === undefined ? "" : ` from before ${when(before)}`);
    const where = account === undefined ? `archives of all accounts of ${host}` : `archive of ${account}`;
    return `Remove ${what}${which} from the ${where}? This cannot be undone.`;
  },
  permission: "administer",
  examples: [
    { line: "archive purge juliet@example.org --with tybalt@example.org", does: "one conversation, after asking" },
    { line: "archive purge --host example.org --before 2025-01-01 --yes", does: "what is old, without asking" },
  ],
  stream: (administration, args, signal) => administration.purgeArchive(args, signal),
  progress: ({ done, removed, address: account }) =>
    done ? undefined : `${count(removed, "message")} removed, at ${account ?? ""}`,
  data: (item) => (item.done ? { removed: item.removed, accounts: item.accounts } : undefined),
  render: ({ done, removed, accounts }, style) =>
    done ? `${style.green("removed")} ${count(removed, "message")} of ${count(accounts, "account")}` : undefined,
});
