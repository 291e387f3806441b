import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import {
  component,
  conditionOf,
  irc,
  joined,
  online,
  romeo,
  secret,
  startWithComponents,
  told,
} from "#testing/scenario/components.ts";

const sms = domainJid("sms.montague.example");

describe("which components there are", () => {
  test("changes while the server runs: they come, get other secrets and go", async () => {
    await using world = await startWithComponents({ components: [] });
    const { components } = world.core;
    components.follow([component(), component({ domain: sms, secret: "of telephones" })]);
    const gateway = await joined(world);
    const phones = world.connectComponent();
    await phones.join(sms, "of telephones");
    components.follow([component({ secret: "another one" }), component({ domain: sms, secret: "of telephones" })]);
    assert.ok(!gateway.connectionClosed, "a connection that is there stays");
    components.follow([component({ domain: sms, secret: "of telephones" })]);
    await world.settle();
    assert.equal(conditionOf(gateway), "host-gone");
    assert.ok(!phones.connectionClosed && !world.core.serves(domainJid(irc)));
  });

  test("with another secret, the old one is worth nothing to the next connection", async () => {
    await using world = await startWithComponents();
    world.core.components.follow([component({ secret: "another one" })]);
    const old = world.connectComponent();
    await old.begin(irc);
    await old.prove(secret);
    assert.equal(conditionOf(old), "not-authorized");
    await world.connectComponent().join(irc, "another one");
  });

  test("never has a host's domain among it, whatever is said, and the log tells so", async () => {
    await using world = await startWithComponents({
      components: [component({ domain: domainJid("capulet.example") })],
    });
    assert.deepEqual(told(world), ["a component has the domain of a host, which it does not get"]);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText("<iq to='capulet.example' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.receives("<iq from='capulet.example' to='{any}' type='result' id='1'/>");
  });
});

test("a secret is never told: neither in the log nor by what an error says", async () => {
  await using world = await startWithComponents();
  await world.connectComponent().join(irc, secret);
  const wrong = world.connectComponent();
  await wrong.begin(irc);
  await wrong.prove("wrong");
  assert.ok(!JSON.stringify(world.log).includes(secret));
});
