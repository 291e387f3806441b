import { bareOf, domainOf, type Jid } from "#protocol/jid/jid.ts";
import type { StoredCodec } from "#kit/slots.ts";
import type { RosterItem } from "../roster/slots.ts";

/** What a rule may be limited to. "message", "iq" and "presence-in" mean what arrives, "presence-out" what is sent. */
export type PrivacyKind = "message" | "iq" | "presence-in" | "presence-out";

/**
 * What a stanza is to the rules: one of the kinds, or something that only rules without limits are about, such as a
 * request for a subscription, or a message that is sent.
 */
export type PrivacyMatter = PrivacyKind | "other";

/** Whom a rule is about. */
export type PrivacyMatch =
  | { readonly by: "anyone" }
  | { readonly by: "jid"; readonly value: Jid }
  | { readonly by: "group"; readonly value: string }
  | { readonly by: "subscription"; readonly value: RosterItem["subscription"] };

/** One rule of a list (XEP-0016 §2.1). */
export interface PrivacyItem {
  readonly order: number;
  readonly action: "allow" | "deny";
  readonly match: PrivacyMatch;
  /** Empty: about everything, in both directions. */
  readonly kinds: readonly PrivacyKind[];
}

/** Rules in their order. The first that fits decides; where none does, all is allowed. */
export class PrivacyList {
  /** In ascending order. [xep0016-2.2-04] */
  readonly items: readonly PrivacyItem[];
  /** Rules by whom they are about, so that a long list costs no more than a short one. */
  readonly #rules = new Map<string, PrivacyItem[]>();

  constructor(items: readonly PrivacyItem[]) {
    // [rfc3921-10.2-04]
    this.items = items.toSorted((a, b) => a.order - b.order);
    for (const item of this.items) {
      const key = item.match.by === "anyone" ? anyone : keyOf(item.match.by, item.match.value);
      const rules = this.#rules.get(key);
      if (rules === undefined) this.#rules.set(key, [item]);
      else rules.push(item);
    }
  }

  /** The rule that decides, or undefined where none fits. [xep0016-2.2-05] */
  ruleFor(jid: Jid, matter: PrivacyMatter, contact: RosterItem): PrivacyItem | undefined {
    let found = this.#first(anyone, matter, undefined);
    // A full address fits itself, its bare address and its domain. [xep0016-2.1-03] [xep0191-6-01]
    // [rfc3921-10.1-03]
    for (const value of new Set<string>([jid, bareOf(jid), domainOf(jid)]))
      found = this.#first(keyOf("jid", value), matter, found);
    for (const group of contact.groups) found = this.#first(keyOf("group", group), matter, found);
    // [rfc3921-10.1-06]
    return this.#first(keyOf("subscription", contact.subscription), matter, found);
  }

  denies(jid: Jid, matter: PrivacyMatter, contact: RosterItem): boolean {
    return this.ruleFor(jid, matter, contact)?.action === "deny";
  }

  #first(key: string, matter: PrivacyMatter, found: PrivacyItem | undefined): PrivacyItem | undefined {
    // [rfc3921-10.1-09]
    const rule = this.#rules.get(key)?.find(({ kinds }) => kinds.length === 0 || kinds.some((kind) => kind === matter));
    // [rfc3921-10.2-05]
    return rule !== undefined && (found === undefined || rule.order < found.order) ? rule : found;
  }
}

/** UTF-16 code units that each rule of a full list may have for whom it is about; one may have more if others have less. */
const ruleLengthShare = 128;

/** Of a full JID (RFC 7622 §3.1). */
const addressLengthMax = 3_071;

/**
 * Whether rules are too long together for a list that may have so many: each change of a single one writes all of them anew
 * (A15).
 */
export function areTooLong(matches: readonly PrivacyMatch[], rulesMax: number): boolean {
  const length = matches.reduce((sum, match) => sum + (match.by === "anyone" ? 0 : match.value.length), 0);
  return length > Math.max(ruleLengthShare * rulesMax, addressLengthMax);
}

const anyone = "anyone";

function keyOf(by: string, value: string): string {
  return `${by} ${value}`;
}

/** Lists as JSON: their rules. */
export const privacyListCodec: StoredCodec<PrivacyList> = {
  encode: ({ items }) => JSON.stringify(items),
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `encode` wrote it, in this version of the slot
  decode: (text) => new PrivacyList(JSON.parse(text) as readonly PrivacyItem[]),
};

/** The same list, without a thread to the input that its addresses and names were cut from. */
export function copyOfList(list: PrivacyList): PrivacyList {
  return privacyListCodec.decode(privacyListCodec.encode(list));
}
