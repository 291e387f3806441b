import { z } from "zod";
import type { Administration } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { domainName, inviteToken } from "#kit/administration-values.ts";
import { onceCommand } from "#kit/command.ts";
import { facts, shortened, table, when } from "../table.ts";

const weekHours = 7 * 24;

export const inviteCreate = onceCommand({
  description:
    "Makes an invitation (XEP-0401): whoever opens the link in a client can create an account on the host, without knowing anything else.",
  arguments: {
    host: domainName.clone().optional().describe("the host; may be left out where there is only one"),
    account: z.string().max(1023).optional().describe("the name that the new account must have"),
    hours: z
      .number()
      .positive()
      .max(24 * 365)
      .default(weekHours)
      .describe("how long it is good for"),
    uses: z.int().min(1).max(10_000).default(1).describe("how many accounts can be made with it"),
  },
  positional: ["host"],
  permission: "administer",
  examples: [
    { line: "invite", does: "one account, within a week" },
    { line: "invite create example.org --uses 30 --hours 2", does: "for a class" },
  ],
  run: async (administration, { host, account, hours, uses }) =>
    administration.createInvite({
      host: host ?? (await onlyHost(administration)),
      ...(account !== undefined && { account }),
      validHours: hours,
      usesMax: uses,
    }),
  render: (invite, style) =>
    facts(
      [
        ["link", style.bold(invite.uri)],
        ["token", invite.token],
        ["good until", when(invite.expiresAt)],
        ["accounts", String(invite.usesMax)],
      ],
      style,
    ),
});

export const inviteList = onceCommand({
  description: "Lists the invitations of all hosts, or of one.",
  arguments: { host: domainName.clone().optional().describe("only of this host") },
  positional: ["host"],
  permission: "administer",
  examples: [{ line: "invite list", does: "of all hosts" }],
  run: (administration, args) => administration.listInvites(args),
  render: ({ invites, total }, style) => {
    const rows = invites.map((one) => [
      one.token,
      one.host,
      one.account ?? "any",
      `${one.uses} of ${one.usesMax}`,
      when(one.expiresAt),
      one.createdBy ?? "-",
    ]);
    const list = table(["TOKEN", "HOST", "ACCOUNT", "USED", "GOOD UNTIL", "BY"], rows, {
      style,
      empty: "no invitations",
    });
    return list + shortened(invites.length, total, style);
  },
});

export const inviteRevoke = onceCommand({
  description: "Accounts that were made with it stay.",
  arguments: { token: inviteToken.clone().describe("the token, as invite list shows it") },
  positional: ["token"],
  permission: "administer",
  examples: [{ line: "invite revoke k3v9wq", does: "nobody can use it any more" }],
  run: (administration, args) => administration.revokeInvite(args),
  render: ({ token }) => `revoked ${token}`,
});

async function onlyHost(administration: Administration) {
  const { hosts } = await administration.listHosts({});
  const [only, ...others] = hosts;
  if (only === undefined || others.length > 0) {
    throw new AdministrationError("invalid", `say for which host: ${hosts.map(({ domain }) => domain).join(", ")}`);
  }
  return domainName.parse(only.domain);
}
