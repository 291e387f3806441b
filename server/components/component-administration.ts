import { AdministrationError } from "#kit/administration-error.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ServerCore } from "../core.ts";
import type { ComponentChange, ComponentRefusal } from "./component-roster.ts";

export interface ComponentAdministrationParts {
  readonly core: ServerCore;
  /** Sees to it that components can connect; where they can, as `address:port`. Empty while no server runs. */
  readonly listenForComponents: () => Promise<readonly string[]>;
}

type Operations = "addComponent" | "listComponents" | "renewComponentSecret" | "removeComponent";

/** What administrators do with external components (XEP-0114). */
export function componentAdministration({
  core,
  listenForComponents,
}: ComponentAdministrationParts): Pick<ServerAdministration, Operations> {
  const { components } = core;
  return {
    addComponent: async ({ domain, name, host, subdomains, conflict }) => {
      if (host !== undefined && !core.hosts.has(host))
        throw new AdministrationError("not-found", `${host} is not a host of this server`);
      const named = { ...(name !== undefined && { name }), ...(host !== undefined && { host }) };
      const secret = secretOf(domain, await core.componentRoster.add(domain, { ...named, subdomains, conflict }));
      return { domain, secret, listening: [...(await listenForComponents())] };
    },

    renewComponentSecret: async ({ domain }) => {
      const secret = secretOf(domain, await core.componentRoster.renewSecret(domain));
      return { domain, secret, connected: components.all.get(domain)?.presence.state === "connected" };
    },

    removeComponent: async ({ domain }) => {
      const wasConnected = components.all.get(domain)?.presence.state === "connected";
      const refusal = await core.componentRoster.remove(domain);
      if (refusal !== undefined) throw refusalOf(domain, refusal);
      return { domain, wasConnected };
    },

    listComponents: () =>
      Promise.resolve({
        components: [...components.all.values()].map(({ domain, settings, presence, waiting, name }) => ({
          domain,
          state: presence.state,
          since: new Date(presence.since).toISOString(),
          source: settings.source,
          hasSecret: settings.secret !== "",
          subdomains: settings.subdomains,
          waiting,
          ...(name !== undefined && { name }),
          ...(presence.state === "connected" && {
            remoteAddress: presence.link.remoteAddress,
            stream: presence.link.id,
          }),
        })),
      }),
  };
}

function secretOf(domain: DomainJid, change: ComponentChange): string {
  if (change.ok) return change.secret;
  throw refusalOf(domain, change.reason);
}

function refusalOf(domain: DomainJid, reason: ComponentRefusal): AdministrationError {
  return new AdministrationError(codes[reason], explain(domain, reason));
}

const codes = {
  exists: "exists",
  "is-a-host": "exists",
  "not-found": "not-found",
  "in-file": "not-allowed",
} as const satisfies Record<ComponentRefusal, string>;

function explain(domain: DomainJid, reason: ComponentRefusal): string {
  switch (reason) {
    case "exists":
      return `${domain} is a component already`;
    case "is-a-host":
      return `${domain} is a host of this server; a component needs a domain of its own, such as irc.${domain}`;
    case "not-found":
      return `${domain} is no component of this server`;
    case "in-file":
      return `balcony.toml says what ${domain} is; change it there, and then: balcony config reload`;
  }
}
