import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  arrives,
  presenceFrom,
  presenceWitness,
  pushedItems,
  reachState,
  requestWaits,
  seenState,
} from "#testing/scenario/subscriptions.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import {
  isSubscriptionType,
  receiveSubscription,
  sendSubscription,
  type SubscriptionState,
} from "./subscription-states.ts";
import olderTables from "./tables/older-subscription-states.json" with { type: "json" };
import tables from "./tables/subscription-states.json" with { type: "json" };

// RFC 6121 appendix A, tables 2 to 9. Each cell is a requirement; these say the same of several:
const rules: Readonly<Record<string, readonly string[]>> = {
  "[rfc6121-3.1.3-05]": ["A.3.1-01", "A.3.1-02", "A.3.1-05"],
  "[rfc6121-3.1.3-07] [rfc6121-A.3.1-11]": ["A.3.1-07", "A.3.1-08", "A.3.1-09"],
  "[rfc6121-3.1.6-01] [rfc6121-A.3.3-01]": ["A.3.3-04", "A.3.3-06", "A.3.3-10"],
  "[rfc6121-3.1.6-06]": ["A.3.3-04", "A.3.3-06", "A.3.3-08", "A.3.3-09", "A.3.3-10", "A.3.3-12"],
  "[rfc6121-3.2.2-02]": ["A.2.4-01", "A.2.4-02", "A.2.4-05"],
  "[rfc6121-3.2.3-01] [rfc6121-3.2.3-06] [rfc6121-A.3.4-02]": ["A.3.4-03", "A.3.4-05", "A.3.4-09"],
  "[rfc6121-3.3.3-01] [rfc6121-3.3.3-05] [rfc6121-A.3.2-02]": ["A.3.2-03", "A.3.2-04", "A.3.2-07"],
  "[rfc6121-3.4.2-02]": ["A.2.3-07", "A.2.3-08", "A.2.3-09"],
  "[rfc6121-3.4.2-03]": ["A.2.3-03", "A.2.3-04", "A.2.3-06"],
  "[rfc6121-3.4.2-04] [rfc6121-3.4.2-05]": ["A.2.3-01", "A.2.3-02", "A.2.3-05"],
  "[rfc6121-A.3.2-01] [rfc6121-A.3.2-12]": [5, 6, 8, 9, 10, 11].map((row) => `A.3.2-${String(row).padStart(2, "0")}`),
  "[rfc6121-A.3.3-02]": ["A.3.3-05", "A.3.3-07", "A.3.3-11"],
  "[rfc6121-A.3.3-03]": ["A.3.3-08", "A.3.3-09", "A.3.3-12"],
  "[rfc6121-A.3.4-01]": ["A.3.4-04", "A.3.4-06", "A.3.4-07", "A.3.4-08", "A.3.4-10", "A.3.4-11"],
};

interface Cell {
  readonly name: string;
  readonly outbound: boolean;
  readonly type: string;
  readonly passes: boolean;
  readonly state: string;
  readonly next: string;
  readonly approved: boolean;
  readonly reply: string | undefined;
}

const cells = tables.flatMap(({ table, direction, stanza, rows }) =>
  rows.map((row): Cell => ({
    name: [`table ${table}: ${direction} ${stanza} in state ${row.state} [${row.id}]`, ...rulesOf(row.id)].join(" "),
    outbound: direction === "outbound",
    type: stanza,
    passes: row.pass === "MUST",
    state: row.state,
    next: row.next,
    approved: "approved" in row,
    reply: "reply" in row ? row.reply : undefined,
  })),
);

/** The tables of RFC 3921, which say the same of 51 cells; approving beforehand was not known then. */
const olderCells = olderTables.flatMap(({ table, direction, stanza, rows }) =>
  rows.map((row): Cell => ({
    name: `RFC 3921, table ${table}: ${direction} ${stanza} in state ${row.state}`,
    outbound: direction === "outbound",
    type: stanza,
    passes: row.pass === "yes",
    state: row.state,
    next: row.next,
    approved: "replacedBy" in row,
    reply: "reply" in row ? row.reply : undefined,
  })),
);

function rulesOf(id: string): readonly string[] {
  return Object.entries(rules).flatMap(([ids, rows]) => (rows.some((row) => id === `rfc6121-${row}`) ? [ids] : []));
}

function stateOf(name: string, approved = false): SubscriptionState {
  const [base = "", pending = ""] = name.split(" + ");
  const subscription = ({ None: "none", To: "to", From: "from", Both: "both" } as const)[base];
  assert.ok(subscription !== undefined, name);
  return { subscription, ask: pending.includes("Out"), pendingIn: pending.includes("In"), approved };
}

test("the tables are whole", () => {
  assert.equal(cells.length, 72);
  assert.equal(new Set(cells.map(({ name }) => name)).size, 72);
  assert.equal(olderCells.length, 54);
  assert.equal(olderCells.filter(({ approved }) => approved).length, 3);
  for (const [ids, rows] of Object.entries(rules))
    assert.equal(cells.filter(({ name }) => name.includes(ids)).length, rows.length, ids);
});

describe("every cell of the tables, as a function", () => {
  for (const { name, outbound, type, passes, state, next, approved, reply } of [...cells, ...olderCells])
    test(name, () => {
      assert.ok(isSubscriptionType(type));
      const transition = (outbound ? sendSubscription : receiveSubscription)(type, stateOf(state));
      assert.equal(transition.pass, passes);
      assert.deepEqual(transition.state, stateOf(next, approved));
      assert.equal(transition.reply, reply);
    });
});

describe("what is approved beforehand (RFC 6121 §3.4, S4)", () => {
  for (const state of ["None", "None + Pending Out", "To"]) {
    test(`a request in state ${state} is granted without asking [rfc6121-3.4.2-08] [rfc6121-A.3.1-10]`, () => {
      const { pass, reply, state: after } = receiveSubscription("subscribe", stateOf(state, true));
      assert.deepEqual({ pass, reply }, { pass: false, reply: "subscribed" });
      const granted = state.replace("None", "From").replace("To", "Both");
      assert.deepEqual(after, stateOf(granted, true));
    });
    test(`a denial in state ${state} takes it back and is not routed [rfc6121-3.2.2-03]`, () => {
      const { pass, state: after } = sendSubscription("unsubscribed", stateOf(state, true));
      assert.equal(pass, false);
      assert.deepEqual(after, stateOf(state));
    });
  }
});

const juliet = "juliet@capulet.example";

for (const [contact, tested] of [
  ["romeo@montague.example", [...cells, ...olderCells]],
  ["nurse@capulet.example", cells],
] as const)
  describe(`every cell of the tables, through a whole server, with ${contact}`, () => {
    for (const cell of tested)
      test(cell.name, async () => {
        const { module, arrivals } = presenceWitness();
        await using world = await startWorld({
          accounts: [juliet, contact],
          modules: [...instantMessaging, module],
        });
        const user = await world.login(`${juliet}/balcony`);
        const other = await world.login(`${contact}/orchard`);
        await reachState(user, other, cell.state);
        const before = await seenState(user, contact);
        assert.deepEqual(before, shown(stateOf(cell.state)), "the state before");
        arrivals.length = 0;
        if (cell.outbound) await user.sendText(`<presence type='${cell.type}' to='${contact}/orchard'/>`);
        else await arrives(world, { from: contact, to: juliet, type: cell.type });

        const routed = arrivals.filter(({ at, type }) => at === contact && isSubscriptionType(type));
        if (cell.outbound)
          assert.deepEqual(
            routed.map(({ type }) => type),
            cell.passes ? [cell.type] : [],
          );
        else {
          assert.deepEqual(
            routed.map(({ type }) => type),
            cell.reply === undefined ? [] : [cell.reply],
          );
          assert.equal(presenceFrom(user, contact).includes(cell.type), cell.passes, "delivered");
        }
        assert.ok(
          routed.every(({ from }) => from === juliet),
          "requests and answers come from the bare address",
        );

        const after = shown(stateOf(cell.next, cell.approved));
        const changes = JSON.stringify(after) !== JSON.stringify(before);
        assert.deepEqual(
          pushedItems(user).map((item) => ({
            subscription: item.attr("subscription"),
            ask: item.attr("ask") === "subscribe",
            approved: item.attr("approved") === "true",
          })),
          changes ? [after] : [],
          "pushes",
        );
        if (changes && cell.passes && !cell.outbound) {
          const [first] = user.pending;
          assert.equal(first?.name, "presence", "the reason comes before its effect");
        }
        assert.deepEqual(await seenState(user, contact), after, "the state after");
        assert.equal(await requestWaits(world, juliet, contact), stateOf(cell.next).pendingIn, "pending in");
      });
  });

function shown({ subscription, ask, approved }: SubscriptionState): object {
  return { subscription, ask, approved };
}
