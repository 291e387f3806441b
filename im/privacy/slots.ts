import type { Account } from "#kit/account.ts";
import type { Session } from "#kit/session.ts";
import { accountMap, accountValue, json, sessionSlot } from "#kit/slots.ts";
import { type PrivacyList, privacyListCodec } from "./privacy-list.ts";

/** The lists of an account by their names. */
export const privacyLists = accountMap<PrivacyList>("privacy-lists", 1, privacyListCodec);

/** Name of the list that applies where no other is active (XEP-0016 §2.2). It is the block list too (XEP-0191 §5). */
export const defaultListName = accountValue<string>("privacy-default-list", 1, json());

/** Name of the list that applies to this session in place of the default one, for as long as the session lives. */
export const activeListName = sessionSlot<string | undefined>("active-privacy-list", () => undefined, json());

/** Everything that is stored: what each of the features declares that work on it. */
export const privacySlots = [privacyLists, defaultListName] as const;

export function defaultList(account: Account): PrivacyList | undefined {
  const name = account.value(defaultListName).get();
  return name === undefined ? undefined : account.map(privacyLists).get(name);
}

/** The one list that applies to a session: its active one, else the default one. [xep0016-2.2-01] */
export function listOf(account: Account, session: Session): PrivacyList | undefined {
  const active = session.get(activeListName);
  // [rfc3921-10.2-01]
  return active === undefined ? defaultList(account) : account.map(privacyLists).get(active);
}
