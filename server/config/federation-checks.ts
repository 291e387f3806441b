import { isLoopback, parseAddressRange } from "../dns/address-ranges.ts";
import { parseResolver } from "../dns/system-files.ts";
import { parseJid, isDomain } from "#protocol/jid/jid.ts";
import type { Config } from "./config.ts";
import type { CrossProblem } from "./cross-problem.ts";
import type { TomlPath } from "./toml-lines.ts";

/** What is wrong with `[s2s]`, and with what hosts have otherwise. */
export function federationProblems({ s2s, hosts }: Config): readonly CrossProblem[] {
  return [
    ...resolverProblems(s2s),
    ...networkProblems(s2s),
    ...routeProblems(s2s),
    ...[s2s.allow, s2s.block].flatMap((list, i) => domainProblems(list, ["s2s", i === 0 ? "allow" : "block"])),
    ...hosts.flatMap((host, i) => [
      ...domainProblems(host.s2s.allow ?? [], ["hosts", i, "s2s", "allow"]),
      ...domainProblems(host.s2s.block ?? [], ["hosts", i, "s2s", "block"]),
    ]),
  ];
}

type Federation = Config["s2s"];

function resolverProblems({ resolvers, resolversValidate }: Federation): readonly CrossProblem[] {
  const problems: CrossProblem[] = resolvers.flatMap((text, i) =>
    parseResolver(text) === undefined
      ? [
          {
            path: ["s2s", "resolvers", i],
            text: `"${text}" is not an address of a resolver: write it as 127.0.0.1 or [::1]:53`,
          },
        ]
      : [],
  );
  if (!resolversValidate) return problems;
  if (resolvers.length === 0) {
    problems.push({
      path: ["s2s", "resolvers_validate"],
      text: 'resolvers_validate needs resolvers of this machine, such as resolvers = ["127.0.0.1"]',
    });
  }
  for (const text of resolvers) {
    const place = parseResolver(text);
    if (place === undefined || isLoopback(place.address)) continue;
    problems.push({
      path: ["s2s", "resolvers"],
      text: `resolvers_validate is on, but ${text} is not on this machine: whoever is on the way there could say anything`,
    });
  }
  return problems;
}

function networkProblems({ allowedNetworks }: Federation): readonly CrossProblem[] {
  return allowedNetworks.flatMap((text, i) =>
    parseAddressRange(text) === undefined
      ? [
          {
            path: ["s2s", "allowed_networks", i],
            text: `"${text}" is not a network: write it as 10.0.0.0/8 or fd00::/8`,
          },
        ]
      : [],
  );
}

function routeProblems({ routes }: Federation): readonly CrossProblem[] {
  return routes.flatMap(({ port }, i) =>
    port === 0 ? [{ path: ["s2s", "routes", i, "port"], text: "a route needs the port of the other server" }] : [],
  );
}

function domainProblems(list: readonly string[], path: TomlPath): readonly CrossProblem[] {
  return list.flatMap((text, i) => {
    const jid = parseJid(text.replace(/^\*\./, ""));
    return jid !== undefined && isDomain(jid) ? [] : [{ path: [...path, i], text: `"${text}" is not a domain` }];
  });
}
