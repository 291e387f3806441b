import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SocketClient } from "../socket-client.ts";
import { ChildServer } from "./child-server.ts";
import { Flood } from "./flood.ts";

const accounts = ["romeo", "juliet", "nurse"].map((name) => `${name}@montague.example`);
const ping = (id: string): string =>
  `<iq type='get' id='${id}' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>`;

async function logIn(server: ChildServer, user: string): Promise<SocketClient> {
  const client = await SocketClient.tls(server.tlsPort, "montague.example");
  await client.logIn(user, "montague.example", user, "here");
  return client;
}

/** A stream that is open stays of use: requests are answered and messages are stored. */
async function worksOn(client: SocketClient, text: string): Promise<void> {
  client.send(`<message to='nurse@montague.example' type='chat'><body>${text}</body></message>${ping(text)}`);
  await client.until(new RegExp(`<iq[^>]*id='${text}'`));
}

test("A11 connections are bounded by the limit of open files, and what needs files otherwise goes on", async () => {
  await using server = await ChildServer.start({ accounts, openFilesMax: 256 });
  using romeo = await logIn(server, "romeo");
  const startedAt = Date.now();
  using flood = await Flood.open({ port: server.port, count: 400 });
  await worksOn(romeo, "full");
  assert.deepEqual(await server.reload(), [], "certificates are read again although no connection fits");
  const { limitsHit, connections, log } = await server.figures();
  const seconds = Math.ceil((Date.now() - startedAt) / 1_000);
  assert.ok((limitsHit["connections-open-files"] ?? 0) > 200, JSON.stringify(limitsHit));
  assert.ok(connections < 256 - 64, `${connections} connections`);
  assert.ok(log.length <= 1 + seconds, `told ${log.length} times in ${seconds} s`);
  assert.match(log.join("\n"), /^no more connections: the limit of open files/);
  flood.close();
  for (let turn = 0; (await server.figures()).connections > 1; turn += 1) {
    assert.ok(turn < 200, "they are still counted");
    await sleep(20);
  }
  using nurse = await logIn(server, "nurse");
  nurse.send("<presence/>");
  await nurse.until(/<body>full<\/body>/);
});

test("A11 without any file left the server stays up, does not spin, tells it once a second, and comes back", async (t) => {
  await using server = await ChildServer.start({ accounts });
  using romeo = await logIn(server, "romeo");
  await worksOn(romeo, "before");
  const before = await server.figures();
  const startedAt = Date.now();
  await server.limitOpenFiles(8);
  using flood = await Flood.open({ port: server.port, count: 50 });
  for (let turn = 0; (await server.figures()).log.length === 0; turn += 1) {
    assert.ok(turn < 200, "nothing is told");
    await sleep(20);
  }
  // Who does not listen cannot be asked to accept over and over.
  assert.equal(await answers(server.port), false);
  const noted = await server.figures();
  const idleFrom = Date.now();
  for (let turn = 0; turn < 5; turn += 1) {
    await worksOn(romeo, `amid-${turn}`);
    await sleep(300);
  }
  const problems = await server.reload();
  assert.equal(problems.length, 2, "a certificate that cannot be read is told, and the old one stays");
  const amid = await server.figures();
  t.diagnostic(
    `processor time while files were out: ${Math.round(amid.cpuMs - noted.cpuMs)} ms in ${Date.now() - idleFrom} ms`,
  );

  await server.limitOpenFiles(4_096);
  flood.close();
  for (let turn = 0; !(await answers(server.port)); turn += 1) {
    assert.ok(turn < 100, "it does not listen again");
    await sleep(50);
  }
  const seconds = Math.ceil((Date.now() - startedAt) / 1_000);
  const { log } = await server.figures();
  const told = log.slice(before.log.length);
  assert.ok(told.length <= 2 + seconds, `told ${told.length} times in ${seconds} s`);
  assert.deepEqual(
    [...new Set(told.map((text) => text.split(":")[0]))],
    ["out of open files", "there are open files again"],
  );
  assert.deepEqual(await server.reload(), []);
  using nurse = await logIn(server, "nurse");
  nurse.send("<presence/>");
  for (const text of ["before", "amid-0", "amid-4"]) await nurse.until(new RegExp(`<body>${text}</body>`));
});

/** Whether somebody accepts connections there. */
async function answers(port: number): Promise<boolean> {
  using probe = await Flood.open({ port, count: 1 });
  return probe.connected === 1;
}
