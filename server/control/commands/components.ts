import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { onceCommand } from "#kit/command.ts";
import { count, table, when } from "../table.ts";

const domain = domainName.clone().describe("the component's domain, such as irc.example.org");

export const componentAdd = onceCommand({
  path: ["component", "add"],
  summary: "let a program speak for a domain of its own",
  description:
    "Adds an external component (XEP-0114), such as a gateway, and shows the secret that its program needs: once, so write it down there. A running server takes it in at once. It is kept in the store; components can be named in balcony.toml instead.",
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
  render: (added, style) =>
    [
      `${style.green("added")} ${added.domain}`,
      `secret: ${added.secret}`,
      added.listening.length === 0
        ? style.dim("it can connect once the server runs")
        : style.dim(`it connects to ${added.listening.join(" or ")}`),
    ].join("\n"),
});

export const componentList = onceCommand({
  path: ["component", "list"],
  summary: "list external components and whether they are there",
  description:
    "Lists the components of balcony.toml and those that were added. `away`: not connected, and what is for it waits; `absent`: not connected for long, and what is for it goes back to its senders.",
  arguments: {},
  permission: "observe",
  examples: [{ line: "component list", does: "all components" }],
  run: (administration) => administration.listComponents({}),
  render: ({ components }, style) => {
    const rows = components.map((one) => [
      one.subdomains ? `${one.domain} and below` : one.domain,
      one.hasSecret ? one.state : `${one.state}, no secret`,
      when(one.since),
      one.remoteAddress ?? "-",
      String(one.waiting),
      one.source === "file" ? "balcony.toml" : "added",
      one.name ?? "-",
    ]);
    return table(["COMPONENT", "STATE", "SINCE", "FROM", "WAITING", "KEPT IN", "NAME"], rows, {
      style,
      empty: "no components; add one with: balcony component add DOMAIN",
    });
  },
});

export const componentSecret = onceCommand({
  path: ["component", "secret"],
  summary: "make up another secret for a component",
  description:
    "Makes up a secret and shows it, once. The old one is worth nothing from then on, but a connection that is there stays. A secret that is in balcony.toml is changed there.",
  arguments: { domain },
  positional: ["domain"],
  permission: "administer",
  examples: [{ line: "component secret irc.example.org", does: "shows the new one" }],
  run: (administration, args) => administration.renewComponentSecret(args),
  render: ({ domain: name, secret, connected }, style) =>
    [
      `secret: ${secret}`,
      ...(connected
        ? [style.dim(`${name} stays connected; its program needs the new secret when it connects again`)]
        : []),
    ].join("\n"),
});

export const componentRemove = onceCommand({
  path: ["component", "remove"],
  summary: "take a component away that was added",
  description:
    "Its connection ends, what waits for it goes back to its senders, and its domain is another server's again. One that is in balcony.toml is taken out there.",
  arguments: { domain },
  positional: ["domain"],
  confirm: (args) => `Remove ${args.domain}?`,
  permission: "administer",
  examples: [{ line: "component remove irc.example.org --yes", does: "without asking" }],
  run: (administration, args) => administration.removeComponent(args),
  render: ({ domain: name, wasConnected }, style) =>
    `${style.green("removed")} ${name}${wasConnected ? `; ${count(1, "connection")} ended` : ""}`,
});
