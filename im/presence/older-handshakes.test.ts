import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainOf, parseJid } from "#protocol/jid/jid.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import {
  arrives,
  presenceFrom,
  presenceWitness,
  pushedItems,
  reachState,
  requestWaits,
  seenState,
} from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { receiveSubscription, sendSubscription, type SubscriptionState } from "./subscription-states.ts";

// RFC 3921 §8 tells whole handshakes, step by step; what RFC 6121 changed in them is not asked here.

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const accounts = [juliet, romeo];

interface Scene {
  readonly world: World;
  readonly balcony: ScriptedClient;
  /** Another resource of Juliet's, available and with the roster too. */
  readonly chamber: ScriptedClient;
  readonly orchard: ScriptedClient;
  readonly arrivals: ReturnType<typeof presenceWitness>["arrivals"];
}

async function scene(state: string): Promise<Scene> {
  const { module, arrivals } = presenceWitness();
  const world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  await reachState(balcony, orchard, state);
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq><presence/>");
  for (const client of [balcony, chamber, orchard]) client.ignoreAll();
  arrivals.length = 0;
  return { world, balcony, chamber, orchard, arrivals };
}

/** What arrived at Romeo's account: from which of Juliet's addresses, and its type. */
function routed({ arrivals }: Scene): readonly string[] {
  return arrivals
    .filter(({ at }) => at === romeo)
    .map(({ from, type }) => `${from.slice(juliet.length) || "juliet"} ${type ?? "available"}`);
}

function pushes(client: ScriptedClient): readonly string[] {
  return pushedItems(client).map((item) => `${item.attr("subscription")} ${item.attr("ask") ?? ""}`.trim());
}

const everybodyLeaves = ["/balcony unavailable", "/chamber unavailable"];
const everybodyIsThere = ["/balcony available", "/chamber available"];

const steps: readonly (readonly [
  ids: string,
  type: string,
  state: string,
  routed: readonly string[],
  pushed: string,
])[] = [
  ["[rfc3921-8.2-05]", "subscribe", "None", ["juliet subscribe"], "none subscribe"],
  ["[rfc3921-8.2-14]", "subscribed", "None + Pending In", ["juliet subscribed", ...everybodyIsThere], "from"],
  ["[rfc3921-8.2.1-02]", "unsubscribed", "None + Pending In", ["juliet unsubscribed"], ""],
  ["[rfc3921-8.3-02]", "subscribe", "From", ["juliet subscribe"], "from subscribe"],
  ["[rfc3921-8.3-07]", "subscribed", "To + Pending In", ["juliet subscribed", ...everybodyIsThere], "both"],
  ["[rfc3921-8.3.1-02]", "unsubscribed", "To + Pending In", ["juliet unsubscribed"], ""],
  ["[rfc3921-8.4.1-02]", "unsubscribe", "To", ["juliet unsubscribe"], "none"],
  ["[rfc3921-8.4.2-02]", "unsubscribe", "Both", ["juliet unsubscribe"], "from"],
  ["[rfc3921-8.5.1-02]", "unsubscribed", "From", [...everybodyLeaves, "juliet unsubscribed"], "none"],
  ["[rfc3921-8.5.2-02]", "unsubscribed", "Both", [...everybodyLeaves, "juliet unsubscribed"], "to"],
];

describe("a step of the user's goes out from the account, and is pushed", () => {
  for (const [ids, type, state, expected, pushed] of steps)
    test(`${type} in state ${state} ${ids}`, async () => {
      const on = await scene(state);
      await using _ = on.world;
      await on.balcony.sendText(`<presence type='${type}' from='${juliet}/balcony' to='${romeo}'/>`);
      assert.deepEqual(routed(on), expected);
      for (const client of [on.balcony, on.chamber]) assert.deepEqual(pushes(client), pushed === "" ? [] : [pushed]);
    });
});

const answers: readonly (readonly [
  ids: string,
  type: string,
  state: string,
  heard: readonly string[],
  pushed: string,
  answered: readonly string[],
])[] = [
  ["[rfc3921-8.2-18]", "subscribed", "None + Pending Out", ["subscribed", ""], "to", []],
  ["[rfc3921-8.2.1-04]", "unsubscribed", "None + Pending Out", ["unsubscribed"], "none", []],
  ["[rfc3921-8.3-11]", "subscribed", "From + Pending Out", ["subscribed", ""], "both", []],
  ["[rfc3921-8.3.1-03]", "unsubscribed", "From + Pending Out", ["unsubscribed"], "from", []],
  [
    "[rfc3921-8.4.1-03] [rfc3921-8.4.1-05]",
    "unsubscribe",
    "From",
    ["unsubscribe"],
    "none",
    [...everybodyLeaves, "juliet unsubscribed"],
  ],
  [
    "[rfc3921-8.4.2-03] [rfc3921-8.4.2-05] [rfc3921-8.6-02]",
    "unsubscribe",
    "Both",
    ["unsubscribe"],
    "to",
    [...everybodyLeaves, "juliet unsubscribed"],
  ],
  ["[rfc3921-8.5.1-03] [rfc3921-8.6-03]", "unsubscribed", "To", ["unavailable", "unsubscribed"], "none", []],
  ["[rfc3921-8.5.2-03]", "unsubscribed", "Both", ["unavailable", "unsubscribed"], "from", []],
];

describe("a step of the contact's is delivered to all who are there, pushed, and answered where it has to be", () => {
  for (const [ids, type, state, heard, pushed, answered] of answers)
    test(`${type} in state ${state} ${ids}`, async () => {
      const on = await scene(state);
      await using _ = on.world;
      await on.orchard.sendText(`<presence type='${type}' to='${juliet}'/>`);
      for (const client of [on.balcony, on.chamber]) {
        assert.deepEqual(presenceFrom(client, romeo), heard);
        assert.deepEqual(pushes(client), [pushed]);
      }
      assert.deepEqual(routed(on), answered);
      // Who was away finds it in the roster.
      const later = await on.world.login(`${juliet}/later`);
      assert.equal((await seenState(later, romeo)).subscription, pushed);
    });
});

for (const [ids, type] of [
  ["[rfc3921-8.2-09] [rfc3921-8.3-03]", "subscribe"],
  ["[rfc3921-8.2-15] [rfc3921-8.3-08]", "subscribed"],
] as const)
  test(`an error to ${type} is shown to the user's resources ${ids}`, async () => {
    const on = await scene(type === "subscribe" ? "None" : "None + Pending In");
    await using _ = on.world;
    await on.balcony.sendText(`<presence type='${type}' id='s' to='${romeo}'/>`);
    for (const client of [on.balcony, on.chamber]) client.ignoreAll();
    const [from, to] = [parseJid(romeo), parseJid(juliet)];
    assert.ok(from !== undefined && to !== undefined);
    const error = parseElement(
      `<presence type='error' id='s' from='${romeo}' to='${juliet}'><error type='wait'>` +
        "<remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    );
    on.world.core.hosts.get(domainOf(to))?.route(stanzaOf("presence", error, from, to));
    await on.world.settle();
    for (const client of [on.balcony, on.chamber]) assert.deepEqual(presenceFrom(client, romeo), ["error"]);
  });

test("who is asked without having been added gets an item without name and group [rfc3921-8.2-06]", async () => {
  await using world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  await balcony.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  balcony.ignoreAll();
  await balcony.sendText(`<presence type='subscribe' to='${romeo}'/>`);
  balcony.receives(
    `<iq type='set' id='{any}' to='${juliet}/balcony'><query xmlns='jabber:iq:roster' ver='{any}'>` +
      `<item jid='${romeo}' subscription='none' ask='subscribe'/></query></iq>`,
  );
});

test("an item that is set is pushed with subscription none to all who asked, and answered [rfc3921-8.2-03]", async () => {
  await using world = await startWorld({ accounts });
  const clients = [await world.login(`${juliet}/balcony`), await world.login(`${juliet}/chamber`)] as const;
  for (const client of clients) {
    await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq><presence/>");
    client.ignoreAll();
  }
  for (const client of clients) client.ignoreAll();
  await clients[0].sendText(
    `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${romeo}' name='R'/></query></iq>`,
  );
  for (const client of clients) assert.deepEqual(pushes(client), ["none"]);
  assert.equal(clients[0].pending.find((stanza) => stanza.attr("id") === "s")?.attr("type"), "result");
});

test("a request that is denied leaves nothing in the roster [rfc3921-8.2.1-03]", async () => {
  await using world = await startWorld({ accounts });
  await arrives(world, { from: romeo, to: juliet, type: "subscribe" });
  const balcony = await world.login(`${juliet}/balcony`);
  await balcony.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
  assert.equal((await seenState(balcony, romeo)).subscription, undefined);
  assert.equal(await requestWaits(world, juliet, romeo), false);
});

test("a resource that sent no presence is shown no request, though it has the roster [rfc3921-5.1.6-05]", async () => {
  await using world = await startWorld({ accounts });
  const silent = await world.login(`${juliet}/silent`);
  await silent.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  silent.ignoreAll();
  await arrives(world, { from: romeo, to: juliet, type: "subscribe" });
  silent.receivesNothing();
  await silent.sendText("<presence/>");
  assert.ok(presenceFrom(silent, romeo).includes("subscribe"), "now it is available");
});

test("who is removed sees everybody leave, and both subscriptions end [rfc3921-8.6-01]", async () => {
  const on = await scene("Both");
  await using _ = on.world;
  const item = `<item jid='${romeo}' subscription='remove'/>`;
  await on.balcony.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
  assert.deepEqual(
    routed(on).filter((each) => !each.startsWith("juliet unsubscribed")),
    ["juliet unsubscribe", ...everybodyLeaves],
  );
  assert.ok(routed(on).includes("juliet unsubscribed"));
  assert.equal(on.balcony.pending.find((stanza) => stanza.attr("id") === "s")?.attr("type"), "result");
  for (const client of [on.balcony, on.chamber]) assert.deepEqual(pushes(client), ["remove"]);
  assert.equal((await seenState(on.chamber, romeo)).subscription, undefined);
});

// RFC 3921 §9.2, §9.3, in each of the nine states.
const bases = ["none", "to", "from", "both"] as const;
const states: readonly SubscriptionState[] = bases
  .flatMap((subscription) =>
    [false, true].flatMap((ask) =>
      [false, true].map((pendingIn): SubscriptionState => ({ subscription, ask, pendingIn, approved: false })),
    ),
  )
  .filter(
    ({ subscription, ask, pendingIn }) =>
      !(ask && (subscription === "to" || subscription === "both")) &&
      !(pendingIn && (subscription === "from" || subscription === "both")),
  );

function named({ subscription, ask, pendingIn }: SubscriptionState): string {
  return `${subscription}${ask ? ", asked" : ""}${pendingIn ? ", is asked" : ""}`;
}

test("there are nine states", () => assert.equal(new Set(states.map(named)).size, 9));

for (const state of states) {
  for (const type of ["subscribe", "unsubscribe"] as const)
    test(`${type} always goes out: ${named(state)} [rfc3921-9.2-01]`, () =>
      assert.equal(sendSubscription(type, state).pass, true));

  for (const type of ["subscribed", "unsubscribed"] as const) {
    const { subscription, pendingIn } = state;
    const seesUser = subscription === "from" || subscription === "both";
    const changes = pendingIn || (type === "unsubscribed" && seesUser);
    test(`${type} goes out ${changes ? "with" : "only with"} a change: ${named(state)} ${changes ? "[rfc3921-9.2-03]" : "[rfc3921-9.2-02]"}`, () => {
      const { pass, state: after } = sendSubscription(type, state);
      assert.equal(pass, changes);
      assert.equal(named(after) !== named(state), changes);
      // Who is let in already is not let in beforehand as well.
      if (seesUser && !changes) assert.deepEqual(after, state);
    });
  }

  const waits = state.pendingIn;
  const letIn = state.subscription === "from" || state.subscription === "both";
  test(`a request is ${waits || letIn ? "not shown" : "shown"}: ${named(state)} [rfc3921-9.3-01]`, () => {
    assert.equal(receiveSubscription("subscribe", state).pass, !waits && !letIn);
  });
}
