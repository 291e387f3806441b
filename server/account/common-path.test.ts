import assert from "node:assert/strict";
import { createHook } from "node:async_hooks";
import { test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";
import { defaultQueueBounds } from "../storage/queued-store.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** What a store's commit answers with, and what follows from it. */
const promisesPerKeptMax = 2;

/** Promises that are made while `run` runs. */
async function promisesOf(run: () => Promise<void>): Promise<number> {
  let made = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === "PROMISE") made += 1;
    },
  });
  hook.enable();
  await run();
  hook.disable();
  return made;
}

for (const managed of [false, true])
  test(`a chat message between users who are there costs no storage and no promise${managed ? ", with stream management" : ""}`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], options: { archive: false } });
    const sender = await world.login(`${romeo}/orchard`);
    const recipient = await world.login(`${juliet}/balcony`);
    for (const client of [sender, recipient]) {
      if (managed) await client.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
      await client.sendText("<presence/>");
      client.ignoreAll();
    }
    const send = async (count: number): Promise<void> => {
      const message = `<message to='${recipient.jid}' type='chat'><body>Hark</body></message>`;
      await sender.sendText(message.repeat(count));
    };
    await send(1);
    const { commits, reads } = world.store.health;
    const { stanzasReceived, stanzasSent, acksSent } = world.tally;
    const forOne = await promisesOf(() => send(1));
    const forMany = await promisesOf(() => send(500));
    assert.deepEqual([world.store.health.commits, world.store.health.reads], [commits, reads]);
    assert.equal(forMany, forOne);
    assert.equal(world.tally.stanzasReceived - stanzasReceived, 501);
    assert.equal(world.tally.stanzasSent - stanzasSent, 501);
    assert.equal(world.tally.acksSent, acksSent);
  });

test("what both keep of a chat message is the same text, and each message costs the same two promises", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], options: { archive: true } });
  const sender = await world.login(`${romeo}/orchard`);
  const recipient = await world.login(`${juliet}/balcony`);
  for (const client of [sender, recipient]) {
    await client.sendText("<presence/>");
    client.ignoreAll();
  }
  const send = async (count: number): Promise<void> => {
    const message = `<message to='${recipient.jid}' type='chat'><body>Hark</body></message>`;
    await sender.sendText(message.repeat(count));
  };
  await send(1);
  const { commits } = world.store.health;
  const forOne = await promisesOf(() => send(1));
  // As many as are told at once that they are safe: the next would begin another turn, which has a promise of its own.
  const many = defaultQueueBounds.settledAtOnceMax - 1;
  const forMany = await promisesOf(() => send(many));
  assert.equal(world.store.health.commits - commits, many + 1);
  const each = (forMany - forOne) / (many - 1);
  assert.ok(each <= promisesPerKeptMax, `${each} promises for each message`);
  const values: string[] = [];
  for (const owner of [romeo, juliet]) {
    const reading = world.store.page("archive", owner, { max: 1, direction: "backward" });
    await world.settle();
    const page = await reading;
    if (page.found) values.push(...page.rows.map(({ value }) => value));
  }
  assert.equal(values.length, 2);
  assert.equal(values[0], values[1]);
});

test("a chat message that both keep costs one commit, of two rows, whoever of the two is asleep", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const sender = await world.login(`${romeo}/orchard`);
  await sender.sendText("<presence/>");
  const send = async (): Promise<number> => {
    const { commits } = world.store.health;
    await sender.sendText(`<message to='${juliet}/balcony' type='chat'><body>Hark</body></message>`);
    return world.store.health.commits - commits;
  };
  assert.equal(await send(), 1, "she is away");
  const recipient = await world.login(`${juliet}/balcony`);
  await recipient.sendText("<presence/>");
  assert.equal(await send(), 1);
  for (const owner of [romeo, juliet]) {
    const reading = world.store.page("archive", owner, { max: 10, direction: "forward" });
    await world.settle();
    const page = await reading;
    assert.equal(page.found && page.rows.length, 2);
  }
});
