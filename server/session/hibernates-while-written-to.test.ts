import assert from "node:assert/strict";
import { test } from "node:test";
import { available, chat, managed, resume, bodies } from "#testing/scenario/devices.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const messages = 40;

function hibernates(world: World): boolean {
  const [session] = [...world.core.registry.sessions()].filter(({ jid }) => jid.startsWith(juliet));
  return session?.hibernates === true;
}

for (const archive of [true, false])
  test(`a session that is cut while its account is written to without end hibernates all the same, ${archive ? "with" : "without"} an archive`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], options: { archive } });
    const sender = await available(world, `${romeo}/orchard`);
    const mine = await managed(world, `${juliet}/balcony`);
    mine.client.ignoreAll();
    // Two steps a commit: there is always one under way.
    world.slowDisc(20);
    const send = async (id: number): Promise<void> => {
      await sender.sendText(chat(juliet, String(id)));
      await world.advance(25);
    };
    for (let id = 0; id < messages / 2; id += 1) await send(id);
    await mine.client.cut();
    let before = 0;
    for (let id = messages / 2; id < messages; id += 1) {
      await send(id);
      if (!hibernates(world)) before += 1;
    }
    assert.ok(before < 10, `${before} messages came ahead of it`);
    await world.advance(1_000);
    world.slowDisc(0);
    await world.restart({ killed: true });
    const came = bodies(mine.client).length;
    // Its own presence came first.
    await resume(mine, juliet, 1 + came);
    assert.equal(mine.client.next().name, "resumed");
    assert.deepEqual(
      bodies(mine.client).map(Number),
      Array.from({ length: messages - came }, (_, id) => came + id),
    );
  });
