import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { generateSelfSigned } from "../tls/self-signed.ts";
import { CertificateStore, type CertificateSettings } from "../tls/certificate-store.ts";
import { IssuedFiles } from "./issued-files.ts";

const settings: CertificateSettings = {
  sources: [
    { domain: "example.org", acme: true },
    { domain: "other.example", acme: true },
  ],
  minVersion: "1.2",
  acceptUnsuitable: false,
};

async function inDirectory(run: (dataDir: string, files: IssuedFiles) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "balcony-issued-"));
  try {
    await run(dataDir, new IssuedFiles(dataDir));
  } finally {
    await rm(dataDir, { recursive: true });
  }
}

test("an account's key is made once for each authority, and for nobody else's eyes", () =>
  inDirectory(async (dataDir, files) => {
    let made = 0;
    const make = () => Promise.resolve(`key ${++made}`);
    const [one, other] = ["https://a.example/dir", "https://b.example/dir"] as const;
    assert.deepEqual(
      [await files.accountKey(one, make), await files.accountKey(one, make), await files.accountKey(other, make)],
      ["key 1", "key 1", "key 2"],
    );
    for (const file of await readdir(join(dataDir, "acme")))
      assert.equal((await stat(join(dataDir, "acme", file))).mode & 0o777, 0o600, file);
    assert.equal((await stat(join(dataDir, "acme"))).mode & 0o777, 0o700);
  }));

test("failures are remembered until a success, and a damaged note counts as none", () =>
  inDirectory(async (dataDir, files) => {
    assert.equal(await files.failures("example.org"), undefined);
    const failures = { count: 2, lastAt: 7, reason: "the firewall" };
    await files.keepFailures("example.org", failures);
    assert.deepEqual(await files.failures("example.org"), failures);
    await files.keepFailures("example.org", undefined);
    assert.equal(await files.failures("example.org"), undefined);
    for (const damaged of ["{", "[]", '{"count": -1, "lastAt": 1}', '{"count": 1, "lastAt": "x"}', "null"]) {
      await writeFile(join(dataDir, "acme", "example.org.failures.json"), damaged);
      assert.equal(await files.failures("example.org"), undefined, damaged);
    }
  }));

test("what ACME brought is in use at once, for sub-domains too, and the others keep theirs", () =>
  inDirectory(async (dataDir, files) => {
    const now = Date.now();
    const store = await CertificateStore.open(settings, { dataDir, now: () => now });
    const before = { own: store.first.leaf.fingerprint256, other: store.find("other.example")?.leaf.fingerprint256 };
    assert.equal(store.first.selfSigned, true);
    const { certificate, key } = await generateSelfSigned("example.org", now);
    await files.keep("example.org", certificate, key);
    let told = 0;
    store.onReload(() => (told += 1));
    assert.deepEqual(await store.refresh(settings, "example.org"), { changed: ["example.org"], problems: [] });
    assert.equal(told, 1);
    assert.notEqual(store.first.leaf.fingerprint256, before.own);
    assert.equal(store.find("other.example")?.leaf.fingerprint256, before.other);
    assert.equal(store.replacedAt("example.org"), now);
    assert.equal(store.replacedAt("other.example"), undefined);
    assert.equal(store.find("rooms.example.org"), undefined, "it is for example.org alone");
  }));

test("a sub-domain is shown the certificate of the host above it that is good for it", () =>
  inDirectory(async (dataDir, files) => {
    const now = Date.now();
    const { certificate, key } = await generateSelfSigned("*.example.org", now);
    await files.keep("example.org", certificate, key);
    const store = await CertificateStore.open(settings, { dataDir, now: () => now });
    for (const [name, domain] of [
      ["rooms.example.org", "example.org"],
      ["ROOMS.example.org", "example.org"],
      ["a.rooms.example.org", undefined],
      ["org", undefined],
      ["other.example", "other.example"],
    ] as const)
      assert.equal(store.find(name)?.domain, domain, name);
  }));

test("a certificate of ACME's that has expired does not keep the server from starting: it is renewed while it runs", () =>
  inDirectory(async (dataDir, files) => {
    const longAgo = Date.UTC(2001, 0, 1);
    const { certificate, key } = await generateSelfSigned("example.org", longAgo);
    await files.keep("example.org", certificate, key);
    const store = await CertificateStore.open(settings, { dataDir, now: Date.now });
    assert.ok((store.expiry()[0]?.days ?? 1) < 0);
  }));
