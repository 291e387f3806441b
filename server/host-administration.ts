import { bareOf, domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { AccountChange } from "#kit/host.ts";
import type { HostConfig } from "./config/config.ts";
import type { ServerCore } from "./core.ts";
import type { CertificateStore } from "./tls/certificate-store.ts";

/** Accounts read from the store at once. */
const pageAccounts = 1_000;

/** What this needs of the running, or opened, server. */
export interface HostAdministrationParts {
  readonly core: ServerCore;
  readonly config: () => { readonly hosts: readonly HostConfig[] };
  readonly certificates: CertificateStore | undefined;
}

/** What administrators do with hosts, but for what concerns balcony.toml. */
export function hostAdministration({
  core,
  config,
  certificates,
}: HostAdministrationParts): Pick<ServerAdministration, "listHosts" | "deleteAccountsOf"> {
  return {
    listHosts: async () => {
      const expiry = new Map(certificates?.expiry().map((each) => [each.domain, each]));
      const sessions = sessionsByHost(core);
      const hosts = [];
      for (const { domain, registration } of config().hosts) {
        const certificate = expiry.get(domain);
        const days = certificate && { certificateDays: certificate.days, selfSigned: certificate.selfSigned };
        const accounts = await accountsOf(core, domain);
        hosts.push({ domain, registration, accounts, sessions: sessions.get(domain) ?? 0, ...days });
      }
      return { hosts };
    },
    deleteAccountsOf: async function* (domain, signal) {
      let deleted = 0;
      // From the beginning each time, until there is none: some may be created meanwhile.
      for (;;) {
        const page = await core.accounts.list(domain, undefined, pageAccounts);
        if (page.length === 0) return;
        for (const address of page) {
          if (signal.aborted) return;
          const jid = parseJid(address);
          const change = jid === undefined ? undefined : await core.accounts.delete(bareOf(jid));
          if (change?.ok === false && change.reason !== "no-such-account") throw failure(change);
          deleted += 1;
          yield deleted;
        }
      }
    },
  };
}

function failure({ text }: Extract<AccountChange, { ok: false }>): AdministrationError {
  return new AdministrationError("unavailable", text);
}

async function accountsOf(core: ServerCore, domain: DomainJid): Promise<number> {
  let total = 0;
  for (let after: string | undefined; ;) {
    const page = await core.accounts.list(domain, after, pageAccounts);
    total += page.length;
    after = page.at(-1);
    if (page.length < pageAccounts) return total;
  }
}

function sessionsByHost(core: ServerCore): ReadonlyMap<DomainJid, number> {
  const found = new Map<DomainJid, number>();
  for (const { jid } of core.registry.sessions()) found.set(domainOf(jid), (found.get(domainOf(jid)) ?? 0) + 1);
  return found;
}
