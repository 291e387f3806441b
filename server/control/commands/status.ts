import { unreachable } from "#protocol/assert.ts";
import type { ServerStatus } from "#kit/administration.ts";
import { onceCommand } from "#kit/command.ts";
import type { Style } from "#kit/style.ts";
import { certificateState, facts, table } from "../table.ts";

export const status = onceCommand({
  description:
    "Asks the running server for its hosts, listeners, sessions, certificates and store. Exit code 0: it runs and is well; 1: it runs, but its store fails; 4: it does not run.",
  arguments: {},
  permission: "observe",
  examples: [
    { line: "status", does: "for a human reader" },
    { line: "status --json", does: "for a program" },
  ],
  run: (administration) => administration.status({}),
  failure: ({ store }) => (store.ok ? undefined : "the store fails"),
  render: (found, style) => {
    const { store } = found;
    const overview = facts(
      [
        [
          "server",
          `${style.green("running")}, version ${found.version}, process ${found.pid}, since ${found.startedAt}`,
        ],
        ["data", found.dataDir],
        ["configuration", found.configFile ?? "defaults, no file"],
        ["store", `${store.kind}, ${store.ok ? style.green("well") : style.red(store.detail ?? "failing")}`],
        ["search", searchText(found.search, style)],
        ["memory", `${Math.round(found.memoryBytes / 1024 / 1024)} MiB`],
        ["connections", String(found.connections)],
        ["sessions", String(found.sessions)],
      ],
      style,
    );
    const hosts = table(
      ["HOST", "SESSIONS", "CERTIFICATE"],
      found.hosts.map((host) => [
        host.domain,
        String(host.sessions),
        certificateState(host.certificateDays, host.selfSigned, style),
      ]),
      { style, empty: "no hosts" },
    );
    const listeners = table(
      ["LISTENER", "ADDRESS", "PORT", "TLS"],
      found.listeners.map(({ kind, address, port, tls }) => [kind, address, String(port), tls]),
      { style, empty: "no listeners" },
    );
    return [overview, hosts, listeners].join("\n\n");
  },
});

function searchText({ state, indexed, waiting, detail }: ServerStatus["search"], style: Style): string {
  switch (state) {
    case "ready":
      return style.green("well");
    case "indexing":
      return style.yellow(`${waiting} messages cannot be found yet, ${indexed} were indexed since the start`);
    case "failing":
      return style.red(detail ?? "failing");
    default:
      return unreachable(state);
  }
}
