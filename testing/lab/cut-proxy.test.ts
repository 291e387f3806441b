import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { reset } from "./cut-proxy.ts";

const moments = {
  "that is open": async () => undefined,
  "that has just been ended": async (end: () => void) => end(),
  "whose end is under way": async (end: () => void) => {
    end();
    await new Promise<void>((resolve) => process.nextTick(resolve));
  },
  "whose end has been said": async (end: () => void) => {
    end();
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  },
};

for (const [what, before] of Object.entries(moments))
  test(`a connection ${what} is cut and closed`, async () => {
    await using server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1" });
    const [accepted]: Socket[] = await once(server, "connection");
    assert.ok(accepted !== undefined);
    for (const end of [socket, accepted]) end.on("error", () => {}).resume();
    // Not by once(), which takes an error for a failure: a reset is one for who is at the other end.
    const closed = Promise.all([socket, accepted].map((end) => new Promise((resolve) => end.on("close", resolve))));
    await before(() => socket.end());
    reset(socket);
    await closed;
    // A socket that is leaked has been destroyed, too, and keeps its handle.
    await nextTurn();
    assert.equal(process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length, 0);
  });
