import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { onceCommand, streamCommand } from "#kit/command.ts";
import { certificateState, count, table } from "../table.ts";

export const hostAdd = onceCommand({
  description:
    "Writes the host into balcony.toml at the end of the others, leaves all else as it is, comments too, and has a running server serve it at once.",
  arguments: {
    domain: domainName.clone().describe("the domain, such as example.org"),
    certificate: z
      .string()
      .max(4096)
      .optional()
      .describe("PEM file with the certificate; without it, a self-signed one"),
    key: z.string().max(4096).optional().describe("PEM file with the certificate's key"),
    acme: z.boolean().optional().describe("gets a certificate from the authority of [acme]"),
    registration: z
      .enum(["closed", "invite", "open"])
      .optional()
      .describe("who may create an account from a client: closed, invite or open"),
  },
  positional: ["domain"],
  files: ["certificate", "key"],
  permission: "administer",
  examples: [
    { line: "host add example.org", does: "with a self-signed certificate" },
    { line: "host add example.org --acme", does: "with one by ACME, as [acme] in balcony.toml says" },
    { line: "host add example.org --certificate fullchain.pem --key privkey.pem", does: "with one of your own" },
  ],
  run: (administration, args) => administration.addHost(args),
  failure: ({ problems }) => (problems.length === 0 ? undefined : "the host is not served"),
  render: ({ domain, file, served, problems }, style) =>
    [
      `${style.green("added")} ${domain} to ${file}; ${served ? "the server serves it" : "it is not served yet"}`,
      ...problems.map((problem) => style.red(problem)),
    ].join("\n"),
});

export const hostRemove = streamCommand({
  description:
    "Takes the host out of balcony.toml, and a running server serves it no more: its sessions end. Accounts and all that they have stay in the store, and are there again when the host is added again; with --wipe they are deleted for good.",
  arguments: {
    domain: domainName.clone().describe("the host"),
    wipe: z.boolean().default(false).describe("deletes its accounts with everything that they have"),
  },
  positional: ["domain"],
  confirm: async ({ domain, wipe }, administration) => {
    const { hosts } = await administration.listHosts({});
    const host = hosts.find((one) => one.domain === domain);
    if (host === undefined) throw new AdministrationError("not-found", `${domain} is not a host of this server`);
    const sessions = host.sessions === 0 ? "" : ` ${count(host.sessions, "session")} will end.`;
    const data = wipe
      ? `All ${count(host.accounts, "account")} will be deleted, with contacts, messages and everything else. This cannot be undone.`
      : `${count(host.accounts, "account")} will not be reachable; what they have stays stored.`;
    return `Remove ${domain}?${sessions} ${data}`;
  },
  permission: "administer",
  examples: [
    { line: "host remove example.org", does: "after asking; the accounts' data stays" },
    { line: "host remove example.org --wipe --yes", does: "with all its accounts, without asking" },
  ],
  stream: (administration, args, signal) => administration.removeHost(args, signal),
  progress: ({ done, accounts, deleted }) => (done ? undefined : `${deleted} of ${count(accounts, "account")} deleted`),
  data: (item) => (item.done ? item : undefined),
  failure: ({ problems }) => (problems.length === 0 ? undefined : "the host is still served"),
  render: ({ done, domain, file, accounts, deleted, problems }, style) => {
    if (!done) return undefined;
    const left =
      deleted > 0 ? `${count(deleted, "account")} deleted` : `${count(accounts, "account")} kept in the store`;
    return [
      `${style.green("removed")} ${domain} from ${file}; ${left}`,
      ...problems.map((problem) => style.red(problem)),
    ].join("\n");
  },
});

export const hostList = onceCommand({
  description:
    "Lists the domains that this server speaks for, their accounts, sessions, registration and certificates.",
  arguments: {},
  permission: "observe",
  examples: [{ line: "host list", does: "all hosts" }],
  run: (administration) => administration.listHosts({}),
  render: ({ hosts }, style) =>
    table(
      ["HOST", "ACCOUNTS", "SESSIONS", "REGISTRATION", "CERTIFICATE"],
      hosts.map((host) => [
        host.domain,
        String(host.accounts),
        String(host.sessions),
        host.registration,
        certificateState(host.certificateDays, host.selfSigned, style),
      ]),
      { style, empty: "no hosts" },
    ),
});
