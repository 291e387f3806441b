import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { infoOfAccount, infoOfHost, itemsOfAccount, itemsOfHost, nodeOfAccount, nodeOfHost } from "#kit/disco.ts";
import type { Host } from "#kit/host.ts";
import { atHost, reads } from "#kit/iq.ts";
import { serverModule, type DiscoInfo, type DiscoItem, type DiscoNode } from "#kit/server-module.ts";
import { availableSessions } from "#im/presence/slots.ts";
import { mayKnowPresence } from "#im/roster/slots.ts";
import { describe, Info, Items, list, NS_DISCO_INFO, NS_DISCO_ITEMS } from "./elements.ts";

/** Service discovery: what hosts and accounts are, can do and consist of, as all modules together tell it. */
export const disco = serverModule({
  name: "disco",
  implements: [
    { xep: 30, title: "Service Discovery", version: "2.5.0", status: "complete" },
    { xep: 128, title: "Service Discovery Extensions", version: "1.0.1", status: "complete" },
  ],
  features: [NS_DISCO_INFO, NS_DISCO_ITEMS],
  accountFeatures: [NS_DISCO_INFO, NS_DISCO_ITEMS],
  start: (host) => ({
    disco: { identities: [{ category: "server", type: "im", name: host.software.name }] },
    accountDisco: { identities: [{ category: "account", type: "registered" }] },
    iq: [
      atHost("get", Info, ({ payload: { node }, from }) => Info.build(describe(hostInfo(host, node, from), node))),
      atHost("get", Items, ({ payload: { node }, from }) => Items.build(list(hostItems(host, node, from), node))),
      reads(
        Info,
        async ({ account, payload: { node }, from }) =>
          Info.build(describe(await accountInfo(account, node, from), node)),
        "anyone",
      ),
      reads(
        Items,
        async ({ account, payload: { node }, from }) =>
          Items.build(list(await accountItems(account, node, from), node)),
        "anyone",
      ),
    ],
  }),
});

function hostInfo(host: Host, node: string | undefined, asker: Jid): DiscoInfo {
  return node === undefined ? infoOfHost(host, asker) : existing(nodeOfHost(host, node, asker));
}

function hostItems(host: Host, node: string | undefined, asker: Jid): readonly DiscoItem[] {
  return node === undefined ? itemsOfHost(host, asker) : (existing(nodeOfHost(host, node, asker)).items ?? []);
}

async function accountInfo(account: Account, node: string | undefined, asker: Jid): Promise<DiscoInfo> {
  hideFromStrangers(account, asker);
  return node === undefined ? infoOfAccount(account, asker) : existing(await nodeOfAccount(account, node, asker));
}

async function accountItems(account: Account, node: string | undefined, asker: Jid): Promise<readonly DiscoItem[]> {
  hideFromStrangers(account, asker);
  if (node !== undefined) return existing(await nodeOfAccount(account, node, asker)).items ?? [];
  const resources = availableSessions(account).map(({ jid }) => ({ jid })); // [xep0030-4.1-07]
  return [...resources, ...itemsOfAccount(account, asker)];
}

/**
 * Strangers hear the same of an account that is there as of one that is not (RFC 6121 §8.5.1): else they could harvest
 * names. XEP-0030 §8 would have both kinds answer disco#items with an empty list, which the RFC rules out for accounts
 * that do not exist. [xep0030-8-02] [xep0030-8-03]
 */
function hideFromStrangers(account: Account, asker: Jid): void {
  if (!mayKnowPresence(account, asker)) throw new StanzaError("service-unavailable");
}

function existing(node: DiscoNode | undefined): DiscoNode {
  // [xep0013-2.3-04]
  if (node === undefined) throw new StanzaError("item-not-found");
  return node;
}
