import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import {
  presenceFrom,
  presenceWitness,
  pushedItems,
  reachState,
  requestWaits,
  seenState,
} from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const paris = "paris@verona.example";
const accounts = [juliet, romeo, "nurse@capulet.example"];

const request =
  "<status>I love thee</status><nick xmlns='http://jabber.org/protocol/nick'>Romeo</nick>" +
  "<x xmlns='urn:example:extension'><deep a='1'>&amp;</deep></x>";

async function ask(world: World, id: string, inside = request): Promise<void> {
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText(`<presence type='subscribe' to='${juliet}' id='${id}'>${inside}</presence>`);
  await client.close();
}

const shown = `<presence type='subscribe' id='s1' from='${romeo}' to='${juliet}'>${request}</presence>`;

describe("a request waits for its answer, whole (S1)", () => {
  test("it is shown to everybody who is available, and at each log-in until it is answered [rfc6121-3.1.3-11] [rfc6121-3.1.3-12]", async () => {
    await using world = await startWorld({ accounts });
    await ask(world, "s1");
    for (const resource of ["balcony", "chamber"]) {
      const client = await world.login(`${juliet}/${resource}`);
      client.receivesNothing();
      await client.sendText("<presence/>");
      client.next();
      client.receives(shown);
      client.receivesNothing();
      await client.close();
      await world.advance(120_000);
    }
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText("<presence/>");
    client.ignoreAll();
    await client.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    assert.equal(await requestWaits(world, juliet, romeo), false);
  });

  test("asked twice it is shown once: the first that came [rfc6121-3.1.3-12]", async () => {
    await using world = await startWorld({ accounts });
    await ask(world, "s1");
    await ask(world, "s2", "");
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText("<presence/>");
    client.next();
    client.receives(shown);
    client.receivesNothing();
  });

  test("it is shown at once to all who are available, and to nobody else [rfc6121-3.1.3-06] [rfc6121-3.1.3-09]", async () => {
    await using world = await startWorld({ accounts });
    const [balcony, chamber, hidden] = [
      await world.login(`${juliet}/balcony`),
      await world.login(`${juliet}/chamber`),
      await world.login(`${juliet}/hidden`),
    ];
    await balcony.sendText("<presence/>");
    await chamber.sendText("<presence><priority>-1</priority></presence>");
    for (const client of [balcony, chamber]) client.ignoreAll();
    await ask(world, "s1");
    for (const client of [balcony, chamber]) client.receives(shown);
    hidden.receivesNothing();
  });

  test("it puts nobody into the roster [rfc6121-3.1.3-13]", async () => {
    await using world = await startWorld({ accounts });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    client.ignoreAll();
    await ask(world, "s1");
    client.receivesNothing();
    assert.equal((await seenState(client, romeo)).subscription, undefined);
  });

  for (const [name, answer] of Object.entries({
    "when it is denied": (world: World) =>
      world
        .login(`${juliet}/balcony`)
        .then((client) => client.sendText(`<presence type='unsubscribed' to='${romeo}'/>`)),
    "when it is withdrawn [rfc6121-3.3.3-06]": (world: World) =>
      world
        .login(`${romeo}/orchard`)
        .then((client) => client.sendText(`<presence type='unsubscribe' to='${juliet}'/>`)),
  }))
    test(`it is forgotten ${name}`, async () => {
      await using world = await startWorld({ accounts });
      await ask(world, "s1");
      await answer(world);
      assert.equal(await requestWaits(world, juliet, romeo), false);
      const client = await world.login(`${juliet}/garden`);
      assert.equal((await seenState(client, romeo)).subscription, undefined);
    });

  test("it waits on while the contact is listed, renamed and removed", async () => {
    await using world = await startWorld({ accounts });
    await ask(world, "s1");
    const client = await world.login(`${juliet}/balcony`);
    for (const item of [
      `<item jid='${romeo}'/>`,
      `<item jid='${romeo}' name='Romeo'/>`,
      `<item jid='${romeo}' subscription='remove'/>`,
    ]) {
      await client.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
      assert.equal(await requestWaits(world, juliet, romeo), true);
    }
  });

  test("more strangers than may wait are not noted, and old ones stay", async () => {
    await using world = await startWorld({ accounts, options: { "presence.requests_max": 1 } });
    await ask(world, "s1");
    const nurse = await world.login("nurse@capulet.example/kitchen");
    await nurse.sendText(`<presence type='subscribe' to='${juliet}'/>`);
    assert.equal(await requestWaits(world, juliet, romeo), true);
    assert.equal(await requestWaits(world, juliet, "nurse@capulet.example"), false);
  });
});

describe("what is asked, answered and cancelled is between bare addresses [rfc6121-3-01] [rfc6121-3.1.2-03] [rfc6121-3.1.2-07]", () => {
  for (const [state, type] of [
    ["None", "subscribe"],
    ["None + Pending In", "subscribed"],
    ["To", "unsubscribe"],
    ["From", "unsubscribed"],
  ] as const)
    test(`${type}, with the words that come with it [rfc6121-4.7.2.2-05]`, async () => {
      const { module, arrivals } = presenceWitness();
      await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
      const balcony = await world.login(`${juliet}/balcony`);
      const orchard = await world.login(`${romeo}/orchard`);
      await reachState(balcony, orchard, state);
      arrivals.length = 0;
      await balcony.sendText(`<presence type='${type}' to='${romeo}/orchard' id='r'><status>!</status></presence>`);
      assert.ok(
        arrivals.some((each) => each.at === romeo && each.from === juliet && each.type === type && each.id === "r"),
      );
      if (type === "unsubscribed") orchard.next(); // Juliet's balcony is out of sight first.
      orchard.receives(`<presence type='${type}' id='r' from='${juliet}' to='${romeo}'><status>!</status></presence>`);
    });
});

for (const to of [
  "@capulet.example",
  "romeo@@montague.example",
  "xmpp:romeo@montague.example",
  "ro meo@montague.example",
])
  test(`a request to ${to}, which is no address, is answered with jid-malformed [rfc6121-3.1.2-02] [rfc6121-3.1.2-04] [rfc6121-3.1.3-01] [rfc6121-3.1.3-03]${to.startsWith("xmpp:") ? " [rfc6121-9-01]" : ""}`, async () => {
    const { module, arrivals } = presenceWitness();
    await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<presence type='subscribe' to='${to}' id='s'/>`);
    const error = client.next();
    assert.equal(error.attr("type"), "error");
    assert.equal(error.child("jabber:client", "error")?.elements()[0]?.name, "jid-malformed");
    client.receivesNothing();
    assert.deepEqual(arrivals, []);
  });

describe("a request that cannot be brought to anybody is answered with an error [rfc6121-3.1.2-08]", () => {
  for (const [to, condition] of [
    ["@capulet.example", "jid-malformed"],
    [paris, "remote-server-not-found"],
  ] as const)
    test(`${to}: ${condition}`, async () => {
      await using world = await startWorld({ accounts });
      const client = await world.login(`${juliet}/balcony`);
      await client.sendText("<presence/>");
      client.ignoreAll();
      await client.sendText(`<presence type='subscribe' to='${to}' id='s'/>`);
      const error = client.pending.find((each) => each.name === "presence");
      assert.equal(error?.attr("type"), "error");
      assert.equal(error?.child("jabber:client", "error")?.elements()[0]?.name, condition);
    });

  test("a request to nobody is not [rfc6121-3.1.2-02]", async () => {
    await using world = await startWorld({ accounts });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText("<presence type='subscribe' id='s'/>");
    const error = client.next();
    assert.deepEqual([error.attr("type"), error.elements()[0]?.elements()[0]?.name], ["error", "bad-request"]);
  });
});

test("a request to an account that does not exist is silently dropped, and so is its answer [rfc6121-8.5.1-04]", async () => {
  const { module, arrivals } = presenceWitness();
  await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const client = await world.login(`${juliet}/balcony`);
  for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed"])
    await client.sendText(`<presence type='${type}' to='rosaline@capulet.example'/>`);
  client.receivesNothing();
  // Not even an answer that the own server would swallow.
  assert.deepEqual(arrivals, []);
});

test("subscriptions to oneself mean nothing", async () => {
  await using world = await startWorld({ accounts });
  const client = await world.login(`${juliet}/balcony`);
  await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  await client.sendText("<presence/>");
  client.ignoreAll();
  for (const type of ["subscribe", "subscribed", "unsubscribe", "unsubscribed"])
    await client.sendText(`<presence type='${type}' to='${juliet}'/>`);
  client.receivesNothing();
});

test("a request that nobody answered is repeated when the user comes back, with an id [rfc6121-3.1.2-10] [rfc6121-3.1.2-11]", async () => {
  const { module, arrivals } = presenceWitness();
  await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const first = await world.login(`${romeo}/orchard`);
  await first.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  arrivals.length = 0;
  await first.sendText("<presence/>");
  const repeated = arrivals.filter(({ type }) => type === "subscribe");
  assert.deepEqual(
    repeated.map(({ at, from }) => [at, from]),
    [[juliet, romeo]],
  );
  assert.ok((repeated[0]?.id ?? "").length > 0);
  // A second device says nothing new.
  const second = await world.login(`${romeo}/garden`);
  await second.sendText("<presence/>");
  assert.equal(arrivals.filter(({ type }) => type === "subscribe").length, 1);
});

describe("approval beforehand (RFC 6121 §3.4, S4)", () => {
  test("is noted, shown to all who follow the roster, and not routed [rfc6121-3.4.2-05] [rfc6121-3.4.2-06] [rfc6121-3.4.2-07]", async () => {
    const { module, arrivals } = presenceWitness();
    await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
    const client = await world.login(`${juliet}/balcony`);
    await seenState(client, romeo);
    await client.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    assert.deepEqual(arrivals, []);
    client.receives(
      `<iq type='set' id='{any}' to='${juliet}/balcony'><query xmlns='jabber:iq:roster' ver='{any}'>` +
        `<item jid='${romeo}' subscription='none' approved='true'/></query></iq>`,
    );
    await client.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    client.receivesNothing();
  });

  test("lets the contact in without a word to the user, and shows presence at once [rfc6121-3.4.2-08] [rfc6121-3.1.3-08]", async () => {
    await using world = await startWorld({ accounts });
    const balcony = await world.login(`${juliet}/balcony`);
    const orchard = await world.login(`${romeo}/orchard`);
    await reachState(balcony, orchard, "None");
    await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    balcony.ignoreAll();
    await orchard.sendText(`<presence type='subscribe' to='${juliet}'/>`);
    assert.deepEqual(presenceFrom(balcony, romeo), []);
    assert.deepEqual(
      pushedItems(balcony).map((item) => item.attr("subscription")),
      ["from"],
    );
    assert.deepEqual(presenceFrom(orchard, juliet), ["subscribed", ""]);
    assert.equal((await seenState(orchard, juliet)).subscription, "to");
  });

  test("is taken back by a denial, which is not routed [rfc6121-3.2.2-03]", async () => {
    const { module, arrivals } = presenceWitness();
    await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    assert.equal((await seenState(client, romeo)).approved, true);
    await client.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
    assert.equal(pushedItems(client).length, 1);
    assert.deepEqual(arrivals, []);
    assert.deepEqual(await seenState(client, romeo), { subscription: "none", ask: false, approved: false });
    await ask(world, "s1");
    assert.equal(await requestWaits(world, juliet, romeo), true);
  });
});

test("who asks though let in already is told again, and sees who is there [rfc6121-3.1.3-07]", async () => {
  await using world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  await reachState(balcony, orchard, "From");
  // Romeo's side has forgotten.
  await orchard.sendText(
    `<iq type='set' id='x'><query xmlns='jabber:iq:roster'><item jid='${juliet}' name='J'/></query></iq>`,
  );
  orchard.ignoreAll();
  await orchard.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  balcony.receivesNothing();
  assert.deepEqual(presenceFrom(orchard, juliet), [""]);
});
