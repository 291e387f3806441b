import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import { integerOption } from "#kit/option.ts";
import { rosterItems } from "./slots.ts";

export const itemsMax = integerOption({
  key: "items_max",
  default: 2_000,
  min: 1,
  max: 100_000,
  unit: "items",
  description: "How many contacts a roster holds.",
});

/** Longest name of a contact or a group, in UTF-16 code units. */
const nameLengthMax = 1_023;
/** Groups that one contact is in. */
const groupsMax = 64;

/**
 * To be asked before a contact is listed, however it comes there. Those who only wait for an answer do not count: they
 * are strangers' doing and have a bound of their own.
 *
 * @throws StanzaError resource-constraint
 */
export function checkRoomForItem(host: Host, account: Account): void {
  const max = host.setting(itemsMax);
  const items = account.map(rosterItems);
  if (items.size < max) return;
  let listed = 0;
  for (const [, item] of items.entries()) if (item.listed) listed += 1;
  if (listed >= max) throw new StanzaError("resource-constraint", { text: "the roster is full" });
}

/**
 * What a client wants to call and to group a contact. [rfc6121-2.3.3-03] [rfc6121-2.3.3-04]
 *
 * @throws StanzaError
 */
export function checkNames(item: { readonly name?: string | undefined; readonly groups: readonly string[] }): void {
  const { name = "", groups } = item;
  if (new Set(groups).size < groups.length) throw new StanzaError("bad-request", { text: "a group is named twice" });
  if (groups.includes("")) throw new StanzaError("not-acceptable", { text: "a group has no name" });
  if (groups.length > groupsMax) throw new StanzaError("not-acceptable", { text: "too many groups" });
  if ([name, ...groups].some((each) => each.length > nameLengthMax))
    throw new StanzaError("not-acceptable", { text: "a name is too long" });
}
