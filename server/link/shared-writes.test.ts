import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionServices } from "#testing/scenario/connection-services.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { unheardConnection } from "#testing/scenario/unheard-connection.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";

for (const { isShared, writes } of [
  { isShared: true, writes: 1 },
  { isShared: false, writes: 20 },
])
  test(`what twenty clients say in one turn goes out on a connection that is ${isShared ? "" : "not "}shared as ${writes} writes`, async () => {
    const env = new VirtualEnv("writes");
    const { now, setTimer, defer, entropy, deriveKey } = env;
    const afterInput: (() => void)[] = [];
    const written: string[] = [];
    const transport = new MemoryTransport({ env, received: (bytes) => void written.push(bytes) });
    // A clock whose turns end when the test says so.
    const clock = {
      now,
      setTimer,
      defer,
      entropy,
      deriveKey,
      afterInput: (run: () => void) => void afterInput.push(run),
    };
    const services = { ...connectionServices(clock), isShared };
    const connection = unheardConnection(transport, services);
    for (let client = 0; client < 20; client += 1) {
      connection.write(`<message id='${client}'/>`);
      // The end of one callback, not of the turn.
      await env.settle();
    }
    for (const run of afterInput.splice(0)) run();
    await env.settle();
    assert.equal(written.length, writes);
    assert.equal(written.join("").match(/<message /gu)?.length, 20);
  });
