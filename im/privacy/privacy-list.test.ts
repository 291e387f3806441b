import assert from "node:assert/strict";
import { test } from "node:test";
import { unknownContact, type RosterItem } from "../roster/slots.ts";
import { copyOfList, PrivacyList, type PrivacyItem, type PrivacyMatch, type PrivacyMatter } from "./privacy-list.ts";
import { anyJid } from "#testing/addresses.ts";

const stranger = unknownContact(anyJid("tybalt@example.com"));
const friend: RosterItem = { ...stranger, listed: true, subscription: "both", groups: ["Friends", "Fencers"] };

function rule(
  order: number,
  action: "allow" | "deny",
  match: PrivacyMatch,
  ...kinds: PrivacyItem["kinds"]
): PrivacyItem {
  return { order, action, match, kinds };
}

const byJid = (value: string): PrivacyMatch => ({ by: "jid", value: anyJid(value) });
const anyone: PrivacyMatch = { by: "anyone" };

const addresses: readonly (readonly [value: string, fits: readonly string[], not: readonly string[]])[] = [
  [
    "tybalt@example.com/pda",
    ["tybalt@example.com/pda"],
    ["tybalt@example.com", "tybalt@example.com/home", "example.com/pda"],
  ],
  ["tybalt@example.com", ["tybalt@example.com", "tybalt@example.com/pda"], ["paris@example.com", "example.com"]],
  ["example.com/pda", ["example.com/pda"], ["example.com", "tybalt@example.com/pda", "example.com/home"]],
  [
    "example.com",
    ["example.com", "example.com/pda", "tybalt@example.com", "tybalt@example.com/pda"],
    ["sub.example.com", "com"],
  ],
];

for (const [value, fits, not] of addresses)
  test(`a rule about ${value} fits ${fits.join(" and ")} alone [rfc3921-10.1-03]`, () => {
    const list = new PrivacyList([rule(1, "deny", byJid(value))]);
    for (const each of fits) assert.ok(list.denies(anyJid(each), "other", stranger), each);
    for (const each of not) assert.ok(!list.denies(anyJid(each), "other", stranger), each);
  });

test("rules are asked in their order, wherever they stand, and the first that fits decides [rfc3921-10.2-04] [rfc3921-10.2-05]", () => {
  const list = new PrivacyList([
    rule(30, "deny", anyone),
    rule(10, "allow", byJid("tybalt@example.com/pda")),
    rule(20, "deny", byJid("tybalt@example.com")),
    rule(25, "allow", byJid("example.com")),
  ]);
  const order = (address: string): number | undefined => list.ruleFor(anyJid(address), "message", stranger)?.order;
  assert.deepEqual(
    ["tybalt@example.com/pda", "tybalt@example.com/x", "paris@example.com", "romeo@example.net"].map(order),
    [10, 20, 25, 30],
  );
});

test("where no rule fits all is allowed [rfc3921-10.2-02]", () => {
  assert.equal(new PrivacyList([rule(1, "deny", byJid("a@b"))]).ruleFor(anyJid("c@d"), "message", stranger), undefined);
});

test("groups and states of subscription are those that the roster says, none for a stranger [rfc3921-10.1-06]", () => {
  const about = (match: PrivacyMatch): PrivacyList => new PrivacyList([rule(1, "deny", match)]);
  const cases: readonly (readonly [PrivacyMatch, stranger: boolean, friend: boolean])[] = [
    [{ by: "group", value: "Fencers" }, false, true],
    [{ by: "group", value: "fencers" }, false, false],
    [{ by: "subscription", value: "none" }, true, false],
    [{ by: "subscription", value: "both" }, false, true],
    [{ by: "subscription", value: "from" }, false, false],
  ];
  for (const [match, ofStranger, ofFriend] of cases) {
    assert.equal(about(match).denies(stranger.jid, "message", stranger), ofStranger, JSON.stringify(match));
    assert.equal(about(match).denies(friend.jid, "message", friend), ofFriend, JSON.stringify(match));
  }
});

test("a limited rule is about its kinds, an unlimited one about everything [rfc3921-10.1-09]", () => {
  const matters: readonly PrivacyMatter[] = ["message", "iq", "presence-in", "presence-out", "other"];
  const denied = (list: PrivacyList): readonly PrivacyMatter[] =>
    matters.filter((matter) => list.denies(stranger.jid, matter, stranger));
  assert.deepEqual(denied(new PrivacyList([rule(1, "deny", anyone, "iq", "presence-out")])), ["iq", "presence-out"]);
  assert.deepEqual(denied(new PrivacyList([rule(1, "deny", anyone)])), matters);
  assert.deepEqual(denied(new PrivacyList([rule(1, "allow", anyone, "iq"), rule(2, "deny", anyone)])), [
    "message",
    "presence-in",
    "presence-out",
    "other",
  ]);
});

test("a list is stored without loss", () => {
  const list = new PrivacyList([rule(2, "allow", anyone), rule(1, "deny", { by: "group", value: "A b" }, "message")]);
  assert.deepEqual(copyOfList(list).items, list.items);
});
