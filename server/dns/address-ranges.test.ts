import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressGuard, isLoopback, parseAddressRange } from "./address-ranges.ts";

/** The first and the last of each range that is nobody's on the Internet, and their neighbours that are. */
const closed = [
  ["0.0.0.0", "0.255.255.255"],
  ["10.0.0.0", "10.255.255.255"],
  ["100.64.0.0", "100.127.255.255"],
  ["127.0.0.1", "127.255.255.255"],
  ["169.254.0.0", "169.254.169.254"],
  ["172.16.0.0", "172.31.255.255"],
  ["192.0.0.1", "192.0.2.255"],
  ["192.88.99.1", "192.168.255.255"],
  ["198.18.0.0", "198.19.255.255"],
  ["198.51.100.1", "203.0.113.1"],
  ["224.0.0.1", "239.255.255.255"],
  ["240.0.0.1", "255.255.255.255"],
  ["::", "::1"],
  ["::127.0.0.1", "::10.1.2.3"],
  ["::ffff:127.0.0.1", "::ffff:7f00:1"],
  ["::ffff:10.0.0.1", "::ffff:192.168.1.1"],
  ["0:0:0:0:0:ffff:a9fe:a9fe", "::FFFF:172.16.0.1"],
  ["64:ff9b::10.0.0.1", "64:ff9b::7f00:1"],
  ["64:ff9b:1::1", "100::1"],
  ["2002:7f00:1::", "2002:a00:1::1"],
  ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"],
  ["3fff::1", "5f00::1"],
  ["fc00::1", "fdff:ffff::1"],
  ["fe80::1", "febf::1"],
  ["fec0::1", "ff02::1"],
  ["fe80::1%eth0", "::1%lo", "2606:4700:4700::1111%eth0"],
  ["", "localhost"],
  ["0x7f000001", "2130706433"],
  ["127.1", "0177.0.0.1"],
  ["[::1]", "1.2.3.4:80"],
].flat();

const open = [
  ["1.0.0.0", "9.255.255.255"],
  ["11.0.0.0", "100.63.255.255"],
  ["100.128.0.0", "126.255.255.255"],
  ["128.0.0.0", "169.253.255.255"],
  ["169.255.0.0", "172.15.255.255"],
  ["172.32.0.0", "191.255.255.255"],
  ["193.0.0.1", "223.255.255.255"],
  ["2a00:1450::1", "2606:4700::1111"],
  ["2001:4860:4860::8888", "2001:200::1"],
  ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
  ["2002:808:808::1", "2003::1"],
].flat();

test("A36 no address that is nobody's on the Internet is connected to", () => {
  const guard = new AddressGuard([]);
  assert.deepEqual(
    closed.filter((address) => guard.admits(address)),
    [],
  );
});

test("dns: addresses of the Internet are connected to", () => {
  const guard = new AddressGuard([]);
  assert.deepEqual(
    open.filter((address) => !guard.admits(address)),
    [],
  );
});

test("dns: what the configuration lists is connected to, and nothing beside it", () => {
  const ranges = ["10.1.0.0/16", "127.0.10.3", "fd00:1::/32", "::1"].map((text) => parseAddressRange(text));
  const guard = new AddressGuard(ranges.filter((range) => range !== undefined));
  const admitted = [
    "10.1.2.3",
    "10.2.0.1",
    "127.0.10.3",
    "127.0.10.4",
    "fd00:1::5",
    "fd00:2::5",
    "::1",
    "::2",
    "8.8.8.8",
  ];
  assert.deepEqual(
    admitted.filter((address) => guard.admits(address)),
    ["10.1.2.3", "127.0.10.3", "fd00:1::5", "::1", "8.8.8.8"],
  );
});

test("dns: a range that is none is refused", () => {
  const texts = [
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0/8",
    "example.org",
    "",
    "fe80::1%eth0",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
  ];
  assert.deepEqual(
    texts.filter((text) => parseAddressRange(text) !== undefined),
    [],
  );
});

test("dns: loopback is known in both families", () => {
  assert.deepEqual(
    ["127.0.0.53", "::1", "::1%lo", "128.0.0.1", "::2", "", "localhost"].map((address) => isLoopback(address)),
    [true, true, true, false, false, false, false],
  );
});
