// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 wants it to be there
import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as x509 from "@peculiar/x509";
import { CertificateError } from "./certificate-error.ts";
import { endPointOf } from "./end-point.ts";
import { daysLeft, loadCertificate } from "./load-certificate.ts";
import { generateSelfSigned, selfSignedCertificate } from "./self-signed.ts";

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 21);
const settings = { minVersion: "TLSv1.2", ciphers: undefined } as const;
const domain = "montague.example";

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-certificates-"));
});

after(() => rm(directory, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

test("a certificate of our own is a good one of a server and no authority's [rfc6120-13.7.1.1-01] [rfc6120-13.7.1.1-02] [rfc6120-13.7.1.1-03] [rfc6120-13.7.1.1-04] [rfc6120-13.7.1.2.1-01]", async () => {
  const { certificate } = await generateSelfSigned(domain, now);
  const { signatureAlgorithm, ...made } = new x509.X509Certificate(certificate);
  void made;
  assert.deepEqual(signatureAlgorithm, { name: "ECDSA", hash: { name: "SHA-256" } });
  const read = new X509Certificate(certificate);
  assert.equal(read.ca, false);
  assert.notEqual(read.subject ?? "", "");
  assert.equal(read.subjectAltName, `DNS:${domain}`);
  assert.match(read.toLegacyObject().ext_key_usage?.join(" ") ?? "", /1\.3\.6\.1\.5\.5\.7\.3\.1/);
  const constraints = new x509.X509Certificate(certificate).getExtension(x509.BasicConstraintsExtension);
  assert.deepEqual([constraints?.ca, constraints?.critical], [false, true]);
});

test("a name of a certificate may begin with a wildcard, for one label [rfc6120-13.7.1.2.1-02] [rfc6120-13.7.1.2.1-08]", async () => {
  const made = await generateSelfSigned(`*.${domain}`, now);
  const files = {
    certificateFile: await file("wild.crt", made.certificate),
    keyFile: await file("wild.key", made.key),
  };
  const suits = async (name: string) => (await loadCertificate(name, files, settings, now)).unsuitable.length === 0;
  assert.deepEqual(
    [
      await suits(`chat.${domain}`),
      await suits(domain),
      await suits(`a.chat.${domain}`),
      await suits("verona.example"),
    ],
    [true, false, false, false],
  );
});

test("a certificate for the host, with its key, is taken [rfc6120-13.7.1.2.1-02]", async () => {
  const made = await generateSelfSigned(domain, now);
  const files = {
    certificateFile: await file("good.crt", made.certificate),
    keyFile: await file("good.key", made.key),
  };
  const loaded = await loadCertificate(domain, files, settings, now);
  assert.deepEqual(loaded.unsuitable, []);
  assert.equal(loaded.selfSigned, true);
  assert.equal(Math.round(daysLeft(loaded.leaf, now)), 3650);
});

test("what TLS cannot work with is refused, with a word on what to do", async () => {
  const mine = await generateSelfSigned(domain, now);
  const other = await generateSelfSigned(domain, now);
  const locked = createPrivateKey(mine.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });
  const certificateFile = await file("mine.crt", mine.certificate);
  const keyFile = await file("mine.key", mine.key);
  const missing = join(directory, "missing.pem");
  const cases = [
    {
      files: { certificateFile: missing, keyFile },
      says: /cannot read the certificate .*missing\.pem: there is no such file/,
    },
    { files: { certificateFile, keyFile: missing }, says: /cannot read the key .*missing\.pem: there is no such file/ },
    { files: { certificateFile: keyFile, keyFile }, says: /mine\.key holds no certificate in PEM form/ },
    { files: { certificateFile, keyFile: certificateFile }, says: /mine\.crt holds no private key in PEM form/ },
    {
      files: { certificateFile, keyFile: await file("other.key", other.key) },
      says: /other\.key does not belong to the first certificate in .*mine\.crt/,
    },
    {
      files: { certificateFile, keyFile: await file("locked.key", locked) },
      says: /protected by a passphrase; take it off with: openssl pkey/,
    },
  ];
  for (const { files, says } of cases) {
    await assert.rejects(loadCertificate(domain, files, settings, now), (error) => {
      assert(error instanceof CertificateError);
      assert.match(error.message, says);
      assert.match(error.message, /^montague\.example: /);
      return true;
    });
  }
});

for (const { name, forDomain, at, says } of [
  { name: "has expired", forDomain: domain, at: now + 3651 * dayMs, says: /expired on 2036-11-18; renew it/ },
  {
    name: "is not valid yet",
    forDomain: domain,
    at: now - 3 * dayMs,
    says: /valid only from 2026-11-20; check this machine's clock/,
  },
  {
    name: "names another host",
    forDomain: "capulet.example",
    at: now,
    says: /is for DNS:capulet\.example, not for montague\.example/,
  },
]) {
  test(`a certificate that ${name} is called unsuitable`, async () => {
    const made = await generateSelfSigned(forDomain, now);
    const files = {
      certificateFile: await file("odd.crt", made.certificate),
      keyFile: await file("odd.key", made.key),
    };
    const { unsuitable } = await loadCertificate(domain, files, settings, at);
    assert.equal(unsuitable.length, 1);
    assert.match(unsuitable.join(), says);
  });
}

test("a certificate in the name of a domain in another script is found suitable", async () => {
  const made = await generateSelfSigned("bücher.example", now);
  const files = { certificateFile: await file("idn.crt", made.certificate), keyFile: await file("idn.key", made.key) };
  assert.deepEqual((await loadCertificate("bücher.example", files, settings, now)).unsuitable, []);
});

test("a self-signed certificate is made once, kept, replaced before it expires, and its key is the owner's alone", async () => {
  const first = await selfSignedCertificate(domain, join(directory, "made"), now);
  const fingerprint = async (at: number) => {
    const { certificateFile, keyFile } = await selfSignedCertificate(domain, join(directory, "made"), at);
    return (await loadCertificate(domain, { certificateFile, keyFile }, settings, at)).leaf.fingerprint256;
  };
  const original = await fingerprint(now);
  assert.equal(await fingerprint(now + 3600 * dayMs), original);
  assert.notEqual(await fingerprint(now + 3640 * dayMs), original);
  assert.equal((await stat(first.keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(join(directory, "made"))).mode & 0o777, 0o700);
});

interface SigningAlgorithm {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array;
  readonly saltLength?: number;
}

const signatures: readonly { signature: string; algorithm: SigningAlgorithm; hash: string | undefined }[] = [
  {
    signature: "ECDSA with SHA-256",
    algorithm: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
    hash: "sha256",
  },
  {
    signature: "ECDSA with SHA-384",
    algorithm: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
    hash: "sha384",
  },
  { signature: "RSA with SHA-1", algorithm: rsa("RSASSA-PKCS1-v1_5", "SHA-1"), hash: "sha256" },
  { signature: "RSA with SHA-512", algorithm: rsa("RSASSA-PKCS1-v1_5", "SHA-512"), hash: "sha512" },
  { signature: "RSA-PSS with SHA-384", algorithm: rsa("RSA-PSS", "SHA-384"), hash: "sha384" },
  { signature: "Ed25519", algorithm: { name: "Ed25519", hash: "" }, hash: undefined },
];
for (const { signature, algorithm, hash } of signatures) {
  test(`tls-server-end-point of a certificate signed by ${signature} is ${hash ?? "not defined"}`, async () => {
    const keys = await x509.cryptoProvider.get().subtle.generateKey(algorithm, true, ["sign", "verify"]);
    assert("privateKey" in keys);
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      keys,
      name: "CN=x",
      signingAlgorithm: algorithm,
    });
    const certificate = new X509Certificate(made.toString("pem"));
    const expected = hash === undefined ? undefined : createHash(hash).update(certificate.raw).digest();
    assert.deepEqual(await endPointOf(certificate), expected);
  });
}

function rsa(name: string, hash: string) {
  return { name, hash, saltLength: 48, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
}
