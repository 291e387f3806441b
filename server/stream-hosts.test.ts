import assert from "node:assert/strict";
import { test } from "node:test";
import { unboundChannel } from "#protocol/stream/secure-channel.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { startWorld } from "#testing/scenario/world.ts";

test("no stream has an id that could be told from those before, nor one of theirs [rfc6120-4.7.3-01] [rfc6120-4.7.3-02]", async () => {
  await using world = await startWorld();
  const ids: string[] = [];
  for (let stream = 0; stream < 50; stream += 1) {
    let received = "";
    const transport = new MemoryTransport({
      env: world.env,
      received: (bytes) => {
        received += bytes;
      },
      remoteAddress: "192.0.2.1",
      channel: unboundChannel,
    });
    world.core.links.accept(transport, { startTls: "required", plainWithoutTls: false });
    transport.send(
      "<stream:stream to='capulet.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    );
    await world.settle();
    ids.push(/ id='([^']*)'/.exec(received)?.[1] ?? "none");
  }
  assert.equal(new Set(ids).size, ids.length);
  // 120 random bits in base 32, and not one digit that stays.
  for (const id of ids) assert.match(id, /^[a-z2-7]{24}$/);
  for (let at = 0; at < 24; at += 1) assert.ok(new Set(ids.map((id) => id[at])).size > 4, `digit ${at} stays`);
});
