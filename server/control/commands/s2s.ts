import { domainName } from "#kit/administration-values.ts";
import { onceCommand } from "#kit/command.ts";
import { count, table, when } from "../table.ts";

const domain = domainName.clone().describe("a domain elsewhere, such as example.net");

export const s2sList = onceCommand({
  description:
    "Lists every pair of a domain of ours and one elsewhere that a stream carries, and the domains that something waits for or that could not be reached. `unproven`: sent, and the other server has not said that it has it. `suspended`: the connection broke, and the stream may be resumed.",
  arguments: { domain: domain.optional().describe("only this domain elsewhere, such as example.net") },
  positional: ["domain"],
  permission: "observe",
  examples: [
    { line: "s2s list", does: "all of them" },
    { line: "s2s list example.net", does: "one domain" },
  ],
  run: (administration, args) => administration.listServers(args),
  render: ({ streams, routes }, style) => {
    const rows = streams.map((one) => [
      one.remote,
      one.local,
      directions[one.ways],
      one.managed ? one.state : `${one.state}, cannot be resumed`,
      one.openedBy,
      one.remoteAddress ?? "-",
      when(one.since),
      when(one.usedAt),
      String(one.unproven),
    ]);
    const shown = table(
      ["DOMAIN", "HOST", "WAYS", "STATE", "OPENED BY", "ADDRESS", "SINCE", "USED", "UNPROVEN"],
      rows,
      { style, empty: "no streams with other servers" },
    );
    const troubled = routes.filter(({ state, waiting }) => state !== "open" && (waiting > 0 || state !== "idle"));
    if (troubled.length === 0) return shown;
    const waiting = troubled.map((one) => [
      one.remote,
      one.local,
      one.state === "failing" ? style.red(one.state) : one.state,
      String(one.waiting),
      when(one.retryAt),
      one.reason ?? "-",
    ]);
    const more = table(["DOMAIN", "HOST", "STATE", "WAITING", "NOT TRIED BEFORE", "REASON"], waiting, {
      style,
      empty: "",
    });
    return `${shown}\n\n${more}`;
  },
});

const directions = { in: "they to us", out: "we to them", both: "both" } as const;

export const s2sConnect = onceCommand({
  description:
    "Connects to a server of the domain at once, whether or not something waits for it and however short ago it failed, and waits until stanzas may flow. What is in the way is said in words; balcony check DOMAIN looks at it more closely.",
  arguments: {
    domain,
    host: domainName.clone().optional().describe("the host of ours that the stream is for; by default the first"),
  },
  positional: ["domain"],
  permission: "administer",
  examples: [{ line: "s2s connect example.net", does: "opens a stream, or says what is in the way" }],
  waiting: ({ domain: remote }) => `looking for ${remote}, connecting, and waiting until it believes us …`,
  run: (administration, args) => administration.connectServer(args),
  render: ({ local, remote, stream, managed }, style) =>
    `${style.green("connected")} ${local} with ${remote}, stream ${stream}${managed ? "" : " (no stream management)"}`,
});

export const s2sClose = onceCommand({
  description:
    "Closes all streams with the domain, whoever opened them. What is under way arrives first, or goes over the next stream, which is opened as soon as somebody has something to say.",
  arguments: { domain },
  positional: ["domain"],
  permission: "administer",
  examples: [{ line: "s2s close example.net", does: "closes what there is" }],
  run: (administration, args) => administration.closeServer(args),
  render: ({ domain: closed, closed: streams }, style) =>
    `${style.green("closing")} ${count(streams, "stream")} with ${closed}`,
});
