import { z } from "zod";
import { accountAddress, domainName, password } from "#kit/administration-values.ts";
import { onceCommand } from "#kit/command.ts";
import { count, shortened, table, when } from "../table.ts";

const address = accountAddress.clone().describe("the account, as name@domain");

export const userAdd = onceCommand({
  description:
    "Creates an account on one of the server's hosts. The password is asked for twice on a terminal, read from standard input elsewhere, or made up with --generate and shown once.",
  arguments: { address, password: password.clone().describe("the new password") },
  positional: ["address"],
  secret: "password",
  permission: "administer",
  examples: [
    { line: "user add juliet@example.org", does: "asks for the password" },
    { line: "user add juliet@example.org --generate", does: "makes one up and shows it" },
    { line: "user add juliet@example.org < password.txt", does: "takes the first line of the file" },
  ],
  run: (administration, args) => administration.addAccount(args),
  render: (result, style) => `${style.green("created")} ${result.address}`,
});

export const userPasswd = onceCommand({
  description: "Sets a new password and ends all of the account's sessions, which have to log in with it.",
  arguments: { address, password: password.clone().describe("the new password") },
  positional: ["address"],
  secret: "password",
  permission: "administer",
  examples: [{ line: "user passwd juliet@example.org --generate", does: "makes a password up and shows it" }],
  run: (administration, args) => administration.setPassword(args),
  render: (result) => `new password for ${result.address}; ${count(result.sessionsEnded, "session")} ended`,
});

export const userDelete = onceCommand({
  description:
    "Ends the account's sessions and deletes its contacts, messages and everything else. The name stays taken for a while, so that nobody inherits its contacts' trust.",
  arguments: { address },
  positional: ["address"],
  confirm: (args) => `Delete ${args.address} and all its data?`,
  permission: "administer",
  examples: [{ line: "user delete tybalt@example.org --yes", does: "without asking" }],
  run: (administration, args) => administration.deleteAccount(args),
  render: (result) => `deleted ${result.address}; ${count(result.sessionsEnded, "session")} ended`,
});

export const userList = onceCommand({
  description: "Lists the accounts of all hosts, or of one.",
  arguments: { host: domainName.clone().optional().describe("only of this host") },
  positional: ["host"],
  permission: "observe",
  examples: [{ line: "user list example.org", does: "of one host" }],
  run: (administration, args) => administration.listAccounts(args),
  render: ({ accounts, total }, style) => {
    const rows = accounts.map((one) => [one.address, String(one.sessions), when(one.createdAt), when(one.lastSeenAt)]);
    const list = table(["ACCOUNT", "SESSIONS", "CREATED", "LAST SEEN"], rows, {
      style,
      empty: "no accounts; create one with: balcony user add NAME@HOST",
    });
    return list + shortened(accounts.length, total, style);
  },
});

export const userSessions = onceCommand({
  description:
    "Lists the sessions of one account or of all: resource, address, TLS, mechanism, priority, client. Of one account, also the devices that may log in without the password (XEP-0484); `user kick` takes that away.",
  arguments: { address: address.optional().describe("only of this account") },
  positional: ["address"],
  permission: "observe",
  examples: [{ line: "user sessions juliet@example.org", does: "of one account, and its devices" }],
  run: (administration, args) => administration.listSessions(args),
  render: ({ sessions, total, devices = [] }, style) => {
    const rows = sessions.map((one) => [
      one.address,
      one.state,
      one.remoteAddress ?? "-",
      one.tls ?? "-",
      one.mechanism ?? "-",
      one.priority === undefined ? "-" : String(one.priority),
      when(one.since),
      one.client ?? "-",
    ]);
    const headings = ["SESSION", "STATE", "FROM", "TLS", "MECHANISM", "PRIORITY", "SINCE", "CLIENT"];
    const list =
      table(headings, rows, { style, empty: "nobody is logged in" }) + shortened(sessions.length, total, style);
    if (devices.length === 0) return list;
    const known = devices.map((one) => [one.id, when(one.seenAt), when(one.expiresAt), one.client ?? "-"]);
    return `${list}\n\n${table(["DEVICE", "SEEN", "MAY LOG IN UNTIL", "CLIENT"], known, { style, empty: "" })}`;
  },
});

export const userKick = onceCommand({
  description:
    "Ends one session, those of one device, or all of the account. They may log in again: with --forget only by password, since what lets their devices in without it is taken away; a device named by --device always loses it.",
  arguments: {
    address,
    resource: z.string().max(1023).optional().describe("only the session with this resource"),
    device: z.string().max(64).optional().describe("only the device with this id, as user sessions shows it"),
    forget: z.boolean().default(false).describe("has them log in by password again"),
  },
  positional: ["address"],
  permission: "administer",
  examples: [
    { line: "user kick tybalt@example.org --resource phone", does: "one session" },
    { line: "user kick tybalt@example.org --device 0a1b2c3d-4d72-4749-b3d3-740edbf87770", does: "a lost telephone" },
    { line: "user kick tybalt@example.org --forget", does: "all sessions, and all devices need the password" },
  ],
  run: (administration, args) => administration.endSessions(args),
  render: ({ ended, forgotten }) =>
    `${count(ended, "session")} ended${forgotten === undefined ? "" : `; ${count(forgotten, "device")} forgotten`}`,
});
