import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ChildServer } from "../../attacks/child-server.ts";
import { Flood } from "../../attacks/flood.ts";
import { SocketClient } from "../../socket-client.ts";

const count = 10_000;
const unauthenticatedMax = 5_000;
const pollMs = 100;
/** Two minutes and more. */
const turnsMax = 1_200;
const header =
  "<?xml version='1.0'?><stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

test("A7 ten thousand half-open connections from forty addresses: a user logs in amid them, and the deadline ends all", async (t) => {
  await using server = await ChildServer.start({
    toml: "[limits.stream]\nnegotiation_seconds_max = 45\n",
    openFilesMax: 12_000,
  });
  using early = await SocketClient.tls(server.tlsPort, "montague.example");
  await early.logIn("romeo", "montague.example", "romeo", "early");
  const before = await server.memory();
  using flood = await Flood.open({ port: server.port, count, says: header });
  assert.equal(flood.connected, count);
  await limitHit(server, "connections-unauthenticated", count - unauthenticatedMax);
  const { connections, cpuMs } = await server.figures();
  const { rss } = await server.memory();
  t.diagnostic(
    `${connections} connections stay, ${((rss - before.rss) / connections / 1000).toFixed(1)} kB each; ${Math.round(cpuMs)} ms of processor time in all`,
  );
  assert.ok(connections <= unauthenticatedMax + 1, `${connections} connections`);

  using late = await SocketClient.tls(server.tlsPort, "montague.example");
  await late.logIn("juliet", "montague.example", "juliet", "late");
  late.send("<message to='romeo@montague.example/early' type='chat'><body>amid</body></message>");
  await early.until(/<body>amid<\/body>/);

  for (let turn = 0; (await server.figures()).connections > 2; turn += 1) {
    assert.ok(turn < turnsMax, "who does not log in is still there");
    await sleep(pollMs);
  }
  assert.ok(((await server.figures()).limitsHit["negotiation-time"] ?? 0) > 0);
  const left = (await server.memory()).rss - before.rss;
  t.diagnostic(`left when all are gone: ${(left / 1e6).toFixed(1)} MB of resident memory`);
});

test("A7 one address opens as many connections as it may, and not one more", async () => {
  await using server = await ChildServer.start();
  using flood = await Flood.open({ port: server.port, count: 1_000, perAddress: 1_000 });
  assert.equal(flood.connected, 1_000);
  await limitHit(server, "connections-per-address", 744);
  const { connections, limitsHit } = await server.figures();
  assert.equal(connections, 256);
  assert.equal(limitsHit["connections-per-address"], 744);
});

/** Waits until a limit was hit so often: what the system has connected the server may not have accepted yet. */
async function limitHit(server: ChildServer, limit: string, times: number): Promise<void> {
  for (let turn = 0; ((await server.figures()).limitsHit[limit] ?? 0) < times; turn += 1) {
    assert.ok(turn < turnsMax, `${limit} is not hit ${times} times`);
    await sleep(pollMs);
  }
}
