import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import {
  component,
  conditionOf,
  failure,
  irc,
  joined,
  online,
  romeo,
  secret,
  startWithComponents,
  timeout,
} from "#testing/scenario/components.ts";
import { worldLinkLimits, type World } from "#testing/scenario/world.ts";
import { defaultComponentLimits } from "./component-settings.ts";

/** Ids of the messages that the component finds waiting when it comes. */
async function textsFor(world: World): Promise<readonly (string | undefined)[]> {
  const gateway = world.connectComponent();
  await gateway.begin(irc);
  await gateway.prove(secret);
  return gateway.pending.filter(({ name }) => name === "message").map((each) => each.attr("id"));
}

describe("while a component is away", () => {
  const chat = (text: string) => `<message to='a@${irc}' type='chat' id='${text}'><body>${text}</body></message>`;

  test("what is for it waits, in order, and is delivered when it comes", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one"));
    await client.sendText(`<presence to='a@${irc}/nick'/>${chat("two")}`);
    await world.advance(10_000);
    client.receivesNothing();
    const gateway = world.connectComponent();
    await gateway.begin(irc);
    await gateway.prove(secret);
    assert.deepEqual(
      gateway.pending.map((each) => each.attr("id") ?? each.name),
      ["handshake", "one", "presence", "two", gateway.pending.at(-1)?.attr("id")],
    );
  });

  test("its deadline is kept: what waited goes back, and what comes after goes back at once", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(
      chat("one") +
        `<iq to='${irc}' type='get' id='q'><query xmlns='jabber:iq:version'/></iq>` +
        `<presence to='a@${irc}' type='unavailable'/><iq to='${irc}' type='result' id='r'/>`,
    );
    await world.advance(20_000);
    client.receives(`<message from='a@${irc}' to='${romeo}/orchard' type='error' id='one'>${timeout}</message>`);
    client.receives(
      `<iq from='${irc}' to='${romeo}/orchard' type='error' id='q'><query xmlns='jabber:iq:version'/>${timeout}</iq>`,
    );
    client.receivesNothing();
    await client.sendText(chat("two") + `<presence to='a@${irc}/nick'/>`);
    client.receives(`<message from='a@${irc}' to='${romeo}/orchard' type='error' id='two'>${timeout}</message>`);
    client.receives(`<presence from='a@${irc}/nick' to='${romeo}/orchard' type='error'>${timeout}</presence>`);
    const gateway = await joined(world);
    await client.sendText(chat("three"));
    assert.equal(gateway.next().attr("id"), "three");
  });

  test("its time begins when it goes", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    await world.advance(50_000);
    await gateway.close();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one"));
    await world.advance(15_000);
    client.receivesNothing();
    await world.advance(6_000);
    assert.equal(client.next().attr("type"), "error");
  });

  test("nothing waits where nothing is to wait", async () => {
    await using world = await startWithComponents({ limits: { awayMsMax: 0 } });
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one"));
    assert.equal(client.next().attr("type"), "error");
  });

  test("A10 no more waits than there is room for", async () => {
    await using world = await startWithComponents({ limits: { queueStanzasMax: 2 } });
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one") + chat("two") + chat("three"));
    client.receives(
      `<message from='a@${irc}' to='${romeo}/orchard' type='error' id='three'>${failure("wait", "resource-constraint")}</message>`,
    );
    client.receivesNothing();
    assert.deepEqual(world.limitsHit, ["component-queue"]);
    const bytes = await startWithComponents({ limits: { queueBytesMax: 150 } });
    await using second = bytes;
    const other = await online(second, `${romeo}/orchard`);
    await other.sendText(chat("one") + chat("two"));
    assert.equal(other.next().attr("id"), "two");
  });

  test("its senders' acknowledgements wait until it has what it was sent, or they have it back", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<enable xmlns='urn:xmpp:sm:3'/>`);
    client.ignoreAll();
    await client.sendText(`${chat("one")}<r xmlns='urn:xmpp:sm:3'/>`);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='0'/>`);
    await joined(world);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='1'/>`);
    for (const link of [world.core.components.all.get(irc)?.presence])
      if (link?.state === "connected") link.link.connection.destroy();
    await world.settle();
    await client.sendText(`${chat("two")}<r xmlns='urn:xmpp:sm:3'/>`);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='1'/>`);
    await world.advance(20_000);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='2'/>`);
    client.receives(`<message from='a@${irc}' to='${romeo}/orchard' type='error' id='two'>${timeout}</message>`);
  });

  test("what waits for long is written down: its sender need not wait, and a kill of ours loses none of it", async () => {
    await using world = await startWithComponents({ limits: { awayMsMax: 600_000 } });
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<enable xmlns='urn:xmpp:sm:3'/>`);
    client.ignoreAll();
    await client.sendText(`${chat("one")}${chat("two")}<r xmlns='urn:xmpp:sm:3'/>`);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='0'/>`);
    await world.advance(3_000);
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='2'/>`);
    await world.restart({ killed: true });
    assert.deepEqual(await textsFor(world), ["one", "two"]);
    await world.restart();
    assert.deepEqual(await textsFor(world), []);
  });

  test("what was written down and stays unwanted goes back to its sender, also after a restart", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one"));
    await world.advance(3_000);
    await world.restart({ killed: true });
    const again = await online(world, `${romeo}/orchard`);
    await world.advance(20_000);
    again.receives(`<message from='a@${irc}' to='${romeo}/orchard' type='error' id='one'>${timeout}</message>`);
    await world.restart();
    assert.equal(world.core.outgoing.rows, 0);
  });

  test("a question waits as well, and keeps nobody's acknowledgements waiting", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<enable xmlns='urn:xmpp:sm:3'/>`);
    client.ignoreAll();
    await client.sendText(
      `<iq to='${irc}' type='get' id='q'><query xmlns='jabber:iq:version'/></iq><r xmlns='urn:xmpp:sm:3'/>`,
    );
    client.receives(`<a xmlns='urn:xmpp:sm:3' h='1'/>`);
    const gateway = world.connectComponent();
    await gateway.begin(irc);
    await gateway.prove(secret);
    assert.ok(gateway.pending.some((each) => each.attr("id") === "q"));
  });

  test("what its connection did not take goes over the next one, ahead of what came later", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    gateway.transport.stalled = true;
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one") + chat("two"));
    gateway.receivesNothing();
    await gateway.cut();
    await client.sendText(chat("three"));
    const next = world.connectComponent();
    await next.begin(irc);
    await next.prove(secret);
    assert.deepEqual(
      next.pending.filter(({ name }) => name === "message").map((each) => each.attr("id")),
      ["one", "two", "three"],
    );
  });

  test("what a connection did not take that another one replaces goes over that one, ahead of what came later", async () => {
    await using world = await startWithComponents({ components: [component({ conflict: "replace-old" })] });
    const gateway = await joined(world);
    gateway.transport.stalled = true;
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(chat("one") + chat("two"));
    const next = world.connectComponent();
    await next.begin(irc);
    await next.prove(secret);
    await client.sendText(chat("three"));
    await world.advance(worldLinkLimits.closingMsMax);
    assert.deepEqual(
      next.pending.filter(({ name }) => name === "message").map((each) => each.attr("id")),
      ["one", "two", "three"],
    );
    assert.equal(world.core.components.linkCount, 1);
  });
});

describe("a connection of a component", () => {
  test("A10 that does not take what it is sent is cut, and what it was sent waits", async () => {
    const { link } = defaultComponentLimits(worldLinkLimits);
    await using world = await startWithComponents({ limits: { link: { ...link, unsentBytesMax: 10_000 } } });
    const gateway = await joined(world);
    gateway.transport.stalled = true;
    const client = await online(world, `${romeo}/orchard`);
    for (let count = 0; count < 12; count++)
      await client.sendText(`<message to='a@${irc}' id='m${count}'><body>${"x".repeat(1_000)}</body></message>`);
    assert.ok(gateway.connectionClosed);
    assert.deepEqual(world.limitsHit, ["unsent-bytes"]);
    client.receivesNothing();
    const next = world.connectComponent();
    await next.begin(irc);
    await next.prove(secret);
    assert.equal(next.pending.filter(({ name }) => name === "message").length, 12);
  });

  test("that has been silent is asked whether it is there, and given up when it does not answer", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    await world.advance(65_000);
    const asked = gateway.receives(
      `<iq from='montague.example' to='${irc}' type='get' id='{any}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    await gateway.sendText(`<iq from='${irc}' to='montague.example' type='result' id='${asked.attr("id") ?? ""}'/>`);
    await world.advance(50_000);
    assert.ok(!gateway.connectionClosed);
    gateway.ignoreAll();
    await world.advance(50_000);
    assert.ok(gateway.connectionClosed);
    assert.deepEqual(world.limitsHit, ["ping-answer"]);
    assert.equal(world.core.components.all.get(irc)?.presence.state, "away");
  });

  test("A6 that sends too fast is read more slowly, where it has a bound, and nothing is lost", async () => {
    const { link } = defaultComponentLimits(worldLinkLimits);
    await using world = await startWithComponents({
      limits: { link: { ...link, stanzasRate: { perSecond: 1, burst: 2 } } },
    });
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    for (let count = 0; count < 6; count++)
      await gateway.sendText(`<message from='${irc}' to='${romeo}/orchard' type='headline' id='m${count}'/>`);
    assert.ok(client.pending.length < 6);
    await world.advance(10_000);
    assert.deepEqual(
      client.pending.map((each) => each.attr("id")),
      ["m0", "m1", "m2", "m3", "m4", "m5"],
    );
    assert.ok(world.limitsHit.includes("rate-stanzas"));
  });

  test("leaves nothing behind, however it is ended", async () => {
    await using world = await startWithComponents();
    for (let count = 0; count < 20; count++) {
      const stranger = world.connectComponent();
      await stranger.begin(count % 2 === 0 ? irc : "verona.example");
      await stranger.cut();
    }
    assert.equal(world.core.components.linkCount, 0);
    assert.equal(world.core.components.all.get(irc)?.presence.state, "away");
  });

  test("is told when the server goes down; what waits is sent again by its senders afterwards", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    await world.restart();
    assert.equal(conditionOf(gateway), "system-shutdown");
    await joined(world);
  });

  test("ends when its component is removed, and what waited goes back", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<message to='a@${irc}' id='m'><body>hi</body></message>`);
    const { components } = world.core;
    components.remove(domainJid(irc));
    await world.settle();
    assert.equal(client.next().child("jabber:client", "error")?.elements()[0]?.name, "remote-server-not-found");
    components.set(component());
    const gateway = await joined(world);
    components.remove(domainJid(irc));
    await world.settle();
    assert.equal(conditionOf(gateway), "host-gone");
    assert.ok(!world.core.serves(domainJid(irc)));
    await world.advance(10_000);
    assert.equal(components.linkCount, 0);
  });

  test("stays when its secret changes, which the next one must know", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    world.core.components.set(component({ secret: "another one" }));
    assert.ok(!gateway.streamClosed);
    await gateway.cut();
    const old = world.connectComponent();
    await old.begin(irc);
    await old.prove(secret);
    assert.equal(conditionOf(old), "not-authorized");
    const fresh = world.connectComponent();
    await fresh.join(irc, "another one");
  });
});
