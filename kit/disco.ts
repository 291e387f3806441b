import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "./account.ts";
import type { Host } from "./host.ts";
import type { DiscoInfo, DiscoItem, DiscoNode } from "./server-module.ts";

/**
 * What a host is and can do, gathered from its modules; features sorted, each once.
 *
 * @param asker undefined for what everybody may know
 */
export function infoOfHost(host: Host, asker: Jid | undefined): DiscoInfo {
  return {
    identities: host.modules.flatMap(({ parts }) => parts.disco?.identities ?? []),
    features: unique(
      host.modules.flatMap(({ module, parts }) => [
        ...(module.features ?? []),
        ...(parts.disco?.features?.(asker) ?? []),
      ]),
    ),
    forms: host.modules.flatMap(({ parts }) => parts.disco?.forms?.() ?? []),
  };
}

/** What an account is and can do, for one who may know of it. */
export function infoOfAccount(account: Account, asker: Jid): DiscoInfo {
  const { modules } = account.host;
  return {
    identities: modules.flatMap(({ parts }) => parts.accountDisco?.identities ?? []),
    features: unique(
      modules.flatMap(({ module, parts }) => [
        ...(module.accountFeatures ?? []),
        ...(parts.accountDisco?.features?.(account, asker) ?? []),
      ]),
    ),
    forms: modules.flatMap(({ parts }) => parts.accountDisco?.forms?.(account) ?? []),
  };
}

export function itemsOfHost(host: Host, asker: Jid): readonly DiscoItem[] {
  return [...host.modules.flatMap(({ parts }) => parts.disco?.items?.(asker) ?? []), ...host.services()];
}

/** The items of an account, for one who may know of it. */
export function itemsOfAccount(account: Account, asker: Jid): readonly DiscoItem[] {
  return account.host.modules.flatMap(({ parts }) => parts.accountDisco?.items?.(account, asker) ?? []);
}

/** What the first module that knows the node says of it. */
export function nodeOfHost(host: Host, node: string, asker: Jid): DiscoNode | undefined {
  for (const { parts } of host.modules) {
    const found = parts.disco?.node?.(node, asker);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The same of an account's; what a module has to read for it is waited for. */
export async function nodeOfAccount(account: Account, node: string, asker: Jid): Promise<DiscoNode | undefined> {
  for (const { parts } of account.host.modules) {
    const found = parts.accountDisco?.node?.(account, node, asker);
    if (found !== undefined) return found;
  }
  return undefined;
}

function unique(features: readonly string[]): readonly string[] {
  return [...new Set(features)].toSorted();
}
