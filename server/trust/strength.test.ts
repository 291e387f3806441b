import assert from "node:assert/strict";
import { test } from "node:test";
import { readDer } from "./der.ts";
import { weaknessOfKey, weaknessOfSignature } from "./strength.ts";

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const oids = {
  rsa: "06092a864886f70d010101",
  pss: "06092a864886f70d01010a",
  mgf1: "06092a864886f70d010108",
  md5WithRsa: "06092a864886f70d010104",
  sha1WithRsa: "06092a864886f70d010105",
  sha256WithRsa: "06092a864886f70d01010b",
  sha1: "06052b0e03021a",
  sha256: "0609608648016503040201",
  dsa: "06072a8648ce380401",
  ec: "06072a8648ce3d0201",
  p256: "06082a8648ce3d030107",
  secp256k1: "06052b8104000a",
} as const;
const oid = (name: keyof typeof oids) => Buffer.from(oids[name], "hex");
const rsaKey = (modulusBytes: number, exponent: readonly number[]) =>
  der(
    0x30,
    der(0x30, oid("rsa"), Buffer.from([5, 0])),
    der(
      0x03,
      Buffer.from([0]),
      der(0x30, der(0x02, Buffer.from([0]), Buffer.alloc(modulusBytes, 0xff)), der(0x02, Buffer.from(exponent))),
    ),
  );
const ecKey = (...parameters: readonly Uint8Array[]) => der(0x30, der(0x30, oid("ec"), ...parameters), der(0x03));

for (const { name, key, says } of [
  { name: "RSA of 2048 bits", key: rsaKey(256, [1, 0, 1]), says: undefined },
  { name: "RSA of 2040 bits", key: rsaKey(255, [1, 0, 1]), says: /2040 bits; 2048 are the least/ },
  { name: "RSA of 8192 bits", key: rsaKey(1_024, [1, 0, 1]), says: undefined },
  { name: "RSA of 16384 bits, costly to use", key: rsaKey(2_048, [1, 0, 1]), says: /8192 are the most/ },
  {
    name: "RSA with an exponent of 48 bits, costly to use",
    key: rsaKey(256, [1, 0, 0, 0, 0, 1]),
    says: /huge exponent/,
  },
  { name: "EC on P-256", key: ecKey(oid("p256")), says: undefined },
  { name: "EC on secp256k1", key: ecKey(oid("secp256k1")), says: /curve that is not/ },
  { name: "EC on a curve of its own making", key: ecKey(der(0x30)), says: /curve that is not/ },
  { name: "EC without a curve", key: ecKey(), says: /curve that is not/ },
  { name: "DSA", key: der(0x30, der(0x30, oid("dsa")), der(0x03)), says: /not supported/ },
]) {
  test(`a key: ${name} is ${says === undefined ? "good" : "refused"}`, () => {
    const weakness = weaknessOfKey(key);
    if (says === undefined) assert.equal(weakness, undefined);
    else assert.match(weakness ?? "", says);
  });
}

const pssOf = (hash: keyof typeof oids, maskHash: keyof typeof oids) =>
  der(
    0x30,
    oid("pss"),
    der(0x30, der(0xa0, der(0x30, oid(hash))), der(0xa1, der(0x30, oid("mgf1"), der(0x30, oid(maskHash))))),
  );
for (const { name, algorithm, isGood } of [
  { name: "RSA with MD5", algorithm: der(0x30, oid("md5WithRsa")), isGood: false },
  { name: "RSA with SHA-1", algorithm: der(0x30, oid("sha1WithRsa")), isGood: false },
  { name: "RSA with SHA-256", algorithm: der(0x30, oid("sha256WithRsa"), Buffer.from([5, 0])), isGood: true },
  { name: "RSA-PSS with SHA-256", algorithm: pssOf("sha256", "sha256"), isGood: true },
  { name: "RSA-PSS with SHA-1", algorithm: pssOf("sha1", "sha1"), isGood: false },
  { name: "RSA-PSS with a mask of SHA-1", algorithm: pssOf("sha256", "sha1"), isGood: false },
  { name: "RSA-PSS that does not say, which is SHA-1", algorithm: der(0x30, oid("pss"), der(0x30)), isGood: false },
]) {
  test(`a signature: ${name} is ${isGood ? "good" : "refused"}`, () => {
    assert.equal(weaknessOfSignature(readDer(algorithm)) === undefined, isGood);
  });
}
