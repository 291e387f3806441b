import type { Jid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import { copyOfList, type PrivacyItem, PrivacyList } from "./privacy-list.ts";
import { defaultList, defaultListName, privacyLists } from "./slots.ts";

/** What the default list is called that block commands make where there is none. */
const blockListName = "blocked";

type BlockingItem = PrivacyItem & { readonly match: { readonly by: "jid" } };

/** Whether a rule of the default list is one that block lists show: everything from and to an address is denied. */
export function isBlocking(item: PrivacyItem): item is BlockingItem {
  return item.action === "deny" && item.match.by === "jid" && item.kinds.length === 0;
}

/** Who is blocked, as far as a block list can say it (XEP-0191 §5). */
export function blockedJids(account: Account): readonly Jid[] {
  return [
    ...new Set(
      defaultList(account)
        ?.items.filter(isBlocking)
        .map(({ match }) => match.value),
    ),
  ];
}

/**
 * Puts rules against the addresses in front of the default list, making one where there is none. [xep0191-5-02]
 * [xep0191-5-05]
 *
 * @returns the name of the list
 */
export function block(account: Account, jids: readonly Jid[]): string {
  const name = account.value(defaultListName).get() ?? unusedName(account);
  const rest = without(defaultList(account)?.items ?? [], jids);
  const rules = jids.map((value): Rule => ({ action: "deny", match: { by: "jid", value }, kinds: [] }));
  account.map(privacyLists).set(name, copyOfList(numbered([...rules, ...rest])));
  account.value(defaultListName).set(name);
  return name;
}

/**
 * Takes the rules against these addresses, or against all, out of the default list.
 *
 * @returns the name of the list; undefined where there is none
 */
export function unblock(account: Account, jids: readonly Jid[]): string | undefined {
  const name = account.value(defaultListName).get();
  if (name === undefined) return undefined;
  const rest = without(defaultList(account)?.items ?? [], jids);
  if (rest.length === 0) {
    account.map(privacyLists).delete(name);
    account.value(defaultListName).delete();
  } else account.map(privacyLists).set(name, numbered(rest));
  return name;
}

type Rule = Omit<PrivacyItem, "order">;

/** Numbers are anybody's to change: clients give them anew with each edit. */
function numbered(rules: readonly Rule[]): PrivacyList {
  return new PrivacyList(rules.map((rule, index) => ({ ...rule, order: index + 1 })));
}

function without(items: readonly PrivacyItem[], jids: readonly Jid[]): readonly PrivacyItem[] {
  const gone = new Set(jids);
  return items.filter((item) => !(isBlocking(item) && gone.has(item.match.value)));
}

/** A list of that name which is not the default one is something else of the user's. */
function unusedName(account: Account): string {
  const lists = account.map(privacyLists);
  let name = blockListName;
  for (let n = 2; lists.has(name); n++) name = `${blockListName}-${n}`;
  return name;
}
