import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  component,
  conditionOf,
  domain,
  irc,
  joined,
  online,
  romeo,
  secret,
  startWithComponents,
  told,
} from "#testing/scenario/components.ts";
import type { World } from "#testing/scenario/world.ts";
import type { ComponentChange } from "./component-roster.ts";

const sms = domain("sms.montague.example");
const plain = { subdomains: false, conflict: "refuse-new" } as const;

/** Waits for a promise of the server's while its world goes on. */
async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  await world.settle();
  return promise;
}

function secretOf(change: ComponentChange): string {
  assert.ok(change.ok);
  return change.secret;
}

describe("a component that is added while the server runs", () => {
  test("may connect at once by the secret that was made up for it, and still after a restart", async () => {
    await using world = await startWithComponents();
    const added = await settled(world, world.core.componentRoster.add(sms, plain));
    const made = secretOf(added);
    assert.ok(made.length >= 32);
    await world.connectComponent().join(sms, made);
    await world.restart();
    await world.connectComponent().join(sms, made);
    await joined(world);
  });

  test("is there once only, and never in the place of a host", async () => {
    await using world = await startWithComponents();
    const { componentRoster } = world.core;
    for (const [name, reason] of [
      [irc, "exists"],
      ["montague.example", "is-a-host"],
    ] as const)
      assert.deepEqual(await settled(world, componentRoster.add(domain(name), plain)), { ok: false, reason });
  });

  test("is given another secret, after which the old one is worth nothing", async () => {
    await using world = await startWithComponents();
    const { componentRoster } = world.core;
    const first = secretOf(await settled(world, componentRoster.add(sms, plain)));
    const second = secretOf(await settled(world, componentRoster.renewSecret(sms)));
    assert.notEqual(first, second);
    const old = world.connectComponent();
    await old.begin(sms);
    await old.prove(first);
    assert.equal(conditionOf(old), "not-authorized");
    await world.restart();
    await world.connectComponent().join(sms, second);
  });

  test("is removed for good, with what it was", async () => {
    await using world = await startWithComponents();
    const { componentRoster } = world.core;
    const made = secretOf(await settled(world, componentRoster.add(sms, plain)));
    const phones = world.connectComponent();
    await phones.join(sms, made);
    assert.equal(await settled(world, componentRoster.remove(sms)), undefined);
    assert.equal(conditionOf(phones), "host-gone");
    await world.restart();
    assert.ok(!world.core.serves(sms));
    assert.equal(await settled(world, world.core.componentRoster.remove(sms)), "not-found");
  });

  test("is not added, changed or removed where that cannot be written", async () => {
    await using world = await startWithComponents();
    const { componentRoster } = world.core;
    const made = secretOf(await settled(world, componentRoster.add(sms, plain)));
    world.faults.failCommits("full");
    for (const change of [
      () => componentRoster.add(domain("fax.montague.example"), plain),
      () => componentRoster.renewSecret(sms),
      () => componentRoster.remove(sms),
    ])
      await settled(world, assert.rejects(change(), { kind: "full" }));
    assert.ok(!world.core.serves(domain("fax.montague.example")));
    await world.connectComponent().join(sms, made);
  });

  test("keeps its name, its host and whether names below are its own", async () => {
    await using world = await startWithComponents();
    const added = { name: "Fax", host: domain("capulet.example"), subdomains: true, conflict: "replace-old" } as const;
    await settled(world, world.core.componentRoster.add(domain("fax.example"), added));
    await world.restart();
    const { settings } = world.core.components.all.get("fax.example") ?? {};
    assert.deepEqual({ ...settings, secret: "" }, { domain: "fax.example", secret: "", ...added, source: "store" });
    assert.ok(world.core.serves(domain("a.fax.example")));
  });
});

describe("a component of balcony.toml", () => {
  test("without a secret can be entered by nobody until it is given one, which the store keeps", async () => {
    await using world = await startWithComponents({ components: [component({ secret: "" })] });
    const early = world.connectComponent();
    await early.begin(irc);
    await early.prove("");
    assert.equal(conditionOf(early), "not-authorized");
    const made = secretOf(await settled(world, world.core.componentRoster.renewSecret(domain(irc))));
    await world.connectComponent().join(irc, made);
    await world.restart();
    await world.connectComponent().join(irc, made);
    assert.equal(world.core.components.all.get(irc)?.settings.source, "file");
  });

  test("is changed in the file alone", async () => {
    await using world = await startWithComponents();
    const { componentRoster } = world.core;
    assert.deepEqual(await settled(world, componentRoster.renewSecret(domain(irc))), { ok: false, reason: "in-file" });
    assert.equal(await settled(world, componentRoster.remove(domain(irc))), "in-file");
  });

  test("comes, changes and goes by a reload, and takes none with it that was added", async () => {
    await using world = await startWithComponents({ components: [] });
    const { componentRoster } = world.core;
    const made = secretOf(await settled(world, componentRoster.add(sms, plain)));
    componentRoster.apply([component()]);
    const gateway = await joined(world);
    componentRoster.apply([component({ secret: "another one" })]);
    assert.ok(!gateway.connectionClosed);
    componentRoster.apply([]);
    await world.settle();
    assert.equal(conditionOf(gateway), "host-gone");
    await world.connectComponent().join(sms, made);
  });

  test("does not get the domain of a host, whatever it says, and the log tells so", async () => {
    await using world = await startWithComponents({ components: [component({ domain: domain("capulet.example") })] });
    assert.deepEqual(told(world), ["a component has the domain of a host, which it does not get"]);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText("<iq to='capulet.example' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.receives("<iq from='capulet.example' to='{any}' type='result' id='1'/>");
  });
});

test("a secret is never told: neither in the log nor by what an error says", async () => {
  await using world = await startWithComponents();
  const made = secretOf(await settled(world, world.core.componentRoster.add(sms, plain)));
  await world.connectComponent().join(sms, made);
  const wrong = world.connectComponent();
  await wrong.begin(irc);
  await wrong.prove("wrong");
  const all = JSON.stringify(world.log);
  assert.ok(!all.includes(made) && !all.includes(secret));
});
