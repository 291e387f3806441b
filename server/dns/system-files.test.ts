import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseResolvConf, parseResolver, SystemFile } from "./system-files.ts";

const resolvers: readonly (readonly [text: string, expected: string])[] = [
  ["192.0.2.1", "192.0.2.1 53"],
  ["192.0.2.1:5353", "192.0.2.1 5353"],
  ["2001:db8::1", "2001:db8::1 53"],
  ["[2001:db8::1]", "2001:db8::1 53"],
  ["[2001:db8::1]:5353", "2001:db8::1 5353"],
  ["::1", "::1 53"],
  ["192.0.2.1:0", "none"],
  ["192.0.2.1:65536", "none"],
  ["[192.0.2.1]:53", "none"],
  ["dns.example", "none"],
  ["", "none"],
];

for (const [text, expected] of resolvers) {
  test(`dns: a resolver written "${text}" is ${expected}`, () => {
    const place = parseResolver(text);
    assert.equal(place === undefined ? "none" : `${place.address} ${place.port}`, expected);
  });
}

test("dns: resolv.conf names the resolvers, and without any there is the one of this machine", () => {
  const text =
    "# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n nameserver\tfe80::1%eth0 \nnameserver nonsense\noptions timeout:1\n";
  assert.deepEqual(
    parseResolvConf(text).map(({ address }) => address),
    ["192.0.2.1", "fe80::1%eth0"],
  );
  assert.deepEqual(parseResolvConf(""), [{ address: "127.0.0.1", port: 53 }]);
});

test("dns: a file of the system is read again when it has changed, and as empty when it is gone", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-dns-"));
  const path = join(directory, "resolv.conf");
  let now = 0;
  let parsed = 0;
  const file = new SystemFile(
    path,
    (text) => {
      parsed += 1;
      return text;
    },
    { now: () => now },
  );
  try {
    await writeFile(path, "one");
    assert.equal(await file.read(), "one");
    await writeFile(path, "three");
    assert.equal(await file.read(), "one");
    now += 5_000;
    assert.equal(await file.read(), "three");
    now += 5_000;
    assert.equal(await file.read(), "three");
    assert.equal(parsed, 2);
    await rm(path);
    now += 5_000;
    assert.equal(await file.read(), "");
  } finally {
    await rm(directory, { recursive: true });
  }
});
