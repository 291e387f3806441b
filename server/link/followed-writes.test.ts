import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionServices } from "#testing/scenario/connection-services.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { unheardConnection } from "#testing/scenario/unheard-connection.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import type { Connection, WriteFollower } from "./connection.ts";

/** Writes down what it is told. */
class Follower implements WriteFollower {
  readonly told: (number | "not taken")[] = [];
  readonly taken = (writes: number): void => void this.told.push(writes);
  readonly notTaken = (): void => void this.told.push("not taken");
}

function connected(): { env: VirtualEnv; transport: MemoryTransport; connection: Connection; received: string[] } {
  const env = new VirtualEnv("followed writes");
  const received: string[] = [];
  const transport = new MemoryTransport({ env, received: (bytes) => void received.push(bytes) });
  const connection = unheardConnection(transport, connectionServices(env));
  return { env, transport, connection, received };
}

test("what is followed and goes out as one write is told once, with how much it was", async () => {
  const { env, connection, received } = connected();
  const follower = new Follower();
  connection.write("<presence/>");
  for (let count = 0; count < 20; count += 1) connection.writeFollowed("<message/>", follower);
  connection.write("<iq/>");
  assert.deepEqual(follower.told, []);
  await env.settle();
  assert.deepEqual(follower.told, [20]);
  assert.deepEqual(received, [`<presence/>${"<message/>".repeat(20)}<iq/>`]);
  connection.writeFollowed("<message/>", follower);
  await env.settle();
  assert.deepEqual(follower.told, [20, 1]);
});

test("what a connection that is lost has not taken is told once, whether or not it had gone to the system", async () => {
  const { env, transport, connection } = connected();
  const follower = new Follower();
  connection.writeFollowed("<message/>", follower);
  await env.settle();
  transport.stalled = true;
  connection.writeFollowed("<message/>", follower);
  await env.settle();
  connection.writeFollowed("<message/>", follower);
  connection.cut();
  await env.settle();
  assert.deepEqual(follower.told, [1, "not taken"]);
  connection.writeFollowed("<message/>", follower);
  assert.deepEqual(follower.told, [1, "not taken", "not taken"]);
});

test("nothing behind the closing tag counts as taken", async () => {
  const { env, connection, received } = connected();
  const follower = new Follower();
  connection.writeFollowed("<message/>", follower);
  connection.writeLast("</stream:stream>");
  connection.writeFollowed("<message/>", follower);
  await env.settle();
  assert.deepEqual(follower.told, [1]);
  assert.deepEqual(received, ["<message/></stream:stream>"]);
  connection.cut();
  assert.deepEqual(follower.told, [1, "not taken"]);
});

test("each of two followers hears of its own writes", async () => {
  const { env, connection } = connected();
  const [before, after] = [new Follower(), new Follower()];
  connection.writeFollowed("<message/>", before);
  connection.writeFollowed("<message/>", after);
  connection.writeFollowed("<message/>", after);
  await env.settle();
  assert.deepEqual([before.told, after.told], [[1], [2]]);
});
