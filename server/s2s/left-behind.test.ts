import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queryObjects } from "node:v8";
import { domainJid } from "#testing/addresses.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import { ServerLink } from "./server-link.ts";
import { ServerStream } from "./server-stream.ts";
import { TimeLimit, unlessAborted } from "./time-limit.ts";

/** What is alive, all garbage collected first. */
function alive(): Readonly<Record<"signals" | "links" | "streams", number>> {
  return {
    signals: queryObjects(AbortSignal, { format: "count" }),
    links: queryObjects(ServerLink, { format: "count" }),
    streams: queryObjects(ServerStream, { format: "count" }),
  };
}

async function connectAndClose({ montague, env, network }: Neighbours): Promise<void> {
  const { federation } = montague.core;
  assert.ok(federation !== undefined);
  const connecting = federation.connect({ local: domainJid("montague.example"), remote: domainJid("capulet.example") });
  await env.settle();
  assert.equal((await connecting).state, "open");
  federation.close(domainJid("capulet.example"));
  await env.advance(20_000);
  assert.equal(federation.links.size, 0);
  // The scenario keeps each for who wants to look at it.
  network.wires.length = 0;
}

describe("a connection with another server that is over", () => {
  test("leaves no signal, no link, and no stream behind", async () => {
    await using neighbours = await startNeighbours();
    await connectAndClose(neighbours);
    const before = alive();
    for (let round = 0; round < 3; round += 1) await connectAndClose(neighbours);
    assert.deepEqual(alive(), before);
  });

  test("and was refused leaves none either", async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const { federation } = montague.core;
    assert.ok(federation !== undefined);
    const refused = async (): Promise<void> => {
      const connecting = federation.connect({
        local: domainJid("montague.example"),
        remote: domainJid("venice.example"),
      });
      const outcome = connecting.then(
        () => "connected",
        () => "refused",
      );
      await env.settle();
      await venice.last.answerHeader("from='venice.example' to='montague.example' id='s1'", "");
      await venice.last.sendText("</stream:stream>");
      await env.advance(60_000);
      assert.equal(await outcome, "refused");
      venice.accepted.length = network.wires.length = 0;
    };
    await refused();
    const before = alive();
    for (let round = 0; round < 3; round += 1) await refused();
    assert.deepEqual(alive(), before);
  });
});

test("a time limit is over with the time, or with what stops it, and says which", async () => {
  const timers: (() => void)[] = [];
  const env = { setTimer: (_: number, run: () => void) => (timers.push(run), { cancel: () => undefined }) };
  const stop = new AbortController();
  const [late, stopped] = [new TimeLimit(env, 1_000, stop.signal), new TimeLimit(env, 1_000, stop.signal)];
  timers[0]?.();
  assert.deepEqual([late.signal.aborted, late.isLate], [true, true]);
  stop.abort();
  assert.deepEqual([stopped.signal.aborted, stopped.isLate], [true, false]);
  using afterwards = new TimeLimit(env, 1_000, stop.signal);
  assert.ok(afterwards.signal.aborted);
  assert.equal(await unlessAborted(afterwards.signal, new Promise(() => undefined)), "aborted");
});
