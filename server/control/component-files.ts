import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration, ReloadReport, ServerAdministration } from "#kit/administration.ts";
import type { ComponentSecrets } from "../components/component-secrets.ts";
import { componentListenerByDefault } from "../components/component-listening.ts";
import { componentTable } from "../components/component-table.ts";
import { addTableToToml } from "../config/add-table.ts";
import { changeConfig, currentConfig } from "../config/change-config.ts";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { removeTableFromToml } from "../config/remove-table.ts";
import type { ConfigurableFeature } from "../config/sections/features.ts";

const array = "components";

export interface ComponentFilesParts {
  /** balcony.toml, which may not be there yet. */
  readonly file: string;
  readonly server: Pick<ServerAdministration, "listComponents" | "status">;
  readonly secrets: ComponentSecrets;
  readonly features: readonly ConfigurableFeature[];
  readonly running: { readonly reload: () => Promise<ReloadReport> } | undefined;
}

type Operations = "addComponent" | "componentSecret" | "removeComponent";

/** Components are what balcony.toml says: these write it, and have a running server read it (ADR 0014, 0016). */
export function componentFiles(parts: ComponentFilesParts): Pick<Administration, Operations> {
  const { file, server, secrets, features, running } = parts;
  return {
    addComponent: async (component) => {
      const { domain } = component;
      const edit = (text: string, before: Config): string | undefined => {
        refuseToAdd(component, before, file);
        return addTableToToml(text, { array, values: componentTable(component) });
      };
      const secret = await withNewSecret(secrets, domain, () => changeConfig({ file, features, array, edit }));
      const report = await running?.reload();
      const listening =
        running === undefined ? listeningLater(await currentConfig(file, features)) : await listeningOf(server);
      const served = running !== undefined && (await linkOf(server, domain)) !== undefined;
      const problems = served && listening.length > 0 ? [] : [...(report?.problems ?? [])];
      return { domain, file, secret, served, listening, problems };
    },

    componentSecret: async ({ domain, renew }) => {
      const found = (await currentConfig(file, features)).components.find((one) => one.domain === domain);
      if (found === undefined) throw notFound(domain, file);
      if (found.secret !== undefined && renew)
        throw new AdministrationError(
          "not-allowed",
          `${file} has the secret of ${domain}; change it there, and then: balcony config reload`,
        );
      const secret =
        found.secret ?? (renew ? await secrets.make(domain) : await asAdministration(secrets.readOrMake(domain)));
      const kept = found.secret === undefined ? secrets.fileOf(domain) : file;
      if (renew) await running?.reload();
      const connected = running !== undefined && (await linkOf(server, domain))?.state === "connected";
      return { domain, secret, file: kept, connected };
    },

    removeComponent: async ({ domain }) => {
      const wasConnected = running !== undefined && (await linkOf(server, domain))?.state === "connected";
      const edit = (text: string, before: Config): string | undefined => {
        const index = before.components.findIndex((one) => one.domain === domain);
        if (index === -1) throw notFound(domain, file);
        return removeTableFromToml(text, array, index);
      };
      await changeConfig({ file, features, array, edit });
      await secrets.forget(domain);
      const report = await running?.reload();
      const isGone = running === undefined || (await linkOf(server, domain)) === undefined;
      return { domain, file, wasConnected, problems: isGone ? [] : [...(report?.problems ?? [])] };
    },
  };
}

type NewComponent = Parameters<Administration["addComponent"]>[0];

/** What the file as a whole would be refused for, in words for whoever added it. */
function refuseToAdd({ domain, host }: NewComponent, { components, hosts }: Config, file: string): void {
  if (components.some((one) => one.domain === domain))
    throw new AdministrationError("exists", `${domain} is in ${file} already`);
  if (hosts.some((one) => one.domain === domain))
    throw new AdministrationError(
      "exists",
      `${domain} is a host of this server; a component needs a domain of its own, such as irc.${domain}`,
    );
  if (host !== undefined && !hosts.some((one) => one.domain === host))
    throw new AdministrationError("not-found", `${host} is not a host of this server`);
}

/** The secret is there before somebody could ask for it; it goes again where the component could not be added. */
async function withNewSecret(secrets: ComponentSecrets, domain: string, add: () => Promise<void>): Promise<string> {
  const before = await secrets.read(domain).catch(() => undefined);
  const secret = await secrets.make(domain);
  try {
    await add();
    return secret;
  } catch (error) {
    await (before === undefined ? secrets.forget(domain) : secrets.keep(domain, before));
    throw error;
  }
}

async function linkOf(server: ComponentFilesParts["server"], domain: string) {
  const { components } = await server.listComponents({});
  return components.find((one) => one.domain === domain);
}

/** Where components can connect, as `address:port`. */
async function listeningOf(server: ComponentFilesParts["server"]): Promise<string[]> {
  const { listeners } = await server.status({});
  return listeners.filter(({ kind }) => kind === "component").map(placeOf);
}

/** The same, once the server runs. */
function listeningLater({ listeners }: Config): string[] {
  const own = listeners.filter(({ kind }) => kind === "component");
  return (own.length === 0 ? [componentListenerByDefault] : own).flatMap(({ addresses, port }) =>
    addresses.map((address) => placeOf({ address, port })),
  );
}

function placeOf({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

async function asAdministration<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConfigError) throw new AdministrationError("config", error.message, { cause: error });
    throw error;
  }
}

function notFound(domain: string, file: string): AdministrationError {
  return new AdministrationError("not-found", `${domain} is no component in ${file}`);
}
