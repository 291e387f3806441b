import assert from "node:assert/strict";
import { test } from "node:test";
import {
  app,
  cast,
  castOfGone,
  chat,
  enabled,
  first,
  intervalMs,
  managed,
  phone,
  pushed,
  romeo,
  killed,
} from "#testing/scenario/push-cast.ts";

test("a registration outlives the server, and is told of what came before the end and of what comes then", async () => {
  const { world: before, ...people } = await cast({ archive: true });
  await enabled(people.phone);
  // Archived and delivered, and the phone never said that it has it.
  await managed(people.phone);
  await people.romeo.sendText(chat("1"));
  await using world = await killed(before);
  const reborn = await world.login(app);
  const sender = await world.login(`${romeo}/garden`);
  await sender.sendText(chat("2"));
  await world.advance(intervalMs);
  assert.deepEqual(pushed(reborn), [first.replace("count=1", "count=2")]);
});

test("what was counted for a client goes on after a stop in peace, and begins anew when it is back", async () => {
  const { world, ...people } = await castOfGone();
  await using _ = world;
  await people.romeo.sendText(chat("1") + chat("2"));
  await world.restart();
  const reborn = await world.login(app);
  const sender = await world.login(`${romeo}/garden`);
  await sender.sendText(chat("3"));
  assert.deepEqual(pushed(reborn), [first.replace("count=1", "count=3")]);
  const again = await world.login(phone);
  await again.close();
  await world.advance(10 * intervalMs);
  await world.restart();
  const third = await world.login(app);
  const last = await world.login(`${romeo}/garden`);
  await last.sendText(chat("4"));
  assert.deepEqual(pushed(third), [first]);
});

test("a client that comes back by itself after the end of the server is not notified of what it finds", async () => {
  const { world: before, ...people } = await cast({ archive: true });
  await enabled(people.phone);
  await managed(people.phone);
  await people.romeo.sendText(chat("1"));
  await using world = await killed(before);
  const reborn = await world.login(app);
  const again = await world.login(phone);
  await again.sendText("<presence/>");
  await world.advance(10 * intervalMs);
  reborn.receivesNothing();
  assert.equal(again.pending.filter(({ name }) => name === "message").length, 1);
});
