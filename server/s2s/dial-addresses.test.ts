import assert from "node:assert/strict";
import { test } from "node:test";
import { addressRecord, startDns, type ZoneEntry } from "#testing/dns-server.ts";
import { AddressGuard } from "../dns/address-ranges.ts";
import { DnsResolver } from "../dns/dns-resolver.ts";
import { nodeEnv } from "../node-env.ts";
import { addressesOf } from "./dial-addresses.ts";
import type { DialServer } from "./dial-servers.ts";

const server: DialServer = {
  host: "host.example",
  port: 5_269,
  directTls: false,
  validated: false,
  isNamed: true,
  isConfigured: false,
};
const never = new AbortController().signal;

async function lookingUp(zone: Readonly<Record<string, ZoneEntry>>) {
  const dns = await startDns(new Map(Object.entries(zone)));
  const env = nodeEnv();
  const settings = { places: [dns], validating: false };
  const resolver = new DnsResolver({
    env,
    settings: () => Promise.resolve(settings),
    hosts: () => Promise.resolve(new Map()),
  });
  const parts = { resolver, env, guard: new AddressGuard([]), validating: false };
  return { resolver, parts, [Symbol.asyncDispose]: () => dns[Symbol.asyncDispose]() };
}

function records(...addresses: readonly string[]): ZoneEntry {
  return { answers: addresses.map((address) => addressRecord("host.example", address)) };
}

test("dial: addresses of both families are tried by turns, IPv6 first", async () => {
  await using to = await lookingUp({
    "A host.example": records("1.0.0.1", "1.0.0.2", "1.0.0.3"),
    "AAAA host.example": records("2a00::1", "2a00::2"),
  });
  const { addresses } = await addressesOf(server, to.parts, never);
  assert.deepEqual(addresses, ["2a00::1", "1.0.0.1", "2a00::2", "1.0.0.2", "1.0.0.3"]);
});

test("A36 no more than eight addresses of one machine are tried", async () => {
  await using to = await lookingUp({
    "A host.example": records(...Array.from({ length: 40 }, (_, i) => `1.0.0.${i}`)),
    "AAAA host.example": records(...Array.from({ length: 20 }, (_, i) => `2a00::${i}`)),
  });
  const { addresses } = await addressesOf(server, to.parts, never);
  assert.equal(addresses.length, 8);
});

for (const [silent, other, address] of [
  ["AAAA", "A", "1.0.0.1"],
  ["A", "AAAA", "2a00::1"],
] as const) {
  test(`dial: a server of names that says nothing of ${silent} holds nobody up who has ${other}`, async () => {
    await using to = await lookingUp({
      [`${other} host.example`]: records(address),
      [`${silent} host.example`]: { silent: "all" },
    });
    const stop = new AbortController();
    const { addresses } = await addressesOf(server, to.parts, stop.signal);
    assert.deepEqual(addresses, [address]);
    // It is still being asked.
    assert.equal(to.resolver.openQuestions, 1);
    stop.abort(new Error("enough"));
    await new Promise(setImmediate);
    assert.equal(to.resolver.openQuestions, 0);
  });
}

test("dial: one family that fails and another that has nothing are not known to be nothing", async () => {
  await using to = await lookingUp({ "AAAA host.example": { code: 2 } });
  await assert.rejects(addressesOf(server, to.parts, never), { name: "DnsError", reason: "failed" });
});
