import type { ServerAdministration } from "#kit/administration.ts";
import type { ServerCore } from "../core.ts";

/** What administrators see of external components (XEP-0114); balcony.toml says which there are. */
export function componentAdministration({
  components,
}: Pick<ServerCore, "components">): Pick<ServerAdministration, "listComponents"> {
  return {
    listComponents: () =>
      Promise.resolve({
        components: [...components.all.values()].map(({ domain, settings, presence, waiting, name }) => ({
          domain,
          state: presence.state,
          since: new Date(presence.since).toISOString(),
          subdomains: settings.subdomains,
          waiting,
          ...(name !== undefined && { name }),
          ...(presence.state === "connected" && {
            remoteAddress: presence.link.connection.remoteAddress,
            stream: presence.link.id,
          }),
        })),
      }),
  };
}
