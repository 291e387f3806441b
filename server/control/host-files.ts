import type { DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Administration, ReloadReport, ServerAdministration } from "#kit/administration.ts";
import { addTableToToml } from "../config/add-table.ts";
import { changeConfig, changedConfig } from "../config/change-config.ts";
import type { Config } from "../config/config.ts";
import { removeTableFromToml } from "../config/remove-table.ts";
import type { ConfigurableFeature } from "../config/sections/features.ts";
import { CertificateError } from "../tls/certificate-error.ts";
import { loadCertificate } from "../tls/load-certificate.ts";

/** After how many deleted accounts progress is told. */
const toldAccounts = 100;

export interface HostFilesParts {
  /** balcony.toml, which may not be there yet. */
  readonly file: string;
  readonly server: Pick<ServerAdministration, "listHosts" | "deleteAccountsOf">;
  readonly config: () => Config;
  readonly features: readonly ConfigurableFeature[];
  readonly running: { readonly reload: () => Promise<ReloadReport> } | undefined;
}

/** Hosts are what balcony.toml says, whoever writes it: these write it, and have a running server read it (ADR 0014). */
export function hostFiles(parts: HostFilesParts): Pick<Administration, "addHost" | "removeHost"> {
  const { file, server, features, running } = parts;
  return {
    addHost: async (host) => {
      const { domain, certificate, key, acme, registration } = host;
      await checkCertificate(host, parts.config());
      const edit = (text: string, before: Config): string | undefined => {
        if (before.hosts.some((one) => one.domain === domain))
          throw new AdministrationError("exists", `${domain} is in ${file} already`);
        const implied = parts.config().hosts.map((one) => ({ domain: one.domain }));
        return addTableToToml(text, {
          array: "hosts",
          values: { domain, certificate, key, acme, registration },
          implied,
        });
      };
      await changeConfig({ file, features, array: "hosts", edit });
      const report = await running?.reload();
      const served = report?.hosts.added.includes(domain) ?? false;
      return { domain, file, served, problems: served ? [] : [...(report?.problems ?? [])] };
    },
    removeHost: async function* ({ domain, wipe }, signal) {
      const remove = (text: string, before: Config): string | undefined => {
        const index = before.hosts.findIndex((one) => one.domain === domain);
        if (index === -1 || !text.includes("hosts"))
          throw new AdministrationError("not-found", `${domain} is no host in ${file}`);
        if (before.hosts.length === 1)
          throw new AdministrationError("not-allowed", `${domain} is the only host; a server has at least one`);
        return removeTableFromToml(text, "hosts", index);
      };
      // Nothing is deleted when the file could not be changed afterwards.
      await changedConfig({ file, features, array: "hosts", edit: remove });
      const accounts = await accountsOf(server, domain);
      let deleted = 0;
      if (wipe) {
        for await (deleted of server.deleteAccountsOf(domain, signal))
          if (deleted % toldAccounts === 0) yield { done: false, domain, file, accounts, deleted, problems: [] };
        if (signal.aborted) return;
      }
      await changeConfig({ file, features, array: "hosts", edit: remove });
      const report = await running?.reload();
      const isGone = report === undefined || report.hosts.removed.includes(domain);
      yield { done: true, domain, file, accounts, deleted, problems: isGone ? [] : [...report.problems] };
    },
  };
}

/** What the server would not serve the host with is refused before anything is written. */
async function checkCertificate(host: NewHost, { tls }: Config): Promise<void> {
  const { domain, certificate, key } = host;
  if (certificate === undefined || key === undefined) return;
  const settings = { minVersion: "TLSv1.2", ciphers: undefined } as const;
  try {
    const files = { certificateFile: certificate, keyFile: key };
    const { unsuitable } = await loadCertificate(domain, files, settings, Date.now());
    if (unsuitable.length > 0 && !tls.acceptUnsuitableCertificates) throw new CertificateError(unsuitable);
  } catch (error) {
    if (error instanceof CertificateError) throw new AdministrationError("config", error.message, { cause: error });
    throw error;
  }
}

type NewHost = Parameters<Administration["addHost"]>[0];

async function accountsOf(server: HostFilesParts["server"], domain: DomainJid): Promise<number> {
  const { hosts } = await server.listHosts({});
  return hosts.find((host) => host.domain === domain)?.accounts ?? 0;
}
