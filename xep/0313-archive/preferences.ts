import { bareOf, isBare, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import { choiceOption } from "#kit/option.ts";
import { accountValue, json } from "#kit/slots.ts";
import { rosterItems } from "#im/roster/slots.ts";
import type { Preferences } from "./elements.ts";

export const archiveDefault = choiceOption({
  key: "default",
  choices: ["always", "roster", "never"],
  default: "always",
  description:
    "What is archived for users who have not said what they prefer: all messages, those with contacts, or none.",
});

/** What a user prefers to be kept; where he has not said so, it is what the administrator decided. */
export interface StoredPreferences {
  readonly default: "always" | "roster" | "never";
  readonly always: readonly Jid[];
  readonly never: readonly Jid[];
}

export const storedPreferences = accountValue<StoredPreferences>("archive-preferences", 1, json());

/** Addresses in the two lists of a user's preferences together. */
export const listedMax = 2_000;

/**
 * Whether an account wants its messages with somebody kept (XEP-0441 §2.3).
 *
 * @param peer whom the message is to or from, as it is addressed
 */
export function wantsArchived(account: Account, peer: Jid, unsaid: StoredPreferences["default"]): boolean {
  const { default: byDefault, always, never } = account.value(storedPreferences).get() ?? { ...none, default: unsaid };
  // [xep0313-8.1-04] [xep0441-2.1.3-02]
  if (matches(never, peer)) return false;
  // [xep0441-2-01] [xep0441-2.1.1-01] [xep0441-2.1.2-02]
  if (byDefault === "always" || matches(always, peer)) return true;
  // [xep0441-2.3.1-01]
  return byDefault === "roster" && account.map(rosterItems).get(bareOf(peer))?.listed === true;
}

/** A list names an account with all its resources, or one resource. */
function matches(list: readonly Jid[], peer: Jid): boolean {
  if (list.length === 0) return false;
  const bare = bareOf(peer);
  return list.some((jid) => (isBare(jid) ? jid === bare : jid === peer));
}

/** @throws StanzaError when the lists are too long */
export function keepPreferences(account: Account, wanted: Preferences): StoredPreferences {
  // [xep0441-2.1.2-01] [xep0441-2.1.2-03]
  const always = [...new Set(wanted.always?.jids)];
  // [xep0441-2.1.3-01] [xep0441-2.1.3-03]
  const never = [...new Set(wanted.never?.jids)];
  if (always.length + never.length > listedMax)
    throw new StanzaError("resource-constraint", {
      type: "cancel",
      text: `no more than ${listedMax} addresses can be listed`,
    });
  const kept = { default: wanted.default, always, never };
  // [xep0441-2.1-01]
  account.value(storedPreferences).set(kept);
  return kept;
}

/** @param unsaid the administrator's default */
export function preferencesOf(account: Account, unsaid: StoredPreferences["default"]): StoredPreferences {
  return account.value(storedPreferences).get() ?? { ...none, default: unsaid };
}

const none = { always: [], never: [] } as const;
