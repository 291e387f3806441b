import { test } from "node:test";
import assert from "node:assert/strict";
import type { XmlElement } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { presenceWitness } from "#testing/scenario/subscriptions.ts";
import { serverModules } from "#server/modules.generated.ts";
import { Query, List, Item } from "./elements.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const nurseJid = "nurse@capulet.example";
const accounts = [romeoJid, julietJid, nurseJid];
const stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";
const denyAll = "<item action='deny' order='1'/>";

async function ask(client: ScriptedClient, type: "get" | "set", children: string): Promise<XmlElement> {
  client.ignoreAll();
  await client.sendText(`<iq type='${type}' id='q'><query xmlns='jabber:iq:privacy'>${children}</query></iq>`);
  const found = client.pending.find((stanza) => stanza.attr("id") === "q");
  assert.ok(found !== undefined, "an answer");
  return found;
}

/** Carries a change out, and forgets what comes of it. */
async function change(client: ScriptedClient, children: string): Promise<void> {
  assert.equal((await ask(client, "set", children)).attr("type"), "result", children);
  client.ignoreAll();
}

function conditionOf(answer: XmlElement): string | undefined {
  return answer
    .child("jabber:client", "error")
    ?.elements()
    .find(({ ns }) => ns === stanzas)?.name;
}

/** Makes a list and applies it. */
async function apply(client: ScriptedClient, as: "active" | "default", items: string, name = "l"): Promise<void> {
  await change(client, `<list name='${name}'>${items}</list>`);
  await change(client, `<${as} name='${name}'/>`);
}

/** Romeo and Juliet see each other's presence; Romeo is in Juliet's group "Lovers". */
async function contacts(world: World): Promise<{ readonly romeo: ScriptedClient; readonly juliet: ScriptedClient }> {
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  for (const client of [romeo, juliet]) await client.sendText("<presence/>");
  await romeo.sendText(`<presence type='subscribe' to='${julietJid}'/>`);
  await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/><presence type='subscribe' to='${romeoJid}'/>`);
  await romeo.sendText(`<presence type='subscribed' to='${julietJid}'/>`);
  await juliet.sendText(
    `<iq type='set' id='g'><query xmlns='jabber:iq:roster'><item jid='${romeoJid}'><group>Lovers</group></item></query></iq>`,
  );
  romeo.ignoreAll();
  juliet.ignoreAll();
  return { romeo, juliet };
}

test("the rules of the specification's examples are read and written without loss", () => {
  for (const text of [
    "<list xmlns='jabber:iq:privacy' name='public'><item type='jid' value='tybalt@example.com' action='deny' order='1'/><item action='allow' order='2'/></list>",
    "<list xmlns='jabber:iq:privacy' name='g'><item type='group' value='Enemies' action='deny' order='4'><message/><iq/><presence-in/><presence-out/></item></list>",
  ]) {
    const element = parseElement(text);
    const built = List.build(List.parse(element));
    assert.equal(serialize(built, ""), serialize(element, ""));
    assert.ok(Query.is(Query.build({ children: [built] })));
    assert.ok(List.parse(element).items.every((item) => item.order > 0 && Item.build(item).name === "item"));
  }
});

test("lists are made, named, read, changed and removed; every client hears of it by name [rfc3921-10.1-01] [rfc3921-10.2-08] [rfc3921-10.7-01]", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  const rules =
    "<item type='jid' value='tybalt@example.com' action='deny' order='3'><message/></item><item action='allow' order='68'/>";
  await juliet.sendText(
    `<iq type='set' id='q'><query xmlns='jabber:iq:privacy'><list name='public'>${rules}</list></query></iq>`,
  );
  for (const [client, resource] of [
    [juliet, "balcony"],
    [chamber, "chamber"],
  ] as const)
    client.receives(
      `<iq type='set' id='{any}' to='${julietJid}/${resource}'><query xmlns='jabber:iq:privacy'><list name='public'/></query></iq>`,
    );
  juliet.receives(`<iq type='result' id='q' to='${julietJid}/balcony'/>`);
  await change(juliet, `<list name='special'>${denyAll}</list>`);
  await change(juliet, "<active name='special'/>");
  await change(juliet, "<default name='public'/>");

  const named = await ask(juliet, "get", "");
  assert.equal(
    serialize(named.firstElement ?? named),
    "<query xmlns='jabber:iq:privacy'><active name='special'/><default name='public'/><list name='public'/><list name='special'/></query>",
  );
  const read = await ask(chamber, "get", "<list name='public'/>");
  assert.equal(
    serialize(read.firstElement ?? read),
    serialize(parseElement(`<query xmlns='jabber:iq:privacy'><list name='public'>${rules}</list></query>`)),
  );
  await change(juliet, "<list name='special'/>");
  const left = await ask(juliet, "get", "");
  assert.equal(left.firstElement?.child("jabber:iq:privacy", "active"), undefined);
  assert.equal(left.firstElement?.elements().length, 2);
});

const refusals: readonly (readonly [name: string, type: "get" | "set", children: string, condition: string])[] = [
  ["to read a list that is not there [rfc3921-10.3-01]", "get", "<list name='The Empty Set'/>", "item-not-found"],
  ["to read two lists [rfc3921-10.3-02]", "get", "<list name='a'/><list name='b'/>", "bad-request"],
  ["to activate a list that is not there [rfc3921-10.4-03]", "set", "<active name='The Empty Set'/>", "item-not-found"],
  [
    "to make a list that is not there the default [rfc3921-10.5-03]",
    "set",
    "<default name='The Empty Set'/>",
    "item-not-found",
  ],
  ["to remove a list that is not there [rfc3921-10.8-03]", "set", "<list name='The Empty Set'/>", "item-not-found"],
  ["to remove two lists [rfc3921-10.8-04]", "set", "<list name='a'/><list name='b'/>", "bad-request"],
  ["to do nothing", "set", "", "bad-request"],
  ["two changes at once [rfc3921-10.1-10]", "set", "<active/><default/>", "bad-request"],
  ["two rules in one place [rfc3921-10.1-08]", "set", `<list name='a'>${denyAll}${denyAll}</list>`, "bad-request"],
  ["a rule without a place [rfc3921-10.1-08]", "set", "<list name='a'><item action='deny'/></list>", "bad-request"],
  [
    "a rule before the first place [rfc3921-10.1-08]",
    "set",
    "<list name='a'><item action='deny' order='-1'/></list>",
    "bad-request",
  ],
  ["a rule without an action [rfc3921-10.1-07]", "set", "<list name='a'><item order='1'/></list>", "bad-request"],
  [
    "an action that is none [rfc3921-10.1-07]",
    "set",
    "<list name='a'><item order='1' action='maybe'/></list>",
    "bad-request",
  ],
  [
    "a rule about what is no address [rfc3921-10.1-02]",
    "set",
    "<list name='a'><item type='jid' value='@' action='deny' order='1'/></list>",
    "jid-malformed",
  ],
  [
    "a rule about an address that is missing [rfc3921-10.1-02]",
    "set",
    "<list name='a'><item type='jid' action='deny' order='1'/></list>",
    "bad-request",
  ],
  [
    "a group that is not in the roster [rfc3921-10.1-05]",
    "set",
    "<list name='a'><item type='group' value='Foes' action='deny' order='1'/></list>",
    "item-not-found",
  ],
  [
    "a state of subscription that is none [rfc3921-10.1-06]",
    "set",
    "<list name='a'><item type='subscription' value='remove' action='deny' order='1'/></list>",
    "bad-request",
  ],
  ["a list without a name", "set", `<list>${denyAll}</list>`, "bad-request"],
  ["a list with an empty name", "set", `<list name=''>${denyAll}</list>`, "bad-request"],
  ["a list with a name beyond the bound", "set", `<list name='${"n".repeat(129)}'>${denyAll}</list>`, "bad-request"],
  [
    "more rules than the bound (A15)",
    "set",
    "<list name='a'><item action='deny' order='1'/><item action='deny' order='2'/><item action='deny' order='3'/></list>",
    "resource-constraint",
  ],
  ["more lists than the bound (A15)", "set", `<list name='third'>${denyAll}</list>`, "resource-constraint"],
];

for (const [name, type, children, condition] of refusals)
  test(`${type === "get" ? "it cannot be asked" : "it is refused, and changes nothing"}: ${name}`, async () => {
    await using world = await startWorld({
      accounts,
      options: { "privacy-lists.lists_max": 2, "privacy-lists.items_max": 2 },
    });
    const juliet = await world.login(`${julietJid}/balcony`);
    for (const list of ["a", "b"]) await change(juliet, `<list name='${list}'>${denyAll}</list>`);
    const before = serialize((await ask(juliet, "get", "")).firstElement ?? juliet.next());
    assert.equal(conditionOf(await ask(juliet, type, children)), condition);
    assert.equal(serialize((await ask(juliet, "get", "")).firstElement ?? juliet.next()), before);
  });

test("nobody reads or writes somebody else's lists", async () => {
  await using world = await startWorld({ accounts });
  const romeo = await world.login(`${romeoJid}/orchard`);
  for (const type of ["get", "set"]) {
    await romeo.sendText(
      `<iq type='${type}' id='x' to='${julietJid}'><query xmlns='jabber:iq:privacy'><active/></query></iq>`,
    );
    assert.equal(conditionOf(romeo.next()), "service-unavailable");
  }
});

test("what applies to another client is neither removed nor replaced as default [rfc3921-10.2-10] [rfc3921-10.5-02] [rfc3921-10.5-05] [rfc3921-10.8-02]", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  await change(juliet, `<list name='a'>${denyAll}</list>`);
  await change(juliet, `<list name='b'>${denyAll}</list>`);
  await change(juliet, "<default name='a'/>");
  const chamber = await world.login(`${julietJid}/chamber`);
  // The default list applies to the other client.
  for (const children of ["<default name='b'/>", "<default/>", "<list name='a'/>"])
    assert.equal(conditionOf(await ask(juliet, "set", children)), "conflict", children);
  await change(juliet, "<default name='a'/>");
  // An active list takes its place there; now that one must stay.
  await change(chamber, "<active name='b'/>");
  assert.equal(conditionOf(await ask(juliet, "set", "<list name='b'/>")), "conflict");
  await change(juliet, "<default/>");
  await change(juliet, "<list name='a'/>");
  await chamber.close();
  await world.advance(60_000);
  await change(juliet, "<list name='b'/>");
});

const heard = [
  ["message", `<message to='${julietJid}/balcony' type='chat' id='1'><body>Hi</body></message>`],
  ["iq", `<iq to='${julietJid}/balcony' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>`],
  ["presence-in", "<presence><show>away</show></presence>"],
] as const;

const limits: readonly (readonly [kinds: string, stopped: readonly string[]])[] = [
  ["<message/>", ["message"]],
  ["<iq/>", ["iq"]],
  ["<presence-in/>", ["presence-in"]],
  ["<presence-out/>", []],
  ["<message/><iq/>", ["message", "iq"]],
  ["", ["message", "iq", "presence-in", "subscription"]],
];

const parties = [
  `type='jid' value='${romeoJid}'`,
  "type='group' value='Lovers'",
  "type='subscription' value='both'",
  "",
] as const;

for (const as of ["active", "default"] as const)
  for (const [kinds, stopped] of limits)
    test(`a rule against ${kinds === "" ? "everything" : kinds} in the ${as} list stops ${stopped.join(", ") || "nothing that arrives"}${kinds === "" ? " [rfc3921-10.2-03] [rfc3921-11.1-01] [rfc3921-14-01]" : " [rfc3921-10.1-09]"}`, async () => {
      await using world = await startWorld({ accounts });
      const { romeo, juliet } = await contacts(world);
      for (const party of parties) {
        await apply(juliet, as, `<item ${party} action='deny' order='1'>${kinds}</item>`);
        for (const [kind, sent] of heard) {
          juliet.ignoreAll();
          await romeo.sendText(sent);
          assert.equal(juliet.pending.length, stopped.includes(kind) ? 0 : 1, `${kind} by ${party}`);
        }
        if (as === "default") await change(juliet, "<default/>");
      }
      await apply(juliet, as, `<item action='deny' order='1'>${kinds}</item>`);
      const nurse = await world.login(`${nurseJid}/door`);
      await nurse.sendText(`<presence type='subscribe' to='${julietJid}'/>`);
      assert.equal(juliet.pending.length > 0, !stopped.includes("subscription"));
    });

test("a later allowance does not help, an earlier one does, and a change of the list counts at once [rfc3921-10.2-05] [rfc3921-10.2-06]", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await apply(
    juliet,
    "default",
    `<item action='deny' order='1'/><item type='jid' value='${romeoJid}' action='allow' order='2'/>`,
  );
  await romeo.sendText(heard[0][1]);
  assert.equal(conditionOf(romeo.next()), undefined, "presence of Juliet's leaving");
  assert.equal(conditionOf(romeo.next()), "service-unavailable");
  await change(
    juliet,
    `<list name='l'><item action='deny' order='3'/><item type='jid' value='${romeoJid}' action='allow' order='2'/></list>`,
  );
  await romeo.sendText(heard[0][1]);
  assert.equal(juliet.pending.filter(({ name }) => name === "message").length, 1);
});

test("an active list applies in place of the default one, to its session alone and no longer than that [rfc3921-10.2-01]", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  const chamber = await world.login(`${julietJid}/chamber`);
  await chamber.sendText("<presence><priority>5</priority></presence>");
  await change(juliet, "<list name='all'><item action='allow' order='1'/></list>");
  await change(juliet, `<list name='none'>${denyAll}</list>`);
  await change(juliet, "<default name='none'/>");
  await change(chamber, "<active name='all'/>");
  juliet.ignoreAll();
  romeo.ignoreAll();
  const say = (to: string): Promise<void> =>
    romeo.sendText(`<message to='${to}' type='chat' id='1'><body>Hi</body></message>`);
  await say(`${julietJid}/balcony`);
  assert.equal(conditionOf(romeo.next()), "service-unavailable");
  await say(`${julietJid}/chamber`);
  assert.equal(chamber.next().name, "message");
  // To the account: to whom it would go, by that one's list.
  await say(julietJid);
  assert.equal(chamber.next().name, "message");
  juliet.receivesNothing();
  await romeo.sendText("<presence><show>away</show></presence>");
  assert.equal(chamber.next().name, "presence");
  juliet.receivesNothing();

  await chamber.close();
  const again = await world.login(`${julietJid}/chamber`);
  await again.sendText("<presence/>");
  again.ignoreAll();
  romeo.ignoreAll();
  await say(`${julietJid}/chamber`);
  assert.equal(conditionOf(romeo.next()), "service-unavailable");
});

test("where nobody is connected the default list applies", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await apply(juliet, "default", "<item action='deny' order='1'><message/></item>");
  await juliet.close();
  await world.advance(60_000);
  romeo.ignoreAll();
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='1'><body>Hi</body></message>`);
  assert.equal(conditionOf(romeo.next()), "service-unavailable");
});

test("a change of the roster counts at once [rfc3921-10.2-07]", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await apply(juliet, "default", "<item type='group' value='Lovers' action='deny' order='1'><message/></item>");
  const say = async (): Promise<number> => {
    juliet.ignoreAll();
    await romeo.sendText(heard[0][1]);
    return juliet.pending.length;
  };
  assert.equal(await say(), 0);
  await juliet.sendText(
    `<iq type='set' id='g'><query xmlns='jabber:iq:roster'><item jid='${romeoJid}'><group>Husbands</group></item></query></iq>`,
  );
  assert.equal(await say(), 1);
});

test("presence that is not to be seen is followed by farewell, and shown again later", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await apply(juliet, "active", "<item action='deny' order='1'><presence-out/></item>");
  romeo.receives(`<presence type='unavailable' from='${julietJid}/balcony' to='${romeoJid}'/>`);
  await juliet.sendText("<presence><show>chat</show></presence>");
  romeo.receivesNothing();
  // Only presence is held back, and no block list says so.
  await juliet.sendText(`<message to='${romeoJid}/orchard' type='chat'><body>Psst</body></message>`);
  assert.equal(romeo.next().name, "message");
  juliet.ignoreAll();
  await juliet.sendText(`<presence to='${romeoJid}/orchard' id='d'/>`);
  const refused = juliet.next();
  assert.equal(conditionOf(refused), "not-acceptable");
  assert.equal(refused.child("jabber:client", "error")?.elements().length, 1);
  await change(juliet, "<active/>");
  romeo.receives(`<presence from='${julietJid}/balcony' to='${romeoJid}'><show>chat</show></presence>`);
});

test("a contact that is not to be seen leaves, and is asked again when it may be", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await change(juliet, "<list name='l'><item action='deny' order='1'><presence-in/></item></list>");
  await juliet.sendText("<iq type='set' id='q'><query xmlns='jabber:iq:privacy'><active name='l'/></query></iq>");
  juliet.receives(`<presence type='unavailable' from='${romeoJid}' to='${julietJid}/balcony'/>`);
  assert.equal(juliet.next().attr("type"), "result");
  await romeo.sendText("<presence><show>away</show></presence>");
  juliet.receivesNothing();
  await juliet.sendText("<iq type='set' id='q'><query xmlns='jabber:iq:privacy'><active/></query></iq>");
  assert.equal(juliet.next().attr("type"), "result");
  juliet.receives(`<presence from='${romeoJid}/orchard' to='${julietJid}'><show>away</show></presence>`);
});

for (const applies of [false, true])
  test(`where no ${applies ? "rule fits" : "list applies"} everything arrives [rfc3921-10.2-02]`, async () => {
    await using world = await startWorld({ accounts });
    const { romeo, juliet } = await contacts(world);
    await change(juliet, `<list name='l'>${denyAll}</list>`);
    if (applies) await apply(juliet, "default", `<item type='jid' value='${nurseJid}' action='deny' order='1'/>`, "m");
    for (const [kind, sent] of heard) {
      await romeo.sendText(sent);
      assert.equal(juliet.pending.length, 1, kind);
      juliet.ignoreAll();
    }
  });

test("a list applies when its result is told, and every edit is told to all clients [rfc3921-10.4-02] [rfc3921-10.6-04]", async () => {
  await using world = await startWorld({ accounts });
  const { juliet } = await contacts(world);
  const chamber = await world.login(`${julietJid}/chamber`);
  await change(juliet, `<list name='l'>${denyAll}</list>`);
  chamber.ignoreAll();
  await juliet.sendText(
    "<iq type='set' id='a'><query xmlns='jabber:iq:privacy'><active name='l'/></query></iq>" +
      `<message to='${romeoJid}' id='m'><body>Hi</body></message>`,
  );
  // The farewell that hides Romeo comes first: the list applies already.
  assert.deepEqual(
    juliet.pending.map((stanza) => stanza.attr("id") ?? stanza.attr("type")),
    ["unavailable", "a", "m"],
  );
  assert.equal(conditionOf(juliet.pending.at(-1) ?? juliet.next()), "not-acceptable");
  await change(juliet, "<list name='l'><item action='allow' order='1'/></list>");
  chamber.receives(
    `<iq type='set' id='{any}' to='${julietJid}/chamber'><query xmlns='jabber:iq:privacy'><list name='l'/></query></iq>`,
  );
});

test("who is blocked gets service-unavailable to requests, and nothing to answers [rfc3921-10.14-02] [rfc3921-10.14-03]", async () => {
  await using world = await startWorld({ accounts });
  const { romeo, juliet } = await contacts(world);
  await apply(juliet, "default", `<item type='jid' value='${romeoJid}' action='deny' order='1'/>`);
  romeo.ignoreAll();
  for (const type of ["get", "set"]) {
    await romeo.sendText(`<iq type='${type}' id='1' to='${julietJid}/balcony'><q xmlns='urn:example'/></iq>`);
    assert.equal(conditionOf(romeo.next()), "service-unavailable");
  }
  await romeo.sendText(
    `<iq type='result' id='1' to='${julietJid}/balcony'/>` +
      `<iq type='error' id='1' to='${julietJid}/balcony'><error type='cancel'/></iq>`,
  );
  romeo.receivesNothing();
  juliet.receivesNothing();
});

for (const as of ["active", "default"] as const)
  test(`who is not to see presence is sent neither the first nor later nor the last: ${as} list [rfc3921-5.1.1-05]`, async () => {
    await using world = await startWorld({ accounts });
    const { romeo, juliet } = await contacts(world);
    await juliet.sendText("<presence type='unavailable'/>");
    await apply(juliet, as, "<item action='deny' order='1'><presence-out/></item>");
    romeo.ignoreAll();
    for (const presence of ["<presence/>", "<presence><show>away</show></presence>", "<presence type='unavailable'/>"])
      await juliet.sendText(presence);
    romeo.receivesNothing();
  });

test("who is not to be heard is not asked for presence [rfc3921-5.1.1-04]", async () => {
  const { module, arrivals } = presenceWitness();
  await using world = await startWorld({ accounts, modules: [...serverModules, module] });
  const { juliet } = await contacts(world);
  const probesAtLogin = async (): Promise<number> => {
    await juliet.sendText("<presence type='unavailable'/>");
    arrivals.length = 0;
    await juliet.sendText("<presence/>");
    return arrivals.filter(({ at, type }) => at === romeoJid && type === "probe").length;
  };
  assert.equal(await probesAtLogin(), 1);
  await apply(juliet, "default", "<item action='deny' order='1'><presence-in/></item>");
  assert.equal(await probesAtLogin(), 0);
});

for (const away of [false, true])
  test(`who is blocked from seeing presence gets no answer to a probe${away ? ", also while nobody is there" : ""} [rfc3921-5.1.3-05]`, async () => {
    await using world = await startWorld({ accounts });
    const { romeo, juliet } = await contacts(world);
    const probe = async (to: string): Promise<void> => {
      romeo.ignoreAll();
      await romeo.sendText(`<presence type='probe' to='${to}'/>`);
    };
    await probe(julietJid);
    assert.equal(romeo.next().name, "presence", "asked by one who may see");
    await apply(
      juliet,
      "default",
      `<item type='jid' value='${romeoJid}' action='deny' order='1'><presence-out/></item>`,
    );
    if (away) await juliet.sendText("<presence type='unavailable'/>");
    for (const to of [julietJid, `${julietJid}/balcony`]) {
      await probe(to);
      romeo.receivesNothing();
    }
  });

test("nothing comes between a user's own clients", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  await apply(juliet, "default", denyAll);
  await chamber.sendText("<presence/>");
  juliet.ignoreAll();
  await chamber.sendText(heard[0][1]);
  assert.equal(juliet.next().attr("from"), `${julietJid}/chamber`);
});

test("the block list is the denied addresses of the default list, and both faces see each other's changes", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  const blocklist = async (): Promise<readonly string[]> => {
    await chamber.sendText("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
    return (chamber.next().firstElement?.elements() ?? []).map((item) => item.attr("jid") ?? "");
  };
  assert.deepEqual(await blocklist(), []);
  await change(
    juliet,
    `<list name='l'><item type='jid' value='${romeoJid}' action='deny' order='5'/>` +
      "<item type='jid' value='a@b.example' action='deny' order='6'><message/></item>" +
      "<item type='jid' value='c@d.example' action='allow' order='7'/><item action='allow' order='9'/></list>",
  );
  chamber.ignoreAll();
  await change(juliet, "<default name='l'/>");
  chamber.receives(
    `<iq type='set' id='{any}' to='${julietJid}/chamber'><block xmlns='urn:xmpp:blocking'><item jid='${romeoJid}'/></block></iq>`,
  );
  assert.deepEqual(await blocklist(), [romeoJid]);

  // A client that knows of lists hears that its list has changed; the other one has never asked for any.
  await chamber.sendText(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='${nurseJid}'/></block></iq>`,
  );
  juliet.receives(
    `<iq type='set' id='{any}' to='${julietJid}/balcony'><query xmlns='jabber:iq:privacy'><list name='l'/></query></iq>`,
  );
  juliet.receivesNothing();
  assert.deepEqual(
    chamber.pending.map((each) => each.firstElement?.name),
    ["block", undefined],
  );
  chamber.ignoreAll();
  const items = (await ask(juliet, "get", "<list name='l'/>")).firstElement?.firstElement?.elements() ?? [];
  // What is blocked comes first, and what block lists cannot say stays.
  assert.deepEqual(
    items.map((item) => [item.attr("order"), item.attr("value"), item.attr("action")]),
    [
      ["1", nurseJid, "deny"],
      ["2", romeoJid, "deny"],
      ["3", "a@b.example", "deny"],
      ["4", "c@d.example", "allow"],
      ["5", undefined, "allow"],
    ],
  );
  await chamber.sendText("<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>");
  chamber.ignoreAll();
  assert.deepEqual(await blocklist(), []);
  assert.equal((await ask(juliet, "get", "<list name='l'/>")).firstElement?.firstElement?.elements().length, 3);
});

test("blocking makes a default list where there is none, beside one that happens to have its name", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  await change(juliet, "<list name='blocked'><item action='allow' order='1'/></list>");
  await juliet.sendText(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='${romeoJid}'/></block></iq>`,
  );
  const named = await ask(juliet, "get", "");
  assert.equal(named.firstElement?.child("jabber:iq:privacy", "default")?.attr("name"), "blocked-2");
  await juliet.sendText("<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>");
  assert.equal((await ask(juliet, "get", "")).firstElement?.elements().length, 1);
});
