import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { onceCommand } from "#kit/command.ts";
import { count, table, when } from "../table.ts";

const domain = domainName.clone().describe("the component's domain, such as irc.example.org");

export const componentAdd = onceCommand({
  description:
    "Writes an external component (XEP-0114), such as a gateway, into balcony.toml, leaves all else as it is, comments too, and has a running server take it in at once. Makes up the secret that its program needs, keeps it in the data directory, and shows it.",
  arguments: {
    domain,
    name: z.string().min(1).max(200).optional().describe("what it is called where the host lists it"),
    host: domainName.clone().optional().describe("the host that lists it; by default the one that it is below"),
    subdomains: z.boolean().default(false).describe("it speaks for all names below its domain, too"),
    conflict: z
      .enum(["refuse-new", "replace-old"])
      .default("refuse-new")
      .describe("when it connects twice: refuse-new or replace-old"),
  },
  positional: ["domain"],
  permission: "administer",
  examples: [
    { line: "component add irc.example.org", does: "shows the secret for the program" },
    { line: "component add sms.example.org --name Telephones", does: "with a name in lists" },
  ],
  run: (administration, args) => administration.addComponent(args),
  failure: ({ problems }) => (problems.length === 0 ? undefined : "it cannot connect"),
  render: ({ domain: name, file, secret, served, listening, problems }, style) =>
    [
      `${style.green("added")} ${name} to ${file}`,
      `secret: ${style.bold(secret)}`,
      ...(listening.length === 0
        ? []
        : [
            style.dim(
              `it connects to ${listening.join(" or ")}${served || problems.length > 0 ? "" : ", once the server runs"}`,
            ),
          ]),
      ...problems.map((problem) => style.red(problem)),
    ].join("\n"),
});

export const componentList = onceCommand({
  description:
    "Lists the components of balcony.toml. `away`: not connected, and what is for it waits; `absent`: not connected for long, and what is for it goes back to its senders; `stopped`: the server does not run.",
  arguments: {},
  permission: "observe",
  examples: [{ line: "component list", does: "all components" }],
  run: (administration) => administration.listComponents({}),
  render: ({ components }, style) => {
    const rows = components.map((one) => [
      one.subdomains ? `${one.domain} and below` : one.domain,
      one.state,
      when(one.since),
      one.remoteAddress ?? "-",
      one.state === "stopped" ? "-" : String(one.waiting),
      one.name ?? "-",
    ]);
    return table(["COMPONENT", "STATE", "SINCE", "FROM", "WAITING", "NAME"], rows, {
      style,
      empty: "no components; add one with: balcony component add DOMAIN",
    });
  },
});

export const componentSecret = onceCommand({
  description:
    "Shows what the component's program needs to know, and where it is kept. With --renew it is another one, and the old one is worth nothing from then on, but a connection that is there stays. A secret that is in balcony.toml is changed there.",
  arguments: { domain, renew: z.boolean().default(false).describe("makes up another one") },
  positional: ["domain"],
  permission: "administer",
  examples: [
    { line: "component secret irc.example.org", does: "shows it" },
    { line: "component secret irc.example.org --renew", does: "makes up another, and shows that" },
  ],
  run: async (administration, args) => ({ ...(await administration.componentSecret(args)), renewed: args.renew }),
  render: ({ domain: name, secret, file, connected, renewed }, style) =>
    [
      `secret: ${style.bold(secret)}`,
      style.dim(`kept in ${file}`),
      ...(connected && renewed
        ? [style.dim(`${name} stays connected; its program needs the new secret when it connects again`)]
        : []),
    ].join("\n"),
});

export const componentRemove = onceCommand({
  description:
    "Takes the component out of balcony.toml, and its secret away. In a running server its connection ends, what waits for it goes back to its senders, and its domain is another server's again.",
  arguments: { domain },
  positional: ["domain"],
  confirm: (args) => `Remove ${args.domain}? Its secret goes, too.`,
  permission: "administer",
  examples: [{ line: "component remove irc.example.org --yes", does: "without asking" }],
  run: (administration, args) => administration.removeComponent(args),
  failure: ({ problems }) => (problems.length === 0 ? undefined : "it is still there"),
  render: ({ domain: name, file, wasConnected, problems }, style) =>
    [
      `${style.green("removed")} ${name} from ${file}${wasConnected ? `; ${count(1, "connection")} ended` : ""}`,
      ...problems.map((problem) => style.red(problem)),
    ].join("\n"),
});
