import { parseJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { Account } from "#kit/account.ts";
import type { PrivacyItem, PrivacyKind, PrivacyMatch } from "#im/privacy/privacy-list.ts";
import { rosterItems, type RosterItem } from "#im/roster/slots.ts";
import type { Item } from "./elements.ts";

type ItemOnTheWire = Infer<typeof Item>;

/** The rule that a client wrote. The account's roster says which groups there are. */
export function ruleOfItem(item: ItemOnTheWire, account: Account): PrivacyItem {
  return { order: item.order, action: item.action, match: matchOf(item, account), kinds: kindsOf(item) };
}

/** What a client gets to see of a rule. */
export function itemOfRule({ order, action, match, kinds }: PrivacyItem): ItemOnTheWire {
  return {
    ...(match.by === "anyone" ? {} : { type: match.by, value: match.value }),
    action,
    order,
    message: kinds.includes("message"),
    iq: kinds.includes("iq"),
    presenceIn: kinds.includes("presence-in"),
    presenceOut: kinds.includes("presence-out"),
  };
}

function matchOf({ type, value }: ItemOnTheWire, account: Account): PrivacyMatch {
  if (type === undefined) return { by: "anyone" };
  if (value === undefined) throw new StanzaError("bad-request", { text: `a rule by ${type} needs a value` });
  switch (type) {
    case "jid": {
      const jid = parseJid(value);
      // [xep0016-2.1-02] [rfc3921-10.1-02]
      if (jid === undefined) throw new StanzaError("jid-malformed");
      return { by: "jid", value: jid };
    }
    case "group":
      // [xep0016-2.1-05] [rfc3921-10.1-05]
      if (!hasGroup(account, value)) throw new StanzaError("item-not-found", { text: `no contact is in ${value}` });
      return { by: "group", value };
    default:
      // [xep0016-2.1-06] [rfc3921-10.1-06]
      if (!isSubscription(value)) throw new StanzaError("bad-request", { text: "unknown state of subscription" });
      return { by: "subscription", value };
  }
}

function kindsOf(item: ItemOnTheWire): readonly PrivacyKind[] {
  const kinds: PrivacyKind[] = [];
  if (item.message) kinds.push("message");
  if (item.iq) kinds.push("iq");
  if (item.presenceIn) kinds.push("presence-in");
  if (item.presenceOut) kinds.push("presence-out");
  return kinds;
}

function hasGroup(account: Account, group: string): boolean {
  for (const [, item] of account.map(rosterItems).entries()) if (item.groups.includes(group)) return true;
  return false;
}

function isSubscription(value: string): value is RosterItem["subscription"] {
  return value === "none" || value === "to" || value === "from" || value === "both";
}
