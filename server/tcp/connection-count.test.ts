import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionCount, type ConnectionLimits, type OpenConnection } from "./connection-count.ts";

const none: ConnectionLimits = {
  totalMax: Infinity,
  perAddressMax: Infinity,
  unauthenticatedMax: Infinity,
  attempts: { max: Infinity, windowMs: 60_000 },
  openFilesMax: Infinity,
};

function fixture(limits: Partial<ConnectionLimits>) {
  const hits: string[] = [];
  const destroyed: string[] = [];
  const count = new ConnectionCount({ ...none, ...limits }, (limit) => hits.push(limit));
  const open = (address: string, name = address, now = 0): OpenConnection | undefined =>
    count.open(address, now, () => destroyed.push(name));
  return { count, open, hits, destroyed };
}

test("who comes too often within a time is refused for its rest, and nobody else is [rfc6120-13.12-04] [rfc6120-13.12-05]", () => {
  const { count, open, hits } = fixture({ attempts: { max: 2, windowMs: 60_000 } });
  const at = (now: number, address = "192.0.2.1") => {
    const connection = open(address, address, now);
    connection?.close();
    return connection !== undefined;
  };
  assert.deepEqual([at(1_000), at(1_001), at(2_000), at(60_999)], [true, true, false, false]);
  assert.equal(at(60_999, "192.0.2.2"), true);
  assert.deepEqual([at(61_000), at(61_000), at(61_000)], [true, true, false]);
  assert.equal(at(0), true, "a clock that was set back");
  assert.deepEqual([hits, count.total], [Array(3).fill("connections-attempts"), 0]);
});

for (const { limits, hit } of [
  { limits: { totalMax: 2 }, hit: "connections-total" },
  { limits: { perAddressMax: 2 }, hit: "connections-per-address" },
  { limits: { openFilesMax: 2 }, hit: "connections-open-files" },
] as const)
  test(`A7 the third of two connections is refused and counted: ${hit}`, () => {
    const { count, open, hits } = fixture(limits);
    const first = open("192.0.2.1");
    open("192.0.2.1")?.authenticated();
    assert.equal(open("192.0.2.1"), undefined);
    assert.deepEqual([hits, count.total], [[hit], 2]);
    first?.close();
    assert.notEqual(open("192.0.2.1"), undefined);
    assert.equal(hits.length, 1);
  });

test("A7 who holds connections open displaces himself, and nobody who comes with one is turned away", () => {
  const { count, open, hits, destroyed } = fixture({ unauthenticatedMax: 10 });
  open("192.0.2.99", "early");
  for (let at = 0; at < 6; at += 1) open("192.0.2.1", `attacker-${at}`);
  for (let at = 0; at < 3; at += 1) open("192.0.2.2", `accomplice-${at}`);
  assert.deepEqual(destroyed, []);
  assert.notEqual(open("198.51.100.7", "user"), undefined);
  open("192.0.2.1", "attacker-6");
  open("192.0.2.1", "attacker-7");
  assert.deepEqual(destroyed, ["attacker-0", "attacker-1", "attacker-2"]);
  assert.deepEqual(new Set(hits), new Set(["connections-unauthenticated"]));
  assert.equal(count.total, 10);
});

test("A7 connections with a user on them give way to nobody", () => {
  const { open, destroyed } = fixture({ unauthenticatedMax: 1 });
  for (let at = 0; at < 5; at += 1) open("192.0.2.1", `member-${at}`)?.authenticated();
  open("192.0.2.1", "waiting");
  open("192.0.2.2", "newcomer");
  assert.deepEqual(destroyed, ["waiting"]);
});

test("the only connection of an address may give way to another of it, and the count stays right", () => {
  const { count, open, destroyed } = fixture({ unauthenticatedMax: 1, perAddressMax: 2 });
  const first = open("192.0.2.1", "first");
  const second = open("192.0.2.1", "second");
  // The socket's end is told later, after it has been counted as gone.
  first?.close();
  assert.deepEqual([destroyed, count.total], [["first"], 1]);
  second?.authenticated();
  second?.close();
  second?.close();
  assert.equal(count.total, 0);
});

test("one network of IPv6 counts as one address", () => {
  const { open, hits } = fixture({ perAddressMax: 1 });
  open("2001:db8::1");
  assert.equal(open("2001:db8::2"), undefined);
  assert.notEqual(open("2001:db8:0:1::1"), undefined);
  assert.deepEqual(hits, ["connections-per-address"]);
});

test("A11 connections that we open count among the files that are open, and are refused like others", () => {
  const { count, open, hits } = fixture({ openFilesMax: 2 });
  const first = open("192.0.2.1");
  const release = count.openOutgoing();
  assert.ok(first !== undefined && release !== undefined);
  assert.equal(open("192.0.2.1"), undefined);
  assert.equal(count.openOutgoing(), undefined);
  assert.deepEqual(hits, ["connections-open-files", "connections-open-files"]);
  release();
  release();
  assert.ok(open("192.0.2.1") !== undefined);
  assert.equal(open("192.0.2.1"), undefined);
});
