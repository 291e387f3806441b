import { test } from "node:test";
import assert from "node:assert/strict";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World, type WorldOptions } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const nurseJid = "nurse@capulet.example";
const accounts = [romeoJid, julietJid, nurseJid];
const stanzas = "urn:ietf:params:xml:ns:xmpp-stanzas";

interface Scene extends AsyncDisposable {
  readonly world: World;
  readonly romeo: ScriptedClient;
  readonly juliet: ScriptedClient;
}

/** Romeo and Juliet are available and see each other's presence. */
async function contacts(options: WorldOptions = {}): Promise<Scene> {
  const world = await startWorld({ accounts, ...options });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  for (const client of [romeo, juliet]) await client.sendText("<presence/>");
  await romeo.sendText(`<presence type='subscribe' to='${julietJid}'/>`);
  await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/><presence type='subscribe' to='${romeoJid}'/>`);
  await romeo.sendText(`<presence type='subscribed' to='${julietJid}'/>`);
  romeo.ignoreAll();
  juliet.ignoreAll();
  return { world, romeo, juliet, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

async function block(client: ScriptedClient, ...jids: readonly string[]): Promise<void> {
  const items = jids.map((jid) => `<item jid='${jid}'/>`).join("");
  await client.sendText(`<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'>${items}</block></iq>`);
}

async function unblock(client: ScriptedClient, ...jids: readonly string[]): Promise<void> {
  const items = jids.map((jid) => `<item jid='${jid}'/>`).join("");
  await client.sendText(`<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'>${items}</unblock></iq>`);
}

test("the list is empty, then has who was blocked, and is there at the next log-in", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const ask = "<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>";
  await juliet.sendText(ask);
  juliet.receives(`<iq type='result' id='l' to='${julietJid}/balcony'><blocklist xmlns='urn:xmpp:blocking'/></iq>`);
  await block(juliet, romeoJid, "iago@shakespeare.example");
  juliet.ignoreAll();
  await juliet.close();
  await world.advance(60_000);

  const again = await world.login(`${julietJid}/chamber`);
  await again.sendText(ask);
  again.receives(
    `<iq type='result' id='l' to='${julietJid}/chamber'><blocklist xmlns='urn:xmpp:blocking'>` +
      `<item jid='${romeoJid}'/><item jid='iago@shakespeare.example'/></blocklist></iq>`,
  );
});

test("S26 changes are pushed to the resources that asked for the list, and to no others", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  const idle = await world.login(`${julietJid}/idle`);
  for (const client of [juliet, chamber]) {
    await client.sendText("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
    client.next();
  }
  await block(juliet, romeoJid);
  const pushed = (resource: string, command: string): string =>
    `<iq type='set' id='{any}' to='${julietJid}/${resource}'>${command}</iq>`;
  const blocked = `<block xmlns='urn:xmpp:blocking'><item jid='${romeoJid}'/></block>`;
  juliet.receives(pushed("balcony", blocked));
  juliet.receives(`<iq type='result' id='b' to='${julietJid}/balcony'/>`);
  chamber.receives(pushed("chamber", blocked));
  idle.receivesNothing();

  await unblock(idle, romeoJid);
  idle.receives(`<iq type='result' id='u' to='${julietJid}/idle'/>`);
  const unblocked = `<unblock xmlns='urn:xmpp:blocking'><item jid='${romeoJid}'/></unblock>`;
  juliet.receives(pushed("balcony", unblocked));
  chamber.receives(pushed("chamber", unblocked));

  await unblock(chamber);
  juliet.receives(pushed("balcony", "<unblock xmlns='urn:xmpp:blocking'/>"));
  idle.receivesNothing();
});

const refused = (kind: string, id: string, payload = ""): string =>
  `<${kind} type='error' id='${id}' from='${julietJid}/balcony' to='${romeoJid}/orchard'>${payload}` +
  `<error type='cancel'><service-unavailable xmlns='${stanzas}'/></error></${kind}>`;

const inbound: readonly { readonly name: string; readonly sent: string; readonly answer?: string }[] = [
  {
    name: "a message",
    sent: `<message id='1' to='${julietJid}/balcony' type='chat'><body>Hi</body></message>`,
    answer: refused("message", "1"),
  },
  {
    name: "a message that is an error",
    sent: `<message id='1' to='${julietJid}/balcony' type='error'><body>Hi</body></message>`,
  },
  {
    name: "a request",
    sent: `<iq id='2' to='${julietJid}/balcony' type='get'><ping xmlns='urn:xmpp:ping'/></iq>`,
    answer: refused("iq", "2", "<ping xmlns='urn:xmpp:ping'/>"),
  },
  { name: "an answer", sent: `<iq id='3' to='${julietJid}/balcony' type='result'/>` },
  { name: "presence", sent: "<presence><show>away</show></presence>" },
  { name: "directed presence", sent: `<presence to='${julietJid}/balcony'/>` },
  { name: "a probe", sent: `<presence type='probe' to='${julietJid}'/>` },
  { name: "a request for a subscription", sent: `<presence type='subscribe' to='${julietJid}'/>` },
  { name: "the end of a subscription", sent: `<presence type='unsubscribed' to='${julietJid}/balcony'/>` },
];

for (const { name, sent, answer } of inbound)
  test(`${name} from who is blocked ${answer === undefined ? "vanishes" : "is turned away"}`, async () => {
    await using scene = await contacts();
    const { romeo, juliet } = scene;
    await block(juliet, romeoJid);
    juliet.ignoreAll();
    romeo.ignoreAll();
    await romeo.sendText(sent);
    juliet.receivesNothing();
    const answers = romeo.pending.filter((stanza) => stanza.attr("from")?.startsWith(julietJid) === true);
    if (answer === undefined) assert.equal(answers.length, 0);
    else romeo.receives(answer);
  });

test("who is blocked gets the same answers when nobody is there (S26)", async () => {
  await using scene = await contacts();
  const { world, romeo, juliet } = scene;
  await block(juliet, romeoJid);
  await juliet.close();
  await world.advance(60_000);
  romeo.ignoreAll();
  await romeo.sendText(`<message id='1' to='${julietJid}' type='chat'><body>Hi</body></message>`);
  romeo.receives(refused("message", "1").replace("/balcony", ""));
  await romeo.sendText(`<presence type='probe' to='${julietJid}'/>`);
  romeo.receivesNothing();
  assert.equal(await offlineRows(world, julietJid), 0, "nothing is kept of what was refused");
});

test("what waited offline from somebody who was blocked since is not delivered", async () => {
  await using world = await startWorld({ accounts });
  const romeo = await world.login(`${romeoJid}/orchard`);
  await romeo.sendText(`<message to='${julietJid}' type='chat'><body>Hi</body></message>`);
  const juliet = await world.login(`${julietJid}/balcony`);
  await block(juliet, romeoJid);
  juliet.ignoreAll();
  await juliet.sendText("<presence/>");
  juliet.receives(`<presence from='${julietJid}/balcony' to='${julietJid}'/>`);
  juliet.receivesNothing();
  romeo.receivesNothing();
});

for (const [name, sent] of [
  ["a message", `<message id='1' to='${romeoJid}' type='chat'><body>Hi</body></message>`],
  ["a request", `<iq id='1' to='${romeoJid}/orchard' type='get'><ping xmlns='urn:xmpp:ping'/></iq>`],
  ["directed presence", `<presence id='1' to='${romeoJid}'/>`],
  ["a request for a subscription", `<presence id='1' to='${romeoJid}' type='subscribe'/>`],
] as const)
  test(`${name} to who is blocked is refused with a condition of its own (S26)`, async () => {
    await using scene = await contacts();
    const { romeo, juliet } = scene;
    await block(juliet, romeoJid);
    juliet.ignoreAll();
    romeo.ignoreAll();
    await juliet.sendText(sent);
    const answer = juliet.next();
    assert.equal(answer.attr("type"), "error");
    assert.equal(answer.attr("id"), "1");
    assert.equal(answer.attr("from"), sent.includes("/orchard") ? `${romeoJid}/orchard` : romeoJid);
    const error = answer.child("jabber:client", "error");
    assert.equal(error?.attr("type"), "cancel");
    assert.ok(error?.child(stanzas, "not-acceptable"));
    assert.ok(error.child("urn:xmpp:blocking:errors", "blocked"));
    romeo.receivesNothing();
  });

test("who is blocked sees the user leave, and come back when unblocked", async () => {
  await using scene = await contacts();
  const { romeo, juliet } = scene;
  await juliet.sendText("<presence><status>Reading</status></presence>");
  romeo.ignoreAll();
  juliet.ignoreAll();
  await block(juliet, romeoJid);
  romeo.receives(`<presence type='unavailable' from='${julietJid}/balcony' to='${romeoJid}'/>`);
  // To Juliet he has left, too.
  juliet.receives(`<presence type='unavailable' from='${romeoJid}' to='${julietJid}/balcony'/>`);
  juliet.receives(`<iq type='result' id='b' to='${julietJid}/balcony'/>`);

  await juliet.sendText("<presence><status>Sleeping</status></presence>");
  romeo.receivesNothing();
  juliet.ignoreAll();
  await unblock(juliet, romeoJid);
  romeo.receives(`<presence from='${julietJid}/balcony' to='${romeoJid}'><status>Sleeping</status></presence>`);
  juliet.receives(`<iq type='result' id='u' to='${julietJid}/balcony'/>`);
  juliet.receives(`<presence from='${romeoJid}/orchard' to='${julietJid}'/>`);
  await romeo.sendText(`<message to='${julietJid}/balcony' type='chat'><body>Hi</body></message>`);
  assert.equal(juliet.next().name, "message");
});

test("who may not see the user's presence is told nothing when blocked or unblocked", async () => {
  await using scene = await contacts();
  const nurse = await scene.world.login(`${nurseJid}/door`);
  await nurse.sendText("<presence/>");
  nurse.ignoreAll();
  await block(scene.juliet, nurseJid);
  await unblock(scene.juliet, nurseJid);
  nurse.receivesNothing();
});

test("a request whose answer was lost to a block is made again when the contact may be heard [rfc6121-3.1.2-10] [rfc6121-3.1.2-11]", async () => {
  await using scene = await contacts();
  const { juliet, world } = scene;
  const nurse = await world.login(`${nurseJid}/door`);
  await nurse.sendText("<presence/>");
  await juliet.sendText(`<presence type='subscribe' to='${nurseJid}'/>`);
  await block(juliet, nurseJid);
  nurse.ignoreAll();
  await nurse.sendText(`<presence type='subscribed' to='${julietJid}'/>`);
  juliet.ignoreAll();
  // Of somebody else nothing is asked.
  await block(juliet, "tybalt@capulet.example");
  await unblock(juliet, "tybalt@capulet.example");
  juliet.ignoreAll();
  nurse.ignoreAll();
  await unblock(juliet, nurseJid);
  juliet.receives(`<iq type='result' id='u' to='${julietJid}/balcony'/>`);
  juliet.receives(`<presence from='${nurseJid}/door' to='${julietJid}'/>`);
  // Who has let her in is not bothered.
  nurse.receivesNothing();
});

test("who was sent directed presence sees the user leave when blocked, and no second time", async () => {
  await using scene = await contacts();
  const { romeo, juliet, world } = scene;
  const nurse = await world.login(`${nurseJid}/door`);
  await juliet.sendText(`<presence to='${nurseJid}/door'/>`);
  nurse.ignoreAll();
  await block(juliet, nurseJid);
  nurse.receives(`<presence type='unavailable' from='${julietJid}/balcony' to='${nurseJid}/door'/>`);
  await juliet.close();
  nurse.receivesNothing();
  romeo.ignoreAll();
});

test("who was not blocked after all, as that could not be written, still hears the user leave [rfc6121-4.6.3-02]", async () => {
  await using scene = await contacts();
  const { juliet, world } = scene;
  const nurse = await world.login(`${nurseJid}/door`);
  const leaves = `<presence type='unavailable' from='${julietJid}/balcony' to='${nurseJid}/door'/>`;
  await juliet.sendText(`<presence to='${nurseJid}/door'/>`);
  nurse.ignoreAll();
  world.faults.failCommits("full");
  await block(juliet, nurseJid);
  world.faults.failCommits(undefined);
  assert.equal(juliet.pending.at(-1)?.attr("type"), "error");
  nurse.receivesNothing();
  await juliet.sendText("<presence type='unavailable'/>");
  nurse.receives(leaves);
  nurse.receivesNothing();

  // In one breath with the block, of which nobody knows yet that it fails.
  await juliet.sendText(`<presence/><presence to='${nurseJid}/door'/>`);
  nurse.ignoreAll();
  world.faults.failCommits("full");
  await juliet.sendText(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='${nurseJid}'/></block></iq>` +
      "<presence type='unavailable'/>",
  );
  world.faults.failCommits(undefined);
  nurse.receives(leaves);
  nurse.receivesNothing();
});

test("a message of a blocked room or occupant vanishes: an error would throw the user out (S21)", async () => {
  await using scene = await contacts();
  const { romeo, juliet } = scene;
  await block(juliet, romeoJid);
  romeo.ignoreAll();
  juliet.ignoreAll();
  await romeo.sendText(`<message to='${julietJid}/balcony' type='groupchat' id='1'><body>Hi</body></message>`);
  await romeo.sendText(
    `<message to='${julietJid}/balcony' type='chat' id='2'><body>Hi</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>`,
  );
  juliet.receivesNothing();
  romeo.receivesNothing();
});

const matching: readonly {
  readonly blocked: string;
  readonly hits: readonly string[];
  readonly misses: readonly string[];
}[] = [
  { blocked: `${romeoJid}/orchard`, hits: ["orchard"], misses: ["garden"] },
  { blocked: romeoJid, hits: ["orchard", "garden"], misses: [] },
  { blocked: "montague.example", hits: ["orchard", "garden"], misses: [] },
  { blocked: "montague.example/orchard", hits: [], misses: ["orchard", "garden"] },
  { blocked: "example", hits: [], misses: ["orchard", "garden"] },
];

for (const { blocked, hits, misses } of matching)
  test(`${blocked} blocks ${hits.length === 0 ? "nobody" : hits.join(" and ")} of romeo's resources`, async () => {
    await using world = await startWorld({ accounts });
    const juliet = await world.login(`${julietJid}/balcony`);
    await block(juliet, blocked);
    juliet.ignoreAll();
    for (const resource of [...hits, ...misses]) {
      const romeo = await world.login(`${romeoJid}/${resource}`);
      await romeo.sendText(`<message to='${julietJid}/balcony' type='chat'><body>Hi</body></message>`);
      assert.equal(juliet.pending.length, misses.includes(resource) ? 1 : 0, resource);
      juliet.ignoreAll();
      await romeo.close();
    }
  });

test("nobody is kept from their own resources nor from their own server", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login(`${julietJid}/balcony`);
  const chamber = await world.login(`${julietJid}/chamber`);
  await block(juliet, julietJid, `${julietJid}/chamber`, "capulet.example");
  juliet.ignoreAll();
  await chamber.sendText(`<message to='${julietJid}/balcony' type='chat'><body>Me</body></message>`);
  assert.equal(juliet.next().attr("from"), `${julietJid}/chamber`);
  await juliet.sendText("<iq type='get' id='p' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");
  assert.equal(juliet.next().attr("id"), "p");
  const nurse = await world.login(`${nurseJid}/door`);
  await nurse.sendText(`<message to='${julietJid}/balcony' type='chat'><body>Hi</body></message>`);
  juliet.receivesNothing();
});

for (const [name, command, condition] of [
  ["blocks nobody", "<block xmlns='urn:xmpp:blocking'/>", "bad-request"],
  ["names no address", "<block xmlns='urn:xmpp:blocking'><item/></block>", "bad-request"],
  ["names what is no address", "<block xmlns='urn:xmpp:blocking'><item jid='@'/></block>", "jid-malformed"],
  [
    "blocks more than the bound (A15)",
    "<block xmlns='urn:xmpp:blocking'><item jid='a@b.example'/><item jid='b@b.example'/><item jid='c@b.example'/></block>",
    "resource-constraint",
  ],
] as const)
  test(`a command that ${name} is refused and changes nothing`, async () => {
    await using world = await startWorld({ accounts, options: { "blocking.blocked_max": 2 } });
    const juliet = await world.login(`${julietJid}/balcony`);
    await juliet.sendText(`<iq type='set' id='b'>${command}</iq>`);
    const error = juliet.next().child("jabber:client", "error");
    assert.ok(error?.child(stanzas, condition), condition);
    await juliet.sendText("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
    assert.equal(juliet.next().firstElement?.elements().length, 0);
  });

test("nobody reads or writes the block list of somebody else", async () => {
  await using scene = await contacts();
  const { romeo, juliet } = scene;
  for (const request of [
    `<iq type='get' id='x' to='${julietJid}'><blocklist xmlns='urn:xmpp:blocking'/></iq>`,
    `<iq type='set' id='x' to='${julietJid}'><block xmlns='urn:xmpp:blocking'><item jid='${nurseJid}'/></block></iq>`,
  ]) {
    await romeo.sendText(request);
    assert.ok(romeo.next().child("jabber:client", "error")?.child(stanzas, "service-unavailable"));
  }
  await juliet.sendText("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
  assert.equal(juliet.next().firstElement?.elements().length, 0);
});

test("a log-in tells nobody who is blocked, and asks nothing of them", async () => {
  await using scene = await contacts();
  const { romeo, juliet, world } = scene;
  await block(juliet, romeoJid);
  await juliet.close();
  romeo.ignoreAll();
  const again = await world.login(`${julietJid}/chamber`);
  await again.sendText("<presence/>");
  await again.sendText("<presence><show>away</show></presence>");
  await again.close();
  romeo.receivesNothing();
});

test("where only blocking runs, it blocks as well", async () => {
  const { serverModules } = await import("#server/modules.generated.ts");
  const modules = serverModules.filter(({ name }) => name !== "privacy-lists");
  assert.equal(modules.length, serverModules.length - 1);
  await using scene = await contacts({ modules });
  const { romeo, juliet } = scene;
  await block(juliet, romeoJid);
  juliet.ignoreAll();
  await romeo.sendText(`<message to='${julietJid}' type='chat'><body>Hi</body></message>`);
  juliet.receivesNothing();
});
