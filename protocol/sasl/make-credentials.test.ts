import assert from "node:assert/strict";
import { test } from "node:test";
import { countingRandom, credentialsOf, derive, testDomain, testPolicy } from "#testing/sasl/run-exchange.ts";
import { toByteString, toHex } from "./bytes.ts";
import { scramSaltBytes } from "./fake-credentials.ts";
import { makeCredentials } from "./make-credentials.ts";
import { scramHashes, scramKeyBytes } from "./scram-hash.ts";

const options = { username: "juliet", domain: testDomain, policy: testPolicy, random: countingRandom(5) };

test("a password becomes keys for every hash of the policy, each with a salt of its own", () => {
  const asked: string[] = [];
  const maker = makeCredentials({ ...options, password: "r0m30myr0m30" });
  let step = maker.start();
  while (step.type === "derive") {
    asked.push(`${step.hash} ${step.iterations} ${step.length} ${step.salt.length}`);
    step = maker.derived(derive(step));
  }
  assert.ok(step.type === "made");
  assert.deepEqual(
    asked,
    scramHashes.map((hash) => `${hash} 4096 ${scramKeyBytes[hash]} ${scramSaltBytes}`),
  );
  const salts = scramHashes.map((hash) => toHex(step.credentials.scram[hash]?.salt ?? new Uint8Array()));
  assert.equal(new Set(salts).size, scramHashes.length);
  assert.equal(step.credentials.digestMd5?.realm, testDomain);
});

test("a hash that is not in the policy gets no keys, and DIGEST-MD5 only where it is on", () => {
  const made = credentialsOf("juliet", "x", {
    ...testPolicy,
    scramHashes: ["SHA-256"],
    scramOffered: ["SHA-256"],
    digestMd5: false,
  });
  assert.deepEqual(Object.keys(made.scram), ["SHA-256"]);
  assert.ok(!("digestMd5" in made));
});

test("nothing that is kept contains the password", () => {
  const password = "abcdefghijklmnop";
  const { scram, digestMd5 } = credentialsOf("juliet", password);
  const kept = scramHashes.flatMap((hash) => {
    const keys = scram[hash];
    return keys === undefined ? [] : [keys.salt, keys.storedKey, keys.serverKey];
  });
  assert.equal(kept.length, 9);
  for (const bytes of [...kept, digestMd5?.ha1 ?? new Uint8Array()]) assert.ok(!toByteString(bytes).includes(password));
});

for (const [name, password] of Object.entries({
  "no password": "",
  "a control character": "a\u0007b",
  "mixed directions": "\u0627b",
  "emoji, which SASLprep does not know": "\u{1f600}",
  "a lone surrogate": "a\ud800",
  "more than 1023 characters": "x".repeat(1024),
})) {
  test(`${name} cannot be a new password`, () => {
    assert.deepEqual(makeCredentials({ ...options, password }).start(), { type: "refused" });
  });
}
