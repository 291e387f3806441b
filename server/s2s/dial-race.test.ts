import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { Worker } from "node:worker_threads";
import { nodeEnv } from "../node-env.ts";
import { connections, type RaceParts } from "./dial-race.ts";

/** Listens at 127.0.0.1 and takes nobody in: its thread sleeps, and what the system may hold back for it is held. */
let deaf: { readonly port: number; readonly stop: () => Promise<void> };
/** Listens at 127.0.0.2 and 127.0.0.3, on the same port. */
let hearing: { readonly servers: readonly Server[]; readonly sockets: Set<Socket> };

before(async () => {
  deaf = await startDeaf();
  hearing = await startHearing(["127.0.0.2", "127.0.0.3"], deaf.port);
});

after(async () => {
  for (const socket of hearing.sockets) socket.destroy();
  for (const server of hearing.servers) server.close();
  await deaf.stop();
});

async function startDeaf() {
  const program = `
    const { workerData, parentPort } = require("node:worker_threads");
    const server = require("node:net").createServer();
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      // After the message has gone.
      setTimeout(() => Atomics.wait(workerData, 0, 0), 50);
    });`;
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(program, { eval: true, workerData: gate });
  const port = await new Promise<number>((resolve) => worker.once("message", resolve));
  await new Promise((resolve) => setTimeout(resolve, 150));
  const held: Socket[] = [];
  // Until the system takes no more: the last of these hangs.
  for (let i = 0; i < 4; i += 1) {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    held.push(socket);
    await Promise.race([once(socket, "connect"), new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  return {
    port,
    stop: async () => {
      for (const socket of held) socket.destroy();
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await worker.terminate();
    },
  };
}

async function startHearing(addresses: readonly string[], port: number) {
  const sockets = new Set<Socket>();
  const servers: Server[] = [];
  for (const address of addresses) {
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
    });
    server.listen(port, address);
    await once(server, "listening");
    servers.push(server);
  }
  return { servers, sockets };
}

function parts(more: Partial<RaceParts> = {}) {
  const failures: string[] = [];
  const room = { taken: 0 };
  const env = nodeEnv();
  const race: RaceParts = {
    // Ten times as fast.
    env: { setTimer: (ms, run) => env.setTimer(ms / 10, run) },
    port: deaf.port,
    connectMsMax: 5_000,
    signal: new AbortController().signal,
    makeRoom: () => {
      room.taken += 1;
      return () => void (room.taken -= 1);
    },
    failed: (address, reason) => failures.push(`${address} ${reason}`),
    ...more,
  };
  return { race, failures, room };
}

async function allOf(addresses: readonly string[], race: RaceParts): Promise<readonly string[]> {
  const order: string[] = [];
  for await (const socket of connections(addresses, race)) {
    order.push(socket.remoteAddress ?? "");
    socket.destroy();
  }
  return order;
}

test("dial: an address that does not answer does not hold up the next, and is waited for when there is no other", async () => {
  const { race, failures, room } = parts();
  assert.deepEqual(await allOf(["127.0.0.1", "127.0.0.2", "127.0.0.3"], race), ["127.0.0.2", "127.0.0.3"]);
  assert.deepEqual(failures, ["127.0.0.1 timeout"]);
  while (room.taken > 0) await new Promise(setImmediate);
});

test("dial: one that refuses is followed by the next at once", async () => {
  const { race, failures } = parts({ env: { setTimer: () => ({ cancel: () => {} }) } });
  assert.deepEqual(await allOf(["127.0.0.4", "127.0.0.2"], race), ["127.0.0.2"]);
  assert.deepEqual(failures, ["127.0.0.4 ECONNREFUSED"]);
});

test("dial: who has a connection and asks for no other leaves nothing open behind it", async () => {
  const { race, room } = parts();
  const turns = connections(["127.0.0.1", "127.0.0.2"], race);
  const { value: socket } = await turns.next();
  assert.ok(socket !== undefined);
  // Only the one that was given out; the other was given up though nobody said that no more is wanted.
  while (room.taken > 1) await new Promise(setImmediate);
  socket.destroy();
  while (room.taken > 0) await new Promise(setImmediate);
});

test("dial: when nobody waits any more, what is under way ends", async () => {
  const stop = new AbortController();
  const { race, room } = parts({ signal: stop.signal });
  const first = connections(["127.0.0.1"], race).next();
  while (room.taken === 0) await new Promise(setImmediate);
  stop.abort(new Error("no more"));
  await assert.rejects(first, /no more/);
  while (room.taken > 0) await new Promise(setImmediate);
});

test("A11 where files run out, nobody is connected to", async () => {
  const { race, failures } = parts({ makeRoom: () => undefined });
  assert.deepEqual(await allOf(["127.0.0.2", "127.0.0.3"], race), []);
  assert.deepEqual(failures, ["127.0.0.2 too many open files", "127.0.0.3 too many open files"]);
});
