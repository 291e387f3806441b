import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { arrives, presenceFrom, presenceWitness, pushedItems, reachState } from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const nurse = "nurse@capulet.example";
const accounts = [juliet, romeo, nurse];

/** What each of Juliet's devices knows of: all of it, roster only, presence only. */
interface Scene {
  readonly world: World;
  readonly balcony: ScriptedClient;
  readonly follower: ScriptedClient;
  readonly onlooker: ScriptedClient;
  readonly other: ScriptedClient;
  readonly arrivals: ReturnType<typeof presenceWitness>["arrivals"];
}

async function scene(contact: string, state: string): Promise<Scene> {
  const { module, arrivals } = presenceWitness();
  const world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const balcony = await world.login(`${juliet}/balcony`);
  const other = await world.login(`${contact}/orchard`);
  await reachState(balcony, other, state);
  const follower = await world.login(`${juliet}/follower`);
  await follower.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  const onlooker = await world.login(`${juliet}/onlooker`);
  await onlooker.sendText("<presence/>");
  for (const client of [balcony, follower, onlooker, other]) client.ignoreAll();
  arrivals.length = 0;
  return { world, balcony, follower, onlooker, other, arrivals };
}

interface Sent {
  readonly ids: string;
  readonly type: string;
  readonly state: string;
  /** What arrives at the contact's account: which of Juliet's addresses, and the type. */
  readonly routed: readonly string[];
  /** The roster push: subscription, and what else is noted. */
  readonly pushed: string;
}

const sent: readonly Sent[] = [
  {
    ids: "[rfc6121-3.1.2-01] [rfc6121-3.1.2-05] [rfc6121-3.1.2-07] [rfc6121-3.1.2-09] [rfc6121-2.1.2.2-01]",
    type: "subscribe",
    state: "None",
    routed: [`${juliet} subscribe`],
    pushed: "none subscribe",
  },
  {
    ids: "[rfc6121-3.1.5-01] [rfc6121-3.1.5-02] [rfc6121-3.1.5-03]",
    type: "subscribed",
    state: "None + Pending In",
    routed: [`${juliet} subscribed`, `${juliet}/balcony available`, `${juliet}/onlooker available`],
    pushed: "from",
  },
  {
    ids: "[rfc6121-3.2.2-01] [rfc6121-3.2.2-04] [rfc6121-3.2.2-07]",
    type: "unsubscribed",
    state: "From",
    routed: [`${juliet}/balcony unavailable`, `${juliet}/onlooker unavailable`, `${juliet} unsubscribed`],
    pushed: "none",
  },
  {
    ids: "[rfc6121-3.2.2-04] [rfc6121-3.2.2-07]",
    type: "unsubscribed",
    state: "Both",
    routed: [`${juliet}/balcony unavailable`, `${juliet}/onlooker unavailable`, `${juliet} unsubscribed`],
    pushed: "to",
  },
  {
    ids: "[rfc6121-3.3.2-01] [rfc6121-3.3.2-02] [rfc6121-3.3.2-04] [rfc6121-3.3.2-05]",
    type: "unsubscribe",
    state: "To",
    routed: [`${juliet} unsubscribe`],
    pushed: "none",
  },
  { ids: "[rfc6121-3.3.2-05]", type: "unsubscribe", state: "Both", routed: [`${juliet} unsubscribe`], pushed: "from" },
  {
    ids: "[rfc6121-3.4.2-01] [rfc6121-3.4.2-04] [rfc6121-3.4.2-05] [rfc6121-3.4-01] [rfc6121-2.1.2.1-01]",
    type: "subscribed",
    state: "None",
    routed: [],
    pushed: "none approved",
  },
];

for (const contact of [romeo, nurse])
  describe(`what a user sends to ${contact}, in which order it arrives, and who is pushed what`, () => {
    for (const { ids, type, state, routed, pushed } of sent)
      test(`${type} in state ${state} ${ids}`, async () => {
        const { world, balcony, follower, onlooker, arrivals } = await scene(contact, state);
        await using _ = world;
        await balcony.sendText(`<presence type='${type}' to='${contact}' id='s'/>`);
        assert.deepEqual(
          arrivals.filter(({ at }) => at === contact).map((each) => `${each.from} ${each.type ?? "available"}`),
          routed,
        );
        for (const client of [balcony, follower]) assert.deepEqual(shownItems(client), [pushed], client.jid);
        assert.deepEqual(shownItems(onlooker), []);
      });
  });

const received = [
  { ids: "[rfc6121-3.1.6-02] [rfc6121-3.1.6-03]", type: "subscribed", state: "None + Pending Out", pushed: "to" },
  { ids: "[rfc6121-3.2.3-02] [rfc6121-3.2.3-03]", type: "unsubscribed", state: "To", pushed: "none" },
  { ids: "[rfc6121-3.3.3-02] [rfc6121-3.3.3-03]", type: "unsubscribe", state: "From", pushed: "none" },
] as const;

describe("what a contact sends is delivered to all who follow the roster, and then pushed", () => {
  for (const { ids, type, state, pushed } of received)
    test(`${type} in state ${state} ${ids}`, async () => {
      const { world, balcony, follower, onlooker } = await scene(romeo, state);
      await using _ = world;
      await arrives(world, { from: romeo, to: juliet, type });
      for (const client of [balcony, follower]) {
        assert.deepEqual(
          client.pending.slice(0, 2).map((each) => `${each.name} ${each.attr("type") ?? ""}`),
          [`presence ${type}`, "iq set"],
          client.jid,
        );
        assert.deepEqual(shownItems(client), [pushed]);
      }
      assert.ok(!presenceFrom(onlooker, romeo).includes(type));
      assert.deepEqual(shownItems(onlooker), []);
    });
});

/** That somebody asks lists nobody, and that a contact is listed says nothing about what was asked. */
for (const listed of [false, true])
  test(`a request by one who is ${listed ? "" : "not "}in the roster waits, and changes nothing in the roster [rfc6121-A.1-01] [rfc6121-3.1.3-04] [rfc6121-3.1.3-13]`, async () => {
    const { world, balcony } = await scene(nurse, "None");
    await using _ = world;
    if (listed) {
      const item = `<item jid='${romeo}' name='Romeo'/>`;
      await balcony.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
      balcony.ignoreAll();
    }
    await arrives(world, { from: romeo, to: juliet, type: "subscribe" });
    balcony.receives(`<presence type='subscribe' from='${romeo}' to='${juliet}'/>`);
    balcony.receivesNothing();
    await balcony.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    const items = balcony.next().child("jabber:iq:roster", "query")?.elements() ?? [];
    assert.deepEqual(
      items.flatMap((item) => (item.attr("jid") === romeo ? [item.attr("name"), item.attr("subscription")] : [])),
      listed ? ["Romeo", "none"] : [],
    );
    const later = await world.login(`${juliet}/later`);
    await later.sendText("<presence/>");
    assert.ok(presenceFrom(later, romeo).includes("subscribe"));
    balcony.ignoreAll();
    await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    assert.deepEqual(shownItems(balcony), ["from"]);
  });

function shownItems(client: ScriptedClient): readonly string[] {
  return pushedItems(client).map((item) =>
    [item.attr("subscription"), item.attr("ask"), item.attr("approved") === "true" ? "approved" : undefined]
      .filter((word) => word !== undefined)
      .join(" "),
  );
}
