import assert from "node:assert/strict";
import { test } from "node:test";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseJid } from "#protocol/jid/jid.ts";
import { domainJid } from "#testing/addresses.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import type { HostSettings } from "#server/core-settings.ts";
import { LocalAccount } from "../account/account.ts";
import { Link } from "../link/link.ts";
import { LocalSession } from "../session/session.ts";
import { LocalHost } from "./local-host.ts";

const deadlineMs = 5_000;

function hostSettings(domain: string, off: readonly string[] = []): HostSettings {
  return {
    domain: domainJid(domain),
    contacts: {},
    enabled: (module) => !off.includes(module.name),
    configured: () => undefined,
  };
}

async function remove(world: World, domain: string): Promise<void> {
  const removed = world.core.removeHost(domainJid(domain), deadlineMs);
  await world.advance(2 * deadlineMs);
  await removed;
}

async function create(world: World, address: string): Promise<void> {
  const jid = parseJid(address);
  if (jid === undefined) throw new Error(`${address} is no address`);
  const created = world.core.accounts.create(jid, address.split("@")[0] ?? "");
  await world.settle();
  assert.deepEqual(await created, { ok: true });
}

const accounts = ["romeo@montague.example", "juliet@capulet.example"];

test("a host that is added while the server runs has accounts, and talks to the others", async () => {
  await using world = await startWorld({ accounts });
  world.core.addHost(hostSettings("verona.example"));
  await create(world, "escalus@verona.example");
  const escalus = await world.login("escalus@verona.example/court");
  const juliet = await world.login("juliet@capulet.example/balcony");
  await juliet.sendText("<presence/>");
  juliet.receives("<presence from='juliet@capulet.example/balcony' to='{any}'/>");
  await escalus.sendText("<message to='juliet@capulet.example' type='chat' id='1'><body>peace</body></message>");
  juliet.receives(
    "<message to='juliet@capulet.example' type='chat' id='1' from='escalus@verona.example/court'><body>peace</body><stanza-id xmlns='urn:xmpp:sid:0' by='juliet@capulet.example' id='{any}'/></message>",
  );
});

test("sessions of a removed host, and streams that are still being negotiated, end with host-gone, and others go on", async () => {
  await using world = await startWorld({ accounts });
  const romeo = await world.login("romeo@montague.example/orchard");
  const juliet = await world.login("juliet@capulet.example/balcony");
  const unknown = world.connect();
  await unknown.open("montague.example");
  await remove(world, "montague.example");
  for (const client of [romeo, unknown]) {
    assert.equal(client.streamClosed, true);
    const error = client.pending.at(-1);
    assert.equal(error?.elements()[0]?.name, "host-gone");
  }
  await juliet.sendText("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
  assert.equal(juliet.pending.at(-1)?.attr("type"), "result");
  assert.deepEqual([...world.core.hosts.keys()], ["capulet.example"]);
});

test("who looks for a removed host is told host-gone, until it is served again", async () => {
  await using world = await startWorld({ accounts });
  await remove(world, "montague.example");
  const late = world.connect();
  const told = await late.open("montague.example");
  assert.equal(told.elements()[0]?.name, "host-gone");
  world.core.addHost(hostSettings("montague.example"));
  const romeo = await world.login("romeo@montague.example/orchard");
  assert.equal(romeo.jid, "romeo@montague.example/orchard");
});

test("a message to an account of a removed host comes back, and what was kept for it before is there when it is served again", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login("juliet@capulet.example/balcony");
  await juliet.sendText("<message to='romeo@montague.example' type='chat' id='1'><body>kept</body></message>");
  await remove(world, "montague.example");
  await juliet.sendText("<message to='romeo@montague.example' type='chat' id='2'><body>lost</body></message>");
  const bounced = juliet.pending.at(-1);
  assert.equal(bounced?.attr("id"), "2");
  assert.equal(bounced?.attr("type"), "error");
  world.core.addHost(hostSettings("montague.example"));
  const romeo = await world.login("romeo@montague.example/orchard");
  await romeo.sendText("<presence/>");
  const bodies = romeo.pending.flatMap((element) => (element.name === "message" ? [element.attr("id")] : []));
  assert.deepEqual(bodies, ["1"]);
});

test("what a session of a removed host owed to its client is kept for the account", async () => {
  await using world = await startWorld({ accounts });
  const romeo = await world.login("romeo@montague.example/orchard");
  const juliet = await world.login("juliet@capulet.example/balcony");
  await romeo.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await romeo.sendText("<presence/>");
  romeo.transport.cut();
  await world.settle();
  await juliet.sendText("<message to='romeo@montague.example' type='chat' id='1'><body>owed</body></message>");
  await remove(world, "montague.example");
  world.core.addHost(hostSettings("montague.example"));
  const later = await world.login("romeo@montague.example/street");
  await later.sendText("<presence/>");
  assert.ok(later.pending.some((element) => element.name === "message" && element.attr("id") === "1"));
});

test("modules of a removed host are told by its signal; each host has its own set of them", async () => {
  await using world = await startWorld({ accounts });
  world.core.addHost(hostSettings("verona.example", ["ping"]));
  const host = world.core.hosts.get(domainJid("verona.example"));
  assert.equal(
    host?.modules.some(({ module }) => module.name === "ping"),
    false,
  );
  const others = world.core.hosts.get(domainJid("capulet.example"));
  assert.equal(
    others?.modules.some(({ module }) => module.name === "ping"),
    true,
  );
  assert.equal(host?.signal.aborted, false);
  await remove(world, "verona.example");
  assert.equal(host?.signal.aborted, true);
});

test("a stream without a domain is for the only host there is, also when that changes", async () => {
  await using world = await startWorld({ accounts });
  const openWithoutTo = async () => {
    const client = world.connect();
    await client.sendText(
      "<stream:stream version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    );
    return client.pending.map((element) => element.name);
  };
  assert.equal((await openWithoutTo()).includes("error"), true);
  await remove(world, "capulet.example");
  assert.equal((await openWithoutTo()).includes("features"), true);
});

test("nothing is left of a host that was added, used and removed a thousand times", async () => {
  await using world = await startWorld({ accounts, seed: "thousand" });
  const juliet = await world.login("juliet@capulet.example/balcony");
  await remove(world, "montague.example");
  const once = async (times: number): Promise<void> => {
    world.core.addHost(hostSettings("montague.example"));
    if (times % 20 === 0) {
      const romeo = await world.login("romeo@montague.example/orchard");
      await romeo.sendText("<presence/>");
      await juliet.sendText(`<message to='romeo@montague.example' type='chat' id='${times}'><body>x</body></message>`);
    }
    const removed = world.core.removeHost(domainJid("montague.example"), deadlineMs);
    if (times % 20 === 0) await world.advance(100);
    else await world.settle();
    await removed;
  };
  for (let times = 1; times <= 10; times += 1) await once(times);
  await world.advance(600_000);
  const before = await living();
  const timers = world.env.timers;
  for (let times = 1; times <= 1_000; times += 1) await once(times);
  await world.advance(600_000);
  assert.equal(world.env.timers, timers);
  assert.deepEqual(await living(), before);
});

/** Objects of these classes that something still refers to. */
async function living(): Promise<Record<string, number>> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let times = 0; times < 3; times += 1) {
    if (typeof collect === "function") collect();
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return Object.fromEntries(
    [LocalHost, LocalAccount, LocalSession, Link, AbortController].map((of) => [
      of.name,
      queryObjects(of, { format: "count" }),
    ]),
  );
}
