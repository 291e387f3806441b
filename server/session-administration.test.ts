import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { managed } from "#testing/scenario/devices.ts";
import { logInAtOnce } from "#testing/scenario/log-in-at-once.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { sessionAdministration } from "./session-administration.ts";

const romeo = "romeo@montague.example";
const phone = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const laptop = "0a1b2c3d-4d72-4749-b3d3-740edbf87770";
const both =
  "<bind xmlns='urn:xmpp:bind:0'><tag>Balcony</tag></bind><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";
const found = parseJid(romeo);
assert.ok(found !== undefined);
const address = bareOf(found);

async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.settle();
  return promise;
}

/** Two devices that have logged in, with tokens. */
async function twoDevices(): Promise<World> {
  const world = await startWorld({ accounts: [romeo] });
  for (const device of [phone, laptop]) await logInAtOnce(world, romeo, { device, inline: both });
  return world;
}

const devices = async (world: World): Promise<readonly string[]> => {
  const { devices: list = [] } = await settled(world, sessionAdministration(world.core).listSessions({ address }));
  return list.map(({ id }) => id).toSorted();
};

test("sessions are listed with what their clients are, and those of one account with its devices", async () => {
  await using world = await twoDevices();
  const { listSessions } = sessionAdministration(world.core);
  const all = await settled(world, listSessions({}));
  assert.deepEqual([all.total, all.sessions[0]?.client, all.devices], [2, "Script", undefined]);
  const one = await settled(world, listSessions({ address }));
  assert.equal(one.devices?.find(({ id }) => id === phone)?.client, "Script");
  assert.match(one.devices?.[0]?.expiresAt ?? "", /^2026-01-22T/);
  assert.deepEqual(await devices(world), [laptop, phone]);
});

test("a device that is kicked loses its session and its token, and no other does", async () => {
  await using world = await twoDevices();
  const outcome = await settled(world, sessionAdministration(world.core).endSessions({ address, device: phone }));
  assert.deepEqual(outcome, { ended: 1, forgotten: 1 });
  await world.settle();
  assert.equal([...world.core.registry.sessions()].length, 1);
  assert.deepEqual(await devices(world), [laptop]);
});

test("who is kicked keeps its token unless it is to be forgotten", async () => {
  await using world = await twoDevices();
  const { endSessions } = sessionAdministration(world.core);
  assert.deepEqual(await settled(world, endSessions({ address })), { ended: 2 });
  assert.deepEqual(await devices(world), [laptop, phone]);
  assert.deepEqual(await settled(world, endSessions({ address, forget: true })), { ended: 0, forgotten: 2 });
  assert.deepEqual(await devices(world), []);
});

test("one session and its device can be forgotten together", async () => {
  await using world = await twoDevices();
  const [session] = world.core.registry.sessions();
  assert.ok(session !== undefined);
  const request = { address, resource: session.resource, forget: true };
  const outcome = await settled(world, sessionAdministration(world.core).endSessions(request));
  assert.deepEqual(outcome, { ended: 1, forgotten: 1 });
  assert.equal((await devices(world)).length, 1);
});

for (const request of [{ resource: "x" }, { device: "x" }, { resource: "x", forget: true }])
  test(`what is not there cannot be ended: ${JSON.stringify(request)}`, async () => {
    await using world = await twoDevices();
    await assert.rejects(
      settled(world, sessionAdministration(world.core).endSessions({ address, ...request })),
      (error) => error instanceof AdministrationError && error.code === "not-found",
    );
  });

test("sessions of an account that sleeps are listed, it sleeps on, and they can be ended, right after a start as well", async () => {
  await using world = await startWorld({ accounts: [romeo] });
  const { client } = await managed(world, `${romeo}/orchard`);
  await client.cut();
  await world.advance(120_000);
  const first = { address: `${romeo}/orchard`, since: "2026-01-01T00:00:00.000Z", state: "resumable" };
  const listed = await settled(world, sessionAdministration(world.core).listSessions({}));
  assert.deepEqual(listed, { sessions: [first], total: 1 });
  assert.equal(world.core.registry.size, 0);
  const one = await settled(world, sessionAdministration(world.core).listSessions({ address }));
  assert.deepEqual(one, { sessions: [first], total: 1, devices: [] });
  await world.restart({ killed: true });
  const { endSessions } = sessionAdministration(world.core);
  assert.deepEqual(await settled(world, endSessions({ address })), { ended: 1 });
  assert.equal(world.core.registry.countSessions(), 0);
});
