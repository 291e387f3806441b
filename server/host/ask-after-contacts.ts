import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import { serversInDoubt } from "#kit/lifecycle.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { LocalAccount } from "../account/account.ts";
import type { LocalHost } from "./local-host.ts";

/** Accounts that are looked at before others have their turn. */
const accountsAtOnce = 500;

/** Has the accounts of a host that somebody uses ask after their contacts at other servers. */
export function askAfterContacts(
  { host, registry, env }: { readonly host: LocalHost; readonly registry: AccountRegistry; readonly env: Env },
  domains: ReadonlySet<DomainJid>,
  awaited: (domain: DomainJid) => void,
): void {
  const accounts = [...registry.of(host)].filter(({ sessions }) => sessions.size > 0);
  const askSome = (from: number): void => {
    const end = Math.min(from + accountsAtOnce, accounts.length);
    for (const account of accounts.slice(from, end)) ask(host, account, domains, awaited);
    if (end < accounts.length) env.setTimer(0, () => askSome(end));
  };
  askSome(0);
}

function ask(
  host: LocalHost,
  account: LocalAccount,
  domains: ReadonlySet<DomainJid>,
  awaited: (domain: DomainJid) => void,
): void {
  account.post((awake) => host.emit(serversInDoubt, { account: awake, domains, awaited }));
}
