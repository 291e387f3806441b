import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import {
  component,
  conditionOf,
  irc,
  joined,
  juliet,
  online,
  romeo,
  secret,
  startWithComponents,
  told,
} from "#testing/scenario/components.ts";

describe("in whose name a component writes (A35)", () => {
  const cases: readonly (readonly [name: string, stanza: string, condition: string])[] = [
    ["a user of a host [xep0114-3-09]", `<message from='${juliet}' to='${romeo}'/>`, "invalid-from"],
    ["a host [xep0114-3-09]", `<iq from='montague.example' to='${romeo}' type='result' id='1'/>`, "invalid-from"],
    ["a stranger [xep0114-3-09]", `<message from='a@verona.example' to='${romeo}'/>`, "invalid-from"],
    ["a name below its own [xep0114-3-09]", `<message from='a@x.${irc}' to='${romeo}'/>`, "invalid-from"],
    ["a name that ends like its own [xep0114-3-09]", `<message from='a@x${irc}' to='${romeo}'/>`, "invalid-from"],
    ["a name in which its own is only a part", `<message from='${irc}@verona.example' to='${romeo}'/>`, "invalid-from"],
    ["what is no address", `<message from='@' to='${romeo}'/>`, "invalid-from"],
    ["nobody [xep0114-3-08]", `<message to='${romeo}'/>`, "improper-addressing"],
    ["itself, to nobody [xep0114-3-08]", `<message from='a@${irc}'/>`, "improper-addressing"],
    ["itself, in no stanza", `<telegram from='a@${irc}' to='${romeo}'/>`, "unsupported-stanza-type"],
    [
      "itself, in a client's namespace",
      `<message xmlns='jabber:client' from='a@${irc}' to='${romeo}'/>`,
      "invalid-namespace",
    ],
    [
      "itself, in a server's namespace",
      `<message xmlns='jabber:server' from='a@${irc}' to='${romeo}'/>`,
      "unsupported-stanza-type",
    ],
  ];
  for (const [name, stanza, condition] of cases)
    test(`${name}: ${condition}, and nothing that follows is looked at`, async () => {
      await using world = await startWithComponents();
      const gateway = await joined(world);
      const client = await online(world, `${romeo}/orchard`);
      await gateway.sendText(`${stanza}<message from='a@${irc}' to='${romeo}/orchard' type='headline'/>`);
      assert.equal(conditionOf(gateway), condition);
      assert.ok(gateway.streamClosed);
      client.receivesNothing();
      await world.advance(10_000);
      assert.ok(gateway.connectionClosed);
      assert.equal(world.core.components.linkCount, 0);
    });
});

describe("to come in", () => {
  test("takes the secret: a wrong one ends the connection [xep0114-3-06]", async () => {
    await using world = await startWithComponents();
    const stranger = world.connectComponent();
    await stranger.begin(irc);
    await stranger.prove("guessed");
    assert.equal(conditionOf(stranger), "not-authorized");
    await world.advance(10_000);
    assert.ok(stranger.connectionClosed);
    assert.deepEqual(told(world), [
      "a component's handshake failed",
      "a component's stream ended with an error from us",
    ]);
    assert.ok(!JSON.stringify(world.log).includes(secret));
  });

  test("takes a name that is served [xep0114-3-02]", async () => {
    await using world = await startWithComponents();
    for (const name of ["sonnets.montague.example", "montague.example", "capulet.example"]) {
      const stranger = world.connectComponent();
      await stranger.begin(name);
      assert.equal(conditionOf(stranger), "host-unknown", name);
    }
  });

  test("A29 guessing the secret is slowed down, for that component and that address, whoever else comes", async () => {
    const other = component({ domain: domainJid("sms.capulet.example") });
    await using world = await startWithComponents({
      components: [component(), other],
      failedLogins: { max: 3, windowMs: 300_000 },
    });
    const outcomes: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      const stranger = world.connectComponent({ address: "198.51.100.7" });
      await stranger.begin(irc);
      if (!stranger.streamClosed) await stranger.prove(`guess ${attempt}`);
      outcomes.push(conditionOf(stranger));
    }
    assert.deepEqual(outcomes, [
      "not-authorized",
      "not-authorized",
      "not-authorized",
      "policy-violation",
      "policy-violation",
    ]);
    assert.deepEqual(world.limitsHit, ["failed-logins", "failed-logins"]);
    const right = world.connectComponent({ address: "198.51.100.7" });
    await right.join("sms.capulet.example", secret);
    await world.advance(300_000);
    const late = world.connectComponent({ address: "198.51.100.7" });
    await late.join(irc, secret);
  });

  test("A29 strangers' guesses do not keep a component out that was here from its own address", async () => {
    await using world = await startWithComponents({ failedLogins: { max: 2, windowMs: 300_000 } });
    const gateway = await joined(world);
    await gateway.cut();
    for (let attempt = 0; attempt < 3; attempt++) {
      const stranger = world.connectComponent({ address: `198.51.100.${attempt}` });
      await stranger.begin(irc);
      if (!stranger.streamClosed) await stranger.prove("guess");
    }
    await joined(world);
  });

  test("A7 takes no longer than its deadline, however it is spent", async () => {
    await using world = await startWithComponents();
    const silent = world.connectComponent();
    const slow = world.connectComponent();
    await slow.begin(irc);
    for (let minute = 0; minute < 6; minute++) {
      await slow.sendText(" ");
      await world.advance(10_000);
    }
    assert.equal(conditionOf(slow), "policy-violation");
    assert.equal(conditionOf(silent), "policy-violation");
    await world.advance(10_000);
    assert.ok(slow.connectionClosed && silent.connectionClosed);
    assert.equal(world.core.components.linkCount, 0);
    assert.deepEqual(world.limitsHit, ["negotiation-time", "negotiation-time"]);
  });

  test("A3 costs little: what is large ahead of the handshake is refused, and allowed behind it", async () => {
    await using world = await startWithComponents();
    const stranger = world.connectComponent();
    await stranger.begin(irc);
    await stranger.sendText(`<handshake>${"a".repeat(20_000)}</handshake>`);
    assert.equal(conditionOf(stranger), "policy-violation");
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    const large = "a".repeat(20_000);
    await gateway.sendText(
      `<message from='${irc}' to='${romeo}/orchard' type='headline'><body>${large}</body></message>`,
    );
    assert.equal(client.next().elements()[0]?.text, large);
    await gateway.sendText(`<message from='${irc}' to='${romeo}'><body>${"a".repeat(300_000)}</body></message>`);
    assert.equal(conditionOf(gateway), "policy-violation");
    assert.deepEqual(world.limitsHit, ["stanza-size", "stanza-size"]);
  });

  test("takes the place of nobody: who connects while it is there is refused", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    const second = world.connectComponent();
    await second.begin(irc);
    await second.prove(secret);
    assert.equal(conditionOf(second), "conflict");
    assert.ok(!gateway.streamClosed);
    // It is asked whether it really is there.
    gateway.receives(
      `<iq from='montague.example' to='${irc}' type='get' id='{any}'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    await gateway.sendText(" ");
    await world.advance(60_000);
    assert.ok(!gateway.connectionClosed);
  });

  test("is possible again soon where its old connection is dead and nobody knows (half-open)", async () => {
    await using world = await startWithComponents();
    await joined(world);
    await world.advance(1_000);
    const second = world.connectComponent();
    await second.begin(irc);
    await second.prove(secret);
    assert.equal(conditionOf(second), "conflict");
    await world.advance(40_000);
    await joined(world);
    assert.deepEqual(world.limitsHit, ["ping-answer"]);
  });

  test("ends its old connection where the administrator wants it so", async () => {
    await using world = await startWithComponents({ components: [component({ conflict: "replace-old" })] });
    const gateway = await joined(world);
    const second = await joined(world);
    assert.equal(conditionOf(gateway), "conflict");
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<message to='a@${irc}'><body>hi</body></message>`);
    assert.equal(second.next().attr("to"), `a@${irc}`);
    await world.advance(10_000);
    assert.ok(gateway.connectionClosed && !second.connectionClosed);
    assert.equal(world.core.components.all.get(irc)?.presence.state, "connected");
  });
});
