import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SocketClient } from "../socket-client.ts";
import { ChildServer } from "./child-server.ts";
import { Flood } from "./flood.ts";
import { costBetween, read, showCost, type Cost, type Reading } from "./measure.ts";

/** Enough to tell what one costs from noise; the lab opens ten thousand. */
const count = 40;
const tlsCount = 40;
const header =
  "<?xml version='1.0'?><stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
/** Unbounded numbers and no deadline: here it is looked at what one costs. */
const noLimits = "[limits.stream]\nnegotiation_seconds_max = 600\n[limits.connections]\nunauthenticated_max = false\n";

interface Case {
  readonly name: string;
  readonly direct?: boolean;
  readonly says?: string;
  /** Bytes known to JavaScript: three times what was measured on the machine that docs/security.md names. */
  readonly knownBytesMax: number;
}

const cases: readonly Case[] = [
  { name: "says nothing", knownBytesMax: 21_000 },
  { name: "says nothing where TLS is expected", direct: true, knownBytesMax: 18_000 },
  { name: "opens a stream", says: header, knownBytesMax: 30_000 },
  { name: "never ends its first tag", says: `<stream:stream x='${"x".repeat(8_000)}`, knownBytesMax: 48_000 },
  {
    name: "never ends an attribute, just below the bound",
    says: `${header}<iq a='${"x".repeat(16_000)}`,
    knownBytesMax: 75_000,
  },
  {
    name: "never ends an element, with as many others within as may be",
    says: `${header}<iq>${"<a/>".repeat(125)}${"x".repeat(15_000)}`,
    knownBytesMax: 120_000,
  },
  {
    name: "never ends an element, with as many attributes as may be",
    says: `${header}<iq>${`<a ${attributes("")}/>`.repeat(40)}`,
    knownBytesMax: 400_000,
  },
  {
    name: "never ends an element, with as many namespaces as may be",
    says: `${header}<iq>${`<a ${attributes("xmlns:")}/>`.repeat(38)}`,
    knownBytesMax: 150_000,
  },
];

/** All that one element may have: names that differ, values that are short. */
function attributes(prefix: string): string {
  const names = Array.from("abcdefghijklmnopqrstuvwxyz").flatMap((first) => [first, `${first}${first}`]);
  return names
    .slice(0, prefix === "" ? 50 : 28)
    .map((name) => `${prefix}${name}='u'`)
    .join(" ");
}

let server: ChildServer;
/** With no connection open. */
let idle: Reading;

before(async () => {
  server = await ChildServer.start({ toml: noLimits });
  await warmUp();
  idle = (await read(server)).from;
});
after(() => server[Symbol.asyncDispose]());

for (const { name, direct, says = "", knownBytesMax } of cases)
  test(`A3 A6 a connection that ${name} costs a bounded amount of memory, and gives it back`, async (t) => {
    const { bytesReceived } = await server.figures();
    const port = direct === true ? server.tlsPort : server.port;
    using flood = await Flood.open({ port, count, says });
    await until(async () => {
      const figures = await server.figures();
      return figures.connections === count && figures.bytesReceived - bytesReceived === says.length * count;
    });
    const full = await read(server);
    const cost = costBetween(idle, full.until, count);
    t.diagnostic(showCost(name, cost));
    assert.equal(flood.closed, 0);
    assert.ok(cost.knownBytes < knownBytesMax, `${cost.knownBytes} bytes`);
    flood.close();
    await checkLeft(t, cost, count);
  });

test("A3 A6 a connection with TLS on which nobody logs in costs a bounded amount of memory, and gives it back", async (t) => {
  const clients: SocketClient[] = [];
  for (let at = 0; at < tlsCount; at += 1) {
    const client = await SocketClient.tls(server.tlsPort, "montague.example");
    clients.push(client);
    client.open("montague.example");
    await client.until(/<\/stream:features>/);
  }
  const cost = costBetween(idle, (await read(server)).until, tlsCount);
  t.diagnostic(showCost("with TLS, on an open stream", cost));
  assert.ok(cost.knownBytes < 50_000, `${cost.knownBytes} bytes`);
  for (const client of clients) client[Symbol.dispose]();
  await checkLeft(t, cost, tlsCount);
});

/** That next to nothing of `ofConnections` is left when all are over; from there the next ones are counted. */
async function checkLeft(t: TestContext, { knownBytes }: Cost, ofConnections: number): Promise<void> {
  await until(async () => (await server.figures()).connections === 0);
  const now = await read(server);
  const left = costBetween(idle, now.until, ofConnections).knownBytes;
  idle = now.from;
  t.diagnostic(`left when all are closed: ${(left / 1000).toFixed(2)} kB each`);
  assert.ok(left < knownBytes / 4 + 1_500, `${left} bytes of each connection are left`);
}

/** The first connections pay for code and tables that all share. */
async function warmUp(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    using client = await SocketClient.tls(server.tlsPort, "montague.example");
    client.open("montague.example");
    await client.until(/<\/stream:features>/);
    using clear = await SocketClient.tcp(server.port);
    clear.open("montague.example");
    await clear.until(/<\/stream:features>/);
  }
  for (const port of [server.port, server.tlsPort, server.port, server.tlsPort]) {
    using flood = await Flood.open({ port, count, says: "" });
    await until(async () => (await server.figures()).connections === count);
    flood.close();
    await until(async () => (await server.figures()).connections === 0);
    await read(server);
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await condition()); turn += 1) {
    assert.ok(turn < 500, "waited in vain");
    await sleep(10);
  }
}
