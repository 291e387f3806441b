import assert from "node:assert/strict";
import { test } from "node:test";
import { available, bodies, chat, errors, managed, resume, type Managed } from "#testing/scenario/devices.ts";
import { storedOfSessions } from "#testing/scenario/stored-rows.ts";
import { startWorld, worldLinkLimits, type World } from "#testing/scenario/world.ts";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";

const NS_SM = "urn:xmpp:sm:3";
const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

for (const killed of [false, true]) {
  const how = killed ? "a kill" : "a stop in peace";

  test(`S8 a session that hibernates outlives ${how}: it is resumed, gets what it missed once and in order, and counts go on [xep0198-5-13] [xep0198-5-19] [xep0198-5-20]`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await sender.sendText(chat(`${juliet}/balcony`, "1"));
    await mine.client.sendText(chat(romeo, "a"));
    await mine.client.cut();
    await sender.sendText(chat(juliet, "2") + chat(`${juliet}/balcony`, "3"));
    assert.deepEqual(await storedOfSessions(world, juliet), [1, 4, 3]);
    await world.restart({ killed });
    // Its presence and the first message.
    await resume(mine, juliet, 2);
    mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
    assert.deepEqual(bodies(mine.client), ["2", "3"]);
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 2]);
    await mine.client.sendText(`<a xmlns='${NS_SM}' h='4'/>`);
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
    const again = await available(world, `${romeo}/orchard`);
    mine.client.ignoreAll();
    await again.sendText(chat(juliet, "4"));
    assert.deepEqual(bodies(mine.client), ["4"], "its presence counts again");
    assert.equal(errors(mine.client), 0);
    await mine.client.sendText(`<r xmlns='${NS_SM}'/>`);
    assert.equal(mine.client.pending.at(-1)?.attr("h"), "2");
  });

  test(`S9 a session whose time runs out while the server is down after ${how} is over: its message is kept, and comes once`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await managed(world, `${romeo}/orchard`);
    await mine.client.sendText(`<presence to='${romeo}/orchard'/>`);
    await mine.client.cut();
    await sender.client.sendText(chat(juliet, "1"));
    await sender.client.cut();
    await world.restart({ killed, downMs: 590_000 });
    await world.advance(20_000);
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 1]);
    await resume(mine, juliet, 1);
    assert.equal(mine.client.next().name, "failed");
    await mine.client.bind("balcony");
    await mine.client.sendText("<presence/>");
    assert.deepEqual(bodies(mine.client), ["1"]);
    assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
  });
}

test("a session that is connected when the server stops in peace is resumed after the restart, and told so [xep0198-7-02]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const other = await managed(world, `${romeo}/orchard`);
  await mine.client.sendText(`<presence to='${romeo}'/>${chat(romeo, "1")}`);
  assert.deepEqual(bodies(other.client), ["1"]);
  await world.restart();
  assert.ok(mine.client.streamClosed);
  assert.ok(mine.client.pending.some((each) => each.child("urn:ietf:params:xml:ns:xmpp-streams", "system-shutdown")));
  await resume(mine, juliet, 1);
  mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='3'/>`);
  await resume(other, romeo, 1);
  other.client.receives(`<resumed xmlns='${NS_SM}' previd='${other.id}' h='1'/>`);
  // What it had not acknowledged: the presence and the message.
  assert.deepEqual(
    other.client.pending.filter(({ name }) => name !== "r").map(({ name }) => name),
    ["presence", "message"],
  );
});

test("a session that is connected when the server is killed cannot be resumed [xep0198-5-15]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await world.restart({ killed: true });
  await resume(mine, juliet, 1);
  mine.client.receives(
    `<failed xmlns='${NS_SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
  );
});

test("a client that claims too much after a restart gets a stream error (S8), and its session waits on [xep0198-6-04]", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  await world.restart({ killed: true });
  await resume(mine, juliet, 9);
  assert.ok(
    mine.client
      .next()
      .elements()
      .some(({ name }) => name === "handled-count-too-high"),
  );
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "resumed");
});

test("availability that a kill has lost is asked for again, and its place in the count is left empty", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  // Presence 2 and message 3 are on their way when the stream is cut; the client has had all three.
  await sender.sendText(`<presence to='${juliet}/balcony'/>${chat(`${juliet}/balcony`, "3")}`);
  await mine.client.cut();
  await sender.sendText(`<presence to='${juliet}/balcony' type='unavailable'/>${chat(`${juliet}/balcony`, "5")}`);
  await world.restart({ killed: true });
  await resume(mine, juliet, 3);
  mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`);
  assert.deepEqual(bodies(mine.client), ["5"]);
  // And then who of its own is there: nobody but itself.
  const away = mine.client.pending.filter(({ name }) => name === "presence").map((each) => each.attr("from"));
  assert.deepEqual(away, [juliet]);
  await mine.client.sendText(`<a xmlns='${NS_SM}' h='5'/>`);
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
});

test("of two that resume one session during a restart one gets it", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.restart({ killed: true });
  const other = world.connect();
  await other.authenticate("juliet", "capulet.example", "juliet");
  mine.client.reconnect();
  await mine.client.authenticate("juliet", "capulet.example", "juliet");
  const text = `<resume xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`;
  await Promise.all([mine.client.sendText(text), other.sendText(text)]);
  const outcomes = new Map([mine.client, other].map((client) => [client.next().name, bodies(client)]));
  assert.deepEqual([...outcomes.keys()].toSorted(), ["failed", "resumed"]);
  assert.deepEqual(outcomes.get("resumed"), ["1"]);
  assert.equal([...world.core.registry.sessions()].filter(({ jid }) => jid.startsWith("juliet")).length, 1);
});

test("a client that leaves a question for its acknowledgement open for long is taken as cut, and can resume [xep0198-7-02]", async () => {
  await using world = await startWorld({
    accounts,
    settings: { link: { ...worldLinkLimits, ackAnswerMsMax: 30_000 } },
  });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  await world.advance(60_000);
  assert.equal(mine.client.connectionClosed, false, "nothing was asked");
  await sender.sendText(chat(juliet, "1"));
  await world.advance(20_000);
  await mine.client.sendText("<iq type='get' id='p' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>");
  assert.equal(mine.client.connectionClosed, false);
  await world.advance(20_000);
  assert.ok(mine.client.connectionClosed, "that it speaks of other things does not help");
  assert.deepEqual(world.limitsHit, ["ack-answer"]);
  await resume(mine, juliet, 1);
  mine.client.receives(`<resumed xmlns='${NS_SM}' previd='${mine.id}' h='2'/>`);
  assert.deepEqual(bodies(mine.client), ["1"]);
});

test("A55 with a changed password what hibernates is over, and nothing is stored of it", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.cut();
  await sender.sendText(chat(juliet, "1"));
  await world.restart({ killed: true });
  const user = bareOf(parseJid(juliet) ?? assert.fail());
  const changing = world.core.accounts.setPassword(user, "other");
  await world.settle();
  assert.deepEqual(await changing, { ok: true });
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 1]);
  assert.equal([...world.core.registry.sessions()].length, 0);
});

test("A54 with a deleted account what hibernated is wiped", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  await world.restart({ killed: true });
  const deleting = world.core.accounts.delete(bareOf(parseJid(juliet) ?? assert.fail()));
  await world.settle();
  assert.deepEqual(await deleting, { ok: true });
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
});

test("a session of a host that is not served any more waits until the host is back", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  await world.restart({ killed: true, domains: ["montague.example"] });
  assert.ok(world.log.some(({ text }) => text.includes("not served any more")));
  await world.restart({ killed: true });
  await resume(mine, juliet, 1);
  assert.equal(mine.client.next().name, "resumed");
});

test("where nothing can be written, a session hibernates in memory, and is stored as soon as that can be", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  const sender = await available(world, `${romeo}/orchard`);
  world.faults.failCommits("full");
  await mine.client.cut();
  await world.advance(5_000);
  assert.deepEqual(await storedOfSessions(world, juliet), [0, 0, 0]);
  world.faults.failCommits(undefined);
  await world.advance(5_000);
  await sender.sendText(chat(juliet, "1"));
  assert.deepEqual(await storedOfSessions(world, juliet), [1, 2, 1]);
  await world.restart({ killed: true });
  await resume(mine, juliet, 1);
  assert.deepEqual([mine.client.next().name, bodies(mine.client)], ["resumed", ["1"]]);
});

for (const { fails, begin, end } of [
  {
    fails: "is stored cannot be read",
    begin: ({ faults }: World) => faults.failReads("unavailable"),
    end: ({ faults }: World) => Promise.resolve(faults.failReads(undefined)),
  },
  {
    fails: "comes of it cannot be written",
    begin: ({ faults }: World) => faults.failCommits("full"),
    end: async (world: World) => {
      world.faults.failCommits(undefined);
      await world.advance(5_000);
      await world.restart({ killed: true });
    },
  },
])
  test(`where what ${fails}, a resumption is refused, and the session waits on and is resumed later`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await mine.client.cut();
    await sender.sendText(chat(juliet, "1"));
    mine.client.reconnect();
    await mine.client.authenticate("juliet", "capulet.example", "juliet");
    begin(world);
    await mine.client.sendText(`<resume xmlns='${NS_SM}' previd='${mine.id}' h='1'/>`);
    const refusal = mine.client.next().elements();
    assert.ok(refusal.some(({ name }) => name === "resource-constraint"));
    await end(world);
    await resume(mine, juliet, 1);
    assert.deepEqual([mine.client.next().name, bodies(mine.client)], ["resumed", ["1"]]);
  });

for (const { end, how } of [
  { how: "it is resumed", end: async (_: World, mine: Managed) => resume(mine, juliet, 1) },
  { how: "its time runs out", end: (world: World) => world.advance(700_000) },
])
  test(`a row of what a session owed that failed and was written all the same is gone when ${how}`, async () => {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    const sender = await available(world, `${romeo}/orchard`);
    await mine.client.cut();
    world.faults.failCommits("unavailable", true);
    await sender.sendText(chat(juliet, "1"));
    world.faults.failCommits(undefined);
    assert.equal(errors(sender), 1);
    const [, rows] = await storedOfSessions(world, juliet);
    assert.equal(rows, 1, "its own presence; the message went back, and is not kept for a restart");
    await end(world, mine);
    assert.deepEqual((await storedOfSessions(world, juliet)).slice(0, 2), [0, 0]);
  });

test("what the session knew goes on with it: carbons, interest in the roster, directed presence", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await mine.client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  const sender = await available(world, `${romeo}/orchard`);
  await mine.client.sendText(`<presence to='${romeo}/orchard'/>`);
  const handled = mine.client.pending.filter(({ name }) => name === "iq" || name === "presence").length;
  await mine.client.cut();
  await sender.close();
  await world.restart();
  await resume(mine, juliet, handled);
  assert.equal(mine.client.next().name, "resumed");
  mine.client.ignoreAll();
  const other = await available(world, `${juliet}/chamber`);
  await other.sendText(
    `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${romeo}'/></query></iq>${chat(romeo, "1")}`,
  );
  assert.ok(mine.client.pending.some((each) => each.child("jabber:iq:roster", "query") !== undefined));
  assert.ok(mine.client.pending.some((each) => each.child("urn:xmpp:carbons:2", "sent") !== undefined));
  const friend = await available(world, `${romeo}/orchard`);
  await mine.client.close();
  assert.ok(friend.pending.some((each) => each.attr("type") === "unavailable"));
});

test("a roster push to a session that hibernates is one with the change: a kill leaves both or neither [xep0198-5-19]", async () => {
  for (const { afterMs, pushes } of [
    { afterMs: 500, pushes: 0 },
    { afterMs: 2_500, pushes: 1 },
  ]) {
    await using world = await startWorld({ accounts });
    const mine = await managed(world, `${juliet}/balcony`);
    await mine.client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    await mine.client.cut();
    const other = await available(world, `${juliet}/chamber`);
    await world.advance(10_000);
    // A commit takes it two things.
    world.slowDisc(1_000);
    await other.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${romeo}'/></query></iq>`);
    await world.advance(afterMs);
    world.slowDisc(0);
    await world.restart({ killed: true });
    await resume(mine, juliet, 2);
    assert.equal(mine.client.next().name, "resumed");
    const pushed = mine.client.pending.filter((each) => each.child("jabber:iq:roster", "query") !== undefined);
    assert.equal(pushed.length, pushes);
    await mine.client.sendText("<iq type='get' id='r2'><query xmlns='jabber:iq:roster'/></iq>");
    assert.equal(mine.client.pending.at(-1)?.firstElement?.elements().length, pushes);
  }
});

test("what one that hibernates is owed is copied to the others also where that cannot be written down (XEP-0280)", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.cut();
  const other = await available(world, `${juliet}/chamber`);
  await other.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  const sender = await available(world, `${romeo}/orchard`);
  other.ignoreAll();
  world.faults.failCommits("full");
  const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  await sender.sendText(`<message to='${juliet}/balcony' type='chat' id='s'>${composing}</message>`);
  world.faults.failCommits(undefined);
  const copies = other.pending.flatMap((stanza) => stanza.child("urn:xmpp:carbons:2", "received") ?? []);
  assert.equal(copies.length, 1);
});

test("what could not be written is not pushed to a session that hibernates, and what comes next finds its place", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  await mine.client.cut();
  const other = await available(world, `${juliet}/chamber`);
  const sender = await available(world, `${romeo}/orchard`);
  const set = (jid: string): string =>
    `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${jid}'/></query></iq>`;
  world.faults.failCommits("full");
  await other.sendText(set("nurse@capulet.example"));
  await sender.sendText(chat(`${juliet}/balcony`, "lost"));
  world.faults.failCommits(undefined);
  assert.equal(errors(sender), 1);
  await other.sendText(set(romeo));
  await sender.sendText(chat(`${juliet}/balcony`, "1"));
  await world.advance(5_000);
  await world.restart({ killed: true });
  await resume(mine, juliet, 2);
  assert.equal(mine.client.next().name, "resumed");
  const told = mine.client.pending.flatMap((each) => each.child("jabber:iq:roster", "query")?.elements() ?? []);
  assert.deepEqual(
    told.map((item) => item.attr("jid")),
    [romeo],
  );
  assert.deepEqual(bodies(mine.client), ["1"]);
});

for (const { location, told } of [
  { location: undefined, told: undefined },
  { location: "[2001:db8::1]:5222", told: "[2001:db8::1]:5222" },
])
  test(`a client is told where to come back to: ${told} [xep0198-3-07] [xep0198-5-09]`, async () => {
    await using world = await startWorld({ accounts, ...(location === undefined ? {} : { location }) });
    const client = await world.login(`${juliet}/balcony`);
    await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
    const enabled = client.next();
    assert.deepEqual([enabled.attr("location"), enabled.attr("resume")], [told, "true"]);
  });

test("what is handed over with a row for one that hibernates leaves nothing behind: a write that fails next is told as failed", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await mine.client.cut();
  const other = await available(world, `${juliet}/chamber`);
  await available(world, `${romeo}/orchard`);
  const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  for (const payload of [composing, "<body>Hark</body>"]) {
    await other.sendText(`<message to='${romeo}/orchard' type='chat'>${payload}</message>`);
    other.ignoreAll();
    world.faults.failCommits("full");
    await other.sendText(
      "<iq type='set' id='p'><query xmlns='jabber:iq:private'><n xmlns='urn:x:n'>kept</n></query></iq>",
    );
    world.faults.failCommits(undefined);
    assert.deepEqual(
      other.pending.filter(({ name }) => name === "iq").map((each) => each.attr("type")),
      ["error"],
    );
    other.ignoreAll();
  }
});

test("a message whose sender was told that it is safe is not missed by a device that hibernates, however slow the disc (XEP-0280)", async () => {
  await using world = await startWorld({ accounts });
  const mine = await managed(world, `${juliet}/balcony`);
  await mine.client.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
  await mine.client.cut();
  const other = await managed(world, `${juliet}/chamber`);
  await available(world, `${romeo}/orchard`);
  await world.advance(10_000);
  world.slowDisc(1_000);
  const isTold = (): boolean => other.client.pending.some((each) => each.name === "a" && each.attr("h") === "3");
  await other.client.sendText(chat(`${romeo}/orchard`, "1") + chat(`${romeo}/orchard`, "2") + `<r xmlns='${NS_SM}'/>`);
  for (let waits = 0; !isTold() && waits < 100; waits += 1) await world.advance(100);
  assert.ok(isTold());
  world.slowDisc(0);
  await world.restart({ killed: true });
  await resume(mine, juliet, 2);
  assert.equal(mine.client.next().name, "resumed");
  const copies = mine.client.pending.filter((each) => each.child("urn:xmpp:carbons:2", "sent") !== undefined);
  assert.equal(copies.length, 2);
});
