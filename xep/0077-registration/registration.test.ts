import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bareOf, parseJid, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { Invites, type Invite, type NewInvite } from "#xep/0401-invites/invites.ts";
import { startWorld, type World, type WorldOptions } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { Query } from "./elements.ts";

const domain = "capulet.example";
const julietJid = `juliet@${domain}`;
const stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";

function worldWith(policy: "closed" | "invite" | "open", more: WorldOptions = {}): Promise<World> {
  return startWorld({ ...more, options: { "registration.policy": policy, ...more.options } });
}

/** A connection that was shown the features. */
async function visitor(world: World, address = "192.0.2.1"): Promise<ScriptedClient> {
  const client = world.connect({ address });
  await client.open(domain);
  return client;
}

async function ask(client: ScriptedClient, type: "get" | "set", payload: string, to = ""): Promise<XmlElement> {
  await client.sendText(`<iq type='${type}' id='q'${to === "" ? "" : ` to='${to}'`}>${payload}</iq>`);
  return client.next();
}

function query(content: string): string {
  return `<query xmlns='jabber:iq:register'>${content}</query>`;
}

function account(username: string, password = "a long one"): string {
  return query(`<username>${username}</username><password>${password}</password>`);
}

function conditionOf(answer: XmlElement): string | undefined {
  return answer
    .child("jabber:client", "error")
    ?.elements()
    .find(({ ns }) => ns === stanzas)?.name;
}

/** Waits for a promise of the server's while its world goes on. */
async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.settle();
  return promise;
}

function jidOf(text: string): BareJid {
  const jid = parseJid(text);
  assert.ok(jid !== undefined, text);
  return bareOf(jid);
}

function exists(world: World, jid: string): Promise<boolean> {
  return settled(world, world.core.accounts.exists(jidOf(jid)));
}

async function invite(world: World, wanted: Partial<NewInvite> = {}): Promise<Invite> {
  const host = world.core.hosts.get(domain as DomainJid);
  assert.ok(host !== undefined);
  const made = await settled(world, new Invites(host).create({ validMs: 3_600_000, usesMax: 1, ...wanted }));
  assert.ok(made !== undefined);
  return made;
}

function show({ token }: Pick<Invite, "token">): string {
  return `<preauth xmlns='urn:xmpp:pars:0' token='${token}'/>`;
}

async function canLogIn(world: World, user: string, password: string): Promise<boolean> {
  const client = world.connect();
  try {
    await client.authenticate(user, domain, password);
    return true;
  } catch {
    return false;
  }
}

test("what a client sends is read and what is asked is written by one definition", () => {
  const element = parseElement(query("<registered/><username>juliet</username><password/>"));
  const value = { registered: true, remove: false, username: "juliet", password: "" };
  assert.deepEqual(Query.parse(element), value);
  assert.equal(serialize(Query.build(value), ""), serialize(element, ""));
});

for (const [policy, offered] of [
  ["closed", []],
  ["invite", ["urn:xmpp:ibr-token:0", "http://jabber.org/features/iq-register"]],
  ["open", ["urn:xmpp:ibr-token:0", "http://jabber.org/features/iq-register"]],
] as const)
  test(`where registration is ${policy}, ${offered.length === 0 ? "nothing" : "it"} is announced among the stream features (S35)`, async () => {
    await using world = await worldWith(policy);
    const features = await world.connect().open(domain);
    const found = features.elements().filter(({ name }) => name === "register");
    assert.deepEqual(
      found.map(({ ns }) => ns),
      offered,
    );
  });

test("before TLS nothing is registered where TLS is due", async () => {
  await using world = await worldWith("open");
  const client = world.connect({ clear: true });
  await client.open(domain);
  const answer = await ask(client, "set", account("juliet"));
  assert.equal(answer.name, "error");
  assert.ok(client.streamClosed);
  assert.equal(await exists(world, julietJid), false);
});

test("an account is asked for, made, and logged in to", async () => {
  await using world = await worldWith("open");
  const client = await visitor(world);
  const asked = await ask(client, "get", query(""), domain);
  assert.equal(asked.attr("type"), "result");
  assert.deepEqual(
    asked.firstElement?.elements().map(({ name }) => name),
    ["instructions", "username", "password", "x"],
  );
  await client.sendText(`<iq type='set' id='q'>${account("Juliet")}</iq>`);
  client.receives("<iq type='result' id='q'/>");
  assert.equal(await canLogIn(world, "juliet", "a long one"), true);
});

test("an account is made by data form, which goes before the fields", async () => {
  await using world = await worldWith("open");
  const form =
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>jabber:iq:register</value></field>" +
    "<field var='username'><value>juliet</value></field><field var='password'><value>a long one</value></field></x>";
  const answer = await ask(
    await visitor(world),
    "set",
    query(`<username>nurse</username><password>x</password>${form}`),
  );
  assert.equal(answer.attr("type"), "result");
  assert.equal(await exists(world, julietJid), true);
  assert.equal(await exists(world, `nurse@${domain}`), false);
});

const refused: readonly (readonly [name: string, payload: string, condition: string])[] = [
  ["a name that is taken", account("nurse"), "conflict"],
  ["a name that is taken, written otherwise", account("NURSE"), "conflict"],
  ["no password", query("<username>juliet</username>"), "not-acceptable"],
  ["an empty password", account("juliet", ""), "not-acceptable"],
  ["no name", query("<password>a long one</password>"), "not-acceptable"],
  ["a password that is too short [rfc6120-13.9.4-04]", account("juliet", "short"), "not-acceptable"],
  ["a password of control characters", account("juliet", "tabs\tand\tmore"), "not-acceptable"],
  ["a name that is none", account("juliet@capulet"), "not-acceptable"],
  ["A19 a name that mixes alphabets to look like one that is taken", account("nur\u0455e"), "not-acceptable"],
  ["A19 a name that old servers read as another", account("stra\u00dfe"), "not-acceptable"],
  ["A19 a name that ends in another sigma for old servers", account("\u03bf\u03b4\u03bf\u03c2"), "not-acceptable"],
  [
    "a form for something else",
    query("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>other</value></field></x>"),
    "bad-request",
  ],
  ["a form that is not filled in", query("<x xmlns='jabber:x:data' type='submit'/>"), "not-acceptable"],
  ["a form that was cancelled", query("<x xmlns='jabber:x:data' type='cancel'/>"), "not-acceptable"],
  ["the end of an account", query("<remove/>"), "unexpected-request"],
];

for (const [name, payload, condition] of refused)
  test(`${name} is refused before log-in with ${condition}, and no password is sent back`, async () => {
    await using world = await worldWith("open", { accounts: [`nurse@${domain}`] });
    const answer = await ask(await visitor(world), "set", payload);
    assert.equal(conditionOf(answer), condition);
    assert.equal(answer.firstElement?.name, "error");
    assert.match(answer.firstElement.attr("code") ?? "", /^4\d\d$/);
    assert.equal(await exists(world, julietJid), false);
  });

describe("A19 names that look alike", () => {
  const accounts = [`romeo@${domain}`, `scope@${domain}`];
  // The second is all Cyrillic: no mixture gives it away.
  for (const name of ["rorneo", "\u0455\u0441\u043e\u0440\u0435"]) {
    test(`A19 ${name} is refused like one that is taken, as long as the other is remembered`, async () => {
      await using world = await worldWith("open", { accounts });
      const answer = await ask(await visitor(world), "set", account(name));
      assert.equal(conditionOf(answer), "conflict");
      assert.equal(await exists(world, `${name}@${domain}`), false);
      for (const jid of accounts) {
        const deleting = world.core.accounts.delete(jidOf(jid));
        await world.settle();
        await deleting;
      }
      assert.equal(conditionOf(await ask(await visitor(world), "set", account(name))), "conflict", "a deleted one too");
      await world.advance(366 * 86_400_000);
      assert.equal((await ask(await visitor(world), "set", account(name))).attr("type"), "result");
    });

    test(`A19 ${name} is accepted where the administrator says so, and from the administrator`, async () => {
      await using world = await worldWith("open", { accounts, options: { "registration.lookalikes_refused": false } });
      assert.equal((await ask(await visitor(world), "set", account(name))).attr("type"), "result");
      await using other = await worldWith("open", { accounts });
      const creating = other.core.accounts.create(jidOf(`${name}@${domain}`), "a long one");
      await other.settle();
      assert.deepEqual(await creating, { ok: true });
    });
  }

  test("A19 of two that look alike and come at the same time one gets in", async () => {
    await using world = await worldWith("open");
    const options = { refuseLookalikes: true };
    const both = ["romeo", "rorneo"].map((name) =>
      world.core.accounts.create(jidOf(`${name}@${domain}`), "a long one", options),
    );
    await world.settle();
    const outcomes = await Promise.all(both);
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? "in" : outcome.reason)),
      ["in", "lookalike"],
    );
  });
});

describe("where registration is closed", () => {
  for (const [type, payload] of [
    ["get", query("")],
    ["set", account("juliet")],
    ["set", show({ token: "x" })],
  ] as const)
    test(`${type} of ${payload.slice(1, 8)} says that it is not there`, async () => {
      await using world = await worldWith("closed");
      assert.equal(conditionOf(await ask(await visitor(world), type, payload)), "service-unavailable");
      assert.equal(await exists(world, julietJid), false);
    });
});

test("one connection makes one account", async () => {
  await using world = await worldWith("open");
  const client = await visitor(world);
  assert.equal((await ask(client, "set", account("juliet"))).attr("type"), "result");
  assert.equal(conditionOf(await ask(client, "set", account("nurse"))), "not-acceptable");
  assert.equal(await exists(world, `nurse@${domain}`), false);
});

test("A15 one address makes so many accounts within the window, and its network is one address", async () => {
  await using world = await worldWith("open", { options: { "registration.accounts_per_address_max": 2 } });
  const at = async (address: string, name: string): Promise<string | undefined> =>
    conditionOf(await ask(await visitor(world, address), "set", account(name)));
  assert.equal(await at("2001:db8:1:2::1", "a"), undefined);
  assert.equal(await at("2001:db8:1:2::2", "b"), undefined);
  assert.equal(await at("2001:db8:1:2:3::", "c"), "resource-constraint");
  assert.equal(await at("2001:db8:1:3::1", "d"), undefined);
  await world.advance(3_600_000);
  assert.equal(await at("2001:db8:1:2::1", "c"), undefined);
});

test("A29 finding out which names are taken is bounded, too", async () => {
  await using world = await worldWith("open", {
    accounts: [julietJid],
    options: { "registration.accounts_per_address_max": 1 },
  });
  const answers: (string | undefined)[] = [];
  for (let n = 0; n < 12; n++) answers.push(conditionOf(await ask(await visitor(world), "set", account("juliet"))));
  assert.deepEqual(answers.slice(0, 10), Array<string>(10).fill("conflict"));
  assert.deepEqual(answers.slice(10), ["resource-constraint", "resource-constraint"]);
});

test("an account is made with an invitation, and the invitation is used up", async () => {
  await using world = await worldWith("invite");
  const invitation = await invite(world);
  const client = await visitor(world);
  assert.equal(conditionOf(await ask(client, "set", account("juliet"))), "not-allowed");
  await client.sendText(`<iq type='set' id='p' to='${domain}'>${show(invitation)}</iq>`);
  client.receives(`<iq type='result' id='p' from='${domain}'/>`);
  // What fails does not use it.
  assert.equal(conditionOf(await ask(client, "set", account("juliet", "short"))), "not-acceptable");
  assert.equal((await ask(client, "set", account("juliet"))).attr("type"), "result");
  assert.equal(await exists(world, julietJid), true);
  assert.equal(conditionOf(await ask(await visitor(world), "set", show(invitation))), "item-not-found");
});

test("an invitation holds for the connection that showed it, and for no other", async () => {
  await using world = await worldWith("invite");
  const first = await visitor(world);
  assert.equal((await ask(first, "set", show(await invite(world)))).attr("type"), "result");
  assert.equal(conditionOf(await ask(await visitor(world), "set", account("juliet"))), "not-allowed");
});

test("who shows an invitation in time may take their time", async () => {
  await using world = await worldWith("invite");
  const client = await visitor(world);
  const invitation = await invite(world, { validMs: 10_000 });
  assert.equal((await ask(client, "set", show(invitation))).attr("type"), "result");
  await world.advance(20_000);
  assert.equal(conditionOf(await ask(await visitor(world), "set", show(invitation))), "item-not-found");
  assert.equal((await ask(client, "set", account("juliet"))).attr("type"), "result");
});

test("two who show the same invitation get one account", async () => {
  await using world = await worldWith("invite");
  const invitation = await invite(world);
  const [one, two] = [await visitor(world), await visitor(world)];
  for (const client of [one, two]) await ask(client, "set", show(invitation));
  const both = [
    one.sendText(`<iq type='set' id='q'>${account("juliet")}</iq>`),
    two.sendText(`<iq type='set' id='q'>${account("nurse")}</iq>`),
  ];
  await Promise.all(both);
  const outcomes = [one.next(), two.next()].map(conditionOf);
  assert.deepEqual(new Set(outcomes), new Set([undefined, "not-allowed"]));
});

for (const policy of ["invite", "open"] as const)
  test(`where registration is ${policy}, a name that was promised is kept for who is invited`, async () => {
    await using world = await worldWith(policy);
    const promised = await invite(world, { account: "juliet" });
    const other = await visitor(world);
    await ask(other, "set", show(await invite(world)));
    assert.equal(conditionOf(await ask(other, "set", account("juliet"))), "conflict");
    const client = await visitor(world);
    await ask(client, "set", show(promised));
    const asked = await ask(client, "get", query(""));
    assert.equal(asked.firstElement?.child("jabber:iq:register", "username")?.text, "juliet");
    assert.equal(conditionOf(await ask(client, "set", account("nurse"))), "not-acceptable");
    assert.equal((await ask(client, "set", account("juliet"))).attr("type"), "result");
  });

for (const to of ["", domain, julietJid])
  test(`asked ${to === "" ? "without address" : `at ${to}`}, the server says who is registered`, async () => {
    await using world = await worldWith("closed", { accounts: [julietJid] });
    const juliet = await world.login(`${julietJid}/balcony`);
    const answer = await ask(juliet, "get", query(""), to);
    const registered = answer.firstElement?.elements().map((field) => `${field.name}=${field.text}`);
    assert.deepEqual(
      registered?.filter((field) => !field.startsWith("instructions")),
      ["registered=", "username=juliet", "password="],
    );
  });

for (const to of ["", domain])
  test(`A55 a password changed ${to === "" ? "without address" : `at ${to}`} ends the other sessions and no more`, async () => {
    await using world = await worldWith("closed", { accounts: [julietJid] });
    const juliet = await world.login(`${julietJid}/balcony`);
    const chamber = await world.login(`${julietJid}/chamber`);
    assert.equal((await ask(juliet, "set", account("juliet", "another one"), to)).attr("type"), "result");
    assert.equal(chamber.next().elements()[0]?.name, "not-authorized");
    assert.ok(chamber.streamClosed);
    assert.ok(!juliet.streamClosed);
    assert.equal(await canLogIn(world, "juliet", "juliet"), false);
    assert.equal(await canLogIn(world, "juliet", "another one"), true);
    // The session that asked goes on.
    assert.equal((await ask(juliet, "get", query(""))).attr("type"), "result");
  });

const changes: readonly (readonly [name: string, payload: string, condition: string])[] = [
  ["A45 the password of another account", account("nurse", "another one"), "forbidden"],
  ["an empty password", account("juliet", ""), "bad-request"],
  ["a password without a name", query("<password>another one</password>"), "bad-request"],
  ["a password that is too short [rfc6120-13.9.4-04]", account("juliet", "short"), "not-acceptable"],
  ["an end with something beside it", query("<remove/><username>juliet</username>"), "bad-request"],
];

for (const [name, payload, condition] of changes)
  test(`${name} changes nothing (${condition}), and nothing is sent back`, async () => {
    await using world = await worldWith("open", { accounts: [julietJid, `nurse@${domain}`] });
    const juliet = await world.login(`${julietJid}/balcony`);
    for (const to of ["", domain]) {
      const answer = await ask(juliet, "set", payload, to);
      assert.equal(conditionOf(answer), condition);
      assert.equal(answer.firstElement?.name, "error");
    }
    assert.equal(await canLogIn(world, "juliet", "juliet"), true);
    assert.equal(await canLogIn(world, "nurse", "nurse"), true);
  });

test("A45 nobody changes or cancels an account of another, at its address or at another host", async () => {
  const namesake = "juliet@montague.example";
  await using world = await worldWith("open", { accounts: [julietJid, namesake] });
  const other = await world.login(`${namesake}/orchard`);
  for (const to of [julietJid, domain])
    for (const payload of [account("juliet", "another one"), query("<remove/>")])
      assert.equal(conditionOf(await ask(other, "set", payload, to)), "service-unavailable", to);
  assert.equal(await canLogIn(world, "juliet", "juliet"), true);
  assert.equal(await exists(world, namesake), true);
});

for (const to of ["", domain])
  test(`an account that is cancelled ${to === "" ? "without address" : `at ${to}`} is gone after its client was told so`, async () => {
    const romeoJid = "romeo@montague.example";
    await using world = await worldWith("open", { accounts: [julietJid, romeoJid] });
    const romeo = await world.login(`${romeoJid}/orchard`);
    const juliet = await world.login(`${julietJid}/balcony`);
    const chamber = await world.login(`${julietJid}/chamber`);
    await ask(romeo, "get", "<query xmlns='jabber:iq:roster'/>");
    await romeo.sendText(`<presence/><presence type='subscribe' to='${julietJid}'/>`);
    await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/>`);
    juliet.ignoreAll();
    romeo.ignoreAll();
    assert.equal((await ask(juliet, "set", query("<remove/>"), to)).attr("type"), "result");
    for (const client of [juliet, chamber]) {
      assert.equal(client.next().elements()[0]?.name, "not-authorized");
      assert.ok(client.streamClosed);
    }
    assert.equal(await exists(world, julietJid), false);
    assert.ok(romeo.pending.some((stanza) => stanza.attr("type") === "unsubscribed"));
    assert.equal(await canLogIn(world, "juliet", "juliet"), false);
    // A54 Its name is not given to the next one who comes.
    assert.equal(conditionOf(await ask(await visitor(world), "set", account("juliet"))), "conflict");
    // A month of keeping a stream alive is much work.
    await romeo.sendText("</stream:stream>");
    await world.advance(31 * 24 * 3_600_000);
    assert.equal((await ask(await visitor(world), "set", account("juliet"))).attr("type"), "result");
  });

test("A54 what is registered anew has nothing of what was there", async () => {
  await using world = await worldWith("open", { accounts: [julietJid], settings: { tombstoneMs: 0 } });
  const juliet = await world.login(`${julietJid}/balcony`);
  const add = "<query xmlns='jabber:iq:roster'><item jid='romeo@montague.example'/></query>";
  assert.equal((await ask(juliet, "set", add)).attr("type"), "result");
  juliet.ignoreAll();
  await ask(juliet, "set", query("<remove/>"));
  await world.advance(1);
  assert.equal((await ask(await visitor(world), "set", account("juliet", "juliet.."))).attr("type"), "result");
  const again = world.connect();
  await again.authenticate("juliet", domain, "juliet..");
  await again.bind("balcony");
  const roster = await ask(again, "get", "<query xmlns='jabber:iq:roster'/>");
  assert.equal(roster.firstElement?.elements().length, 0);
});

test("when the disc is full nobody is registered, nor told so", async () => {
  await using world = await worldWith("open", { accounts: [julietJid] });
  const juliet = await world.login(`${julietJid}/balcony`);
  const client = await visitor(world);
  world.faults.failCommits("full");
  assert.equal(conditionOf(await ask(client, "set", account("nurse"))), "resource-constraint");
  assert.equal(conditionOf(await ask(juliet, "set", account("juliet", "another one"))), "resource-constraint");
  world.faults.failCommits(undefined);
  assert.equal(await exists(world, `nurse@${domain}`), false);
  assert.equal(await canLogIn(world, "juliet", "juliet"), true);
  assert.equal((await ask(client, "set", account("nurse"))).attr("type"), "result");
});

test("guests have no account to change", async () => {
  const { defaultSaslServerPolicy } = await import("#protocol/sasl/server-policy.ts");
  await using world = await worldWith("open", { settings: { sasl: { ...defaultSaslServerPolicy, anonymous: true } } });
  const guest = world.connect();
  await guest.open(domain);
  await guest.sendText("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
  assert.equal(guest.next().name, "success");
  await guest.restart(domain);
  await guest.bind("balcony");
  for (const [type, payload] of [
    ["get", query("")],
    ["set", query("<remove/>")],
  ] as const)
    assert.equal(conditionOf(await ask(guest, type, payload)), "registration-required");
});
