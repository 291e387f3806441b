import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { ConnectionCount } from "../tcp/connection-count.ts";
import { SocketTransport } from "../tcp/socket-transport.ts";
import { addressGroup, peerAddress } from "./address-group.ts";
import { AddressRates } from "./address-rates.ts";

const table: readonly (readonly [given: string, shown: string, group: string])[] = [
  ["192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1", "192.0.2.1"],
  ["2001:db8::1", "2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::192.0.2.1", "2001:db8:0:0:ffff::192.0.2.1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "::1", "0:0:0:0::/64"],
  ["", "", ""],
];
for (const [given, shown, group] of table)
  test(`${given || "an unknown address"} is shown as ${shown || "nothing"} and counted as ${group || "one"}`, () => {
    assert.deepEqual([peerAddress(given), addressGroup(given)], [shown, group]);
  });

test("A7 one IPv4 address is one for every limit, however the system writes it", () => {
  const limits = {
    totalMax: 9,
    perAddressMax: 1,
    unauthenticatedMax: 9,
    attempts: { max: 9, windowMs: 1_000 },
    openFilesMax: 9,
  };
  const hit: string[] = [];
  const count = new ConnectionCount(limits, (limit) => void hit.push(limit));
  assert.ok(count.open("192.0.2.1", 0, () => undefined) !== undefined);
  assert.equal(
    count.open("::ffff:192.0.2.1", 0, () => undefined),
    undefined,
  );
  assert.deepEqual(hit, ["connections-per-address"]);
  const rates = new AddressRates({ bytes: { perSecond: 1, burst: 1 }, stanzas: undefined });
  assert.equal(rates.enter("::ffff:192.0.2.1", 0), rates.enter("192.0.2.1", 0));
});

test("A12 addresses have rates as long as they have connections, and no longer", () => {
  const rates = new AddressRates({ bytes: { perSecond: 1, burst: 1 }, stanzas: undefined });
  const addresses = Array.from({ length: 100 }, (_, host) => `192.0.2.${host}`);
  for (const address of addresses) for (let connection = 0; connection < 2; connection += 1) rates.enter(address, 0);
  for (const address of addresses) rates.leave(address);
  assert.equal(rates.size, 100);
  for (const address of addresses) rates.leave(address);
  assert.equal(rates.size, 0);
});

test("who comes by IPv4 to a socket of both kinds is shown with an IPv4 address", async () => {
  const server = createServer();
  server.listen(0, "::");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const accepted = new Promise<Socket>((resolve) => void server.once("connection", resolve));
  const client = connect(address.port, "127.0.0.1");
  const socket = await accepted;
  assert.equal(socket.remoteAddress, "::ffff:127.0.0.1");
  const parts = { startTls: undefined, channelOf: () => assert.fail("no TLS") };
  assert.equal(new SocketTransport(socket, undefined, parts).remoteAddress, "127.0.0.1");
  for (const each of [client, socket]) each.destroy();
  server.close();
});
