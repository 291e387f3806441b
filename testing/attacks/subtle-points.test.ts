import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { befriend } from "../scenario/contacts.ts";
import type { ScriptedClient } from "../scenario/scripted-client.ts";
import { startWorld } from "../scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const nurse = "nurse@capulet.example";
const accounts = [romeo, juliet, nurse];
const roster = (inner = ""): string => `<query xmlns='jabber:iq:roster'>${inner}</query>`;
const block = (jid: string): string =>
  `<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'><item jid='${jid}'/></block></iq>`;

function texts(client: ScriptedClient): readonly string[] {
  return client.pending.map((element) => serialize(element));
}

/** Roster pushes that came, the items of each. */
function pushes(client: ScriptedClient): readonly XmlElement[] {
  return client.pending.flatMap((element) => {
    const query = element.attr("type") === "set" ? element.child("jabber:iq:roster", "query") : undefined;
    return query === undefined ? [] : [query];
  });
}

test("S1 a subscription request comes whole at each log-in, extensions included, until it is answered", async () => {
  await using world = await startWorld({ accounts });
  const asking = await world.login(`${romeo}/orchard`);
  const inside = "<nick xmlns='http://jabber.org/protocol/nick'>R</nick><x xmlns='urn:x'><y z='1'>&amp;</y></x>";
  await asking.sendText(`<presence type='subscribe' to='${juliet}'>${inside}</presence>`);
  for (let turn = 0; turn < 3; turn += 1) {
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText("<presence/>");
    const request = client.pending.find((element) => element.attr("type") === "subscribe");
    assert.equal(
      request
        ?.elements()
        .map((element) => serialize(element))
        .join(""),
      inside,
    );
    if (turn === 1) await client.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
    await client.close();
    await world.advance(120_000);
    if (turn === 1) break;
  }
  const last = await world.login(`${juliet}/balcony`);
  await last.sendText("<presence/>");
  assert.doesNotMatch(texts(last).join(), /subscribe'/);
});

test("S2 S3 roster pushes carry their version, say that there is no subscription, come for what changes nothing, and to who has asked only", async () => {
  await using world = await startWorld({ accounts });
  const interested = await world.login(`${romeo}/interested`);
  const other = await world.login(`${romeo}/other`);
  await interested.sendText(`<iq type='get' id='1'>${roster()}</iq>`);
  for (let turn = 0; turn < 2; turn += 1) {
    interested.ignoreAll();
    other.ignoreAll();
    await other.sendText(`<iq type='set' id='s'>${roster(`<item jid='${juliet}' name='J'/>`)}</iq>`);
    const [push, ...more] = pushes(interested);
    assert.equal(more.length, 0);
    assert.ok((push?.attr("ver") ?? "") !== "", "a version");
    assert.equal(push?.elements()[0]?.attr("subscription"), "none");
    assert.equal(pushes(other).length, 0);
  }
});

test("S4 a contact that was approved before it asks is let in without asking", async () => {
  await using world = await startWorld({ accounts });
  const owner = await world.login(`${juliet}/balcony`);
  await owner.sendText("<presence/>");
  await owner.sendText(`<presence type='subscribed' to='${romeo}'/>`);
  owner.ignoreAll();
  const asking = await world.login(`${romeo}/orchard`);
  await asking.sendText("<presence/>");
  asking.ignoreAll();
  await asking.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  assert.doesNotMatch(texts(owner).join(), /type='subscribe'/);
  assert.deepEqual(
    asking.pending.map((element) => [element.name, element.attr("from"), element.attr("type")]),
    [["presence", owner.jid, undefined]],
    "it sees the presence at once",
  );
});

test("S5 who is removed from the roster alone hears that its owner is gone", async () => {
  await using world = await startWorld({ accounts });
  const owner = await world.login(`${romeo}/orchard`);
  const removed = await world.login(`${juliet}/balcony`);
  const stays = await world.login(`${nurse}/street`);
  await befriend(owner, removed);
  await befriend(owner, stays);
  for (const client of [owner, removed, stays]) client.ignoreAll();
  await owner.sendText(`<iq type='set' id='r'>${roster(`<item jid='${juliet}' subscription='remove'/>`)}</iq>`);
  const gone = removed.pending.find((element) => element.attr("type") === "unavailable");
  assert.equal(gone?.attr("from"), owner.jid);
  assert.deepEqual(texts(stays), []);
});

test("S15 S26 who is blocked is blocked however the address is written, both ways, and is told what one is told of nobody", async () => {
  await using world = await startWorld({ accounts });
  const owner = await world.login(`${romeo}/orchard`);
  const stranger = await world.login(`${juliet}/balcony`);
  await befriend(owner, stranger);
  await owner.sendText(block("Juliet@CAPULET.example"));
  assert.deepEqual(
    stranger.pending.map((element) => [element.name, element.attr("type")]),
    [["presence", "unavailable"]],
    "blocking looks like leaving",
  );
  for (const client of [owner, stranger]) client.ignoreAll();
  const errors: string[] = [];
  for (const to of [romeo, owner.jid, `${romeo}/nowhere`, "nobody@montague.example"]) {
    await stranger.sendText(`<iq type='get' id='q' to='${to}'><query xmlns='jabber:iq:version'/></iq>`);
    const answer = stranger.next();
    errors.push(serialize(answer).replaceAll(to, "X"));
  }
  assert.equal(new Set(errors).size, 1, errors.join("\n"));
  await stranger.sendText(
    `<message to='${romeo}' type='chat'><body>psst</body></message><presence to='${owner.jid}'/>`,
  );
  assert.deepEqual(texts(owner), []);
  stranger.ignoreAll();
  await owner.sendText(`<message to='${juliet}' type='chat'><body>psst</body></message>`);
  assert.equal(owner.next().attr("type"), "error", "what one sends to who is blocked is refused, too");
  assert.deepEqual(texts(stranger), []);
});

test("S26 who is blocked is told the same while the other is away, and only who has asked for the list hears of its changes", async () => {
  await using world = await startWorld({ accounts });
  const owner = await world.login(`${romeo}/orchard`);
  const other = await world.login(`${romeo}/garden`);
  const stranger = await world.login(`${juliet}/balcony`);
  for (const client of [owner, other, stranger]) await client.sendText("<presence/>");
  await owner.sendText("<iq type='get' id='l'><blocklist xmlns='urn:xmpp:blocking'/></iq>");
  for (const client of [owner, other]) client.ignoreAll();
  await owner.sendText(block(juliet));
  assert.equal(texts(owner).filter((text) => /type='set'/.test(text)).length, 1);
  assert.deepEqual(texts(other), []);
  const answers: string[] = [];
  for (const away of [false, true]) {
    if (away) for (const client of [owner, other]) await client.close();
    stranger.ignoreAll();
    await stranger.sendText(
      `<message to='${romeo}' type='chat' id='m'><body>psst</body></message>` +
        `<iq type='get' id='i' to='${romeo}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    answers.push(texts(stranger).join(""));
  }
  assert.match(answers[0] ?? "", /<service-unavailable.*<service-unavailable/);
  assert.equal(answers[1], answers[0]);
  const later = await world.login(`${romeo}/later`);
  await later.sendText("<presence/>");
  assert.doesNotMatch(texts(later).join(""), /psst/, "nothing was kept of it");
});

test("S21 a room whose message is blocked does not hear of it, and one whose occupant is gone does", async () => {
  await using world = await startWorld({ accounts });
  const owner = await world.login(`${romeo}/orchard`);
  // To the server of an occupant, a room is an address like any other.
  const room = await world.login(`${juliet}/room`);
  const said = `<message to='${owner.jid}' type='groupchat'><body>1</body></message>`;
  await room.sendText(said);
  assert.equal(owner.next().attr("type"), "groupchat");
  await owner.sendText(block(juliet));
  room.ignoreAll();
  await room.sendText(said);
  assert.deepEqual(texts(room), []);
  await owner.sendText(`<iq type='set' id='u'><unblock xmlns='urn:xmpp:blocking'/></iq>`);
  await owner.close();
  await world.advance(1_000);
  room.ignoreAll();
  await room.sendText(said);
  assert.equal(room.next().attr("type"), "error");
});

test("S27 the server announces its own capabilities among the features of the stream", async () => {
  await using world = await startWorld({ accounts });
  const client = world.connect();
  const features = await client.authenticate("romeo", "montague.example", "romeo");
  const caps = features.child("http://jabber.org/protocol/caps", "c");
  assert.match(caps?.attr("ver") ?? "", /^[\w+/]{27}=$/);
});

test("S34 chat states alone are not stored, and a negative priority gets no messages", async () => {
  await using world = await startWorld({ accounts });
  const sender = await world.login(`${romeo}/orchard`);
  const shy = await world.login(`${juliet}/shy`);
  await shy.sendText("<presence><priority>-1</priority></presence>");
  shy.ignoreAll();
  await sender.sendText(
    `<message to='${juliet}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>` +
      `<message to='${juliet}' type='chat'><body>kept</body></message>`,
  );
  assert.deepEqual(texts(shy), []);
  const able = await world.login(`${juliet}/able`);
  await able.sendText("<presence/>");
  const came = texts(able).filter((text) => text.startsWith("<message"));
  assert.equal(came.length, 1);
  assert.match(came[0] ?? "", /<body>kept<\/body>/);
});

test("A38 what claims to be a roster push of the server's comes with the name of who sent it", async () => {
  await using world = await startWorld({ accounts });
  const victim = await world.login(`${romeo}/orchard`);
  const attacker = await world.login(`${juliet}/balcony`);
  const item = `<item jid='${juliet}' subscription='both'/>`;
  await attacker.sendText(`<iq type='set' id='p' to='${victim.jid}'>${roster(item)}</iq>`);
  for (const element of victim.pending) assert.equal(element.attr("from"), attacker.jid);
  attacker.ignoreAll();
  const errors: string[] = [];
  for (const to of [romeo, "nobody@montague.example"]) {
    await attacker.sendText(`<iq type='set' id='p' to='${to}'>${roster(item)}</iq>`);
    errors.push(serialize(attacker.next()).replaceAll(to, "X"));
  }
  assert.match(errors[0] ?? "", /<forbidden/);
  assert.equal(errors[0], errors[1], "and nobody learns from the refusal whether there is such an account");
  victim.ignoreAll();
  await victim.sendText(`<iq type='get' id='1'>${roster()}</iq>`);
  assert.deepEqual(victim.next().child("jabber:iq:roster", "query")?.elements(), []);
});
