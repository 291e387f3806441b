import { domainName } from "#kit/administration-values.ts";
import { onceCommand, streamCommand } from "#kit/command.ts";
import { certificateState, table, when } from "../table.ts";

export const certificateList = onceCommand({
  description:
    "Lists each host's certificate: its names, who issued it, when it expires; and of those that come by ACME when the next one is asked for, or what went wrong the last time.",
  arguments: {},
  permission: "observe",
  examples: [{ line: "certificate list", does: "of all hosts" }],
  run: (administration) => administration.listCertificates({}),
  render: ({ certificates }, style) => {
    const list = table(
      ["HOST", "NAMES", "SOURCE", "ISSUER", "GOOD FOR", "RENEWAL"],
      certificates.map(({ domain, names, source, issuer, days, renewal }) => [
        domain,
        names.join(" "),
        source,
        issuer,
        certificateState(days, false, style),
        renewal === undefined ? "-" : renewalText(renewal),
      ]),
      { style, empty: "no certificates" },
    );
    const troubles = certificates.flatMap(({ domain, renewal }) =>
      renewal?.reason === undefined ? [] : [style.red(`${domain}: ${renewal.reason}`)],
    );
    return [list, ...troubles].join("\n");
  },
});

export const certificateRenew = streamCommand({
  description:
    "Asks the authority of [acme] for a new certificate for one host, due or not; or for all hosts for which that is due, also those that would wait after a failure. Authorities limit how many they issue. Until the new one is there the old one stays in use; connections stay.",
  arguments: { domain: domainName.clone().optional().describe("only for this host") },
  positional: ["domain"],
  permission: "administer",
  examples: [
    { line: "certificate renew example.org", does: "now, whether it is due or not" },
    { line: "certificate renew", does: "what is due" },
  ],
  stream: (administration, args, signal) => administration.renewCertificates(args, signal),
  failure: ({ state, text }) => (state === "failed" ? text : undefined),
  render: ({ domain, state, text }, style) => {
    if (state === "working") return `${style.dim(domain)}: ${text}`;
    return `${domain}: ${state === "done" ? style.green(text) : style.red(text)}`;
  },
});

function renewalText({
  dueAt,
  underWay,
  failures,
}: {
  readonly dueAt: string;
  readonly underWay: boolean;
  readonly failures: number;
}): string {
  if (underWay) return "under way";
  const next = Date.parse(dueAt) <= Date.now() ? "due" : when(dueAt);
  return failures === 0 ? next : `failed ${failures === 1 ? "once" : `${failures} times`}, again ${next}`;
}
