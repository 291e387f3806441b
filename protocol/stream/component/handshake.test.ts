import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { buildHandshake, handshakeOf, isHandshake, provesSecret } from "./handshake.ts";

const vectors = [
  { id: "3BF96D32", secret: "test", handshake: "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e" },
  { id: "1234567890", secret: "secret", handshake: "aadd7b779812392e372fa4c9893e2823343825a7" },
  { id: "c2p-é1", secret: "pässwörd", handshake: "6e1bc2cd21a1408a56092a503ef0c06af12d14dc" },
];

for (const { id, secret, handshake } of vectors)
  test(`the proof for ${id} and ${secret} is ${handshake}`, () => {
    assert.equal(handshakeOf(id, secret), handshake);
    assert.ok(provesSecret(handshake, id, secret));
  });

const wrong: readonly (readonly [name: string, proof: string, secret: string])[] = [
  ["of another secret", handshakeOf("3BF96D32", "tset"), "test"],
  ["of another stream", handshakeOf("3BF96D33", "test"), "test"],
  ["in capitals", handshakeOf("3BF96D32", "test").toUpperCase(), "test"],
  ["cut short", handshakeOf("3BF96D32", "test").slice(0, 39), "test"],
  ["with more behind it", `${handshakeOf("3BF96D32", "test")}0`, "test"],
  ["that is empty", "", "test"],
  ["of no secret where there is none", handshakeOf("3BF96D32", ""), ""],
];

for (const [name, proof, secret] of wrong)
  test(`a proof ${name} is none`, () => assert.ok(!provesSecret(proof, "3BF96D32", secret)));

test("a handshake is known by namespace and name", () => {
  assert.ok(isHandshake(buildHandshake("x")));
  assert.ok(!isHandshake(xml("urn:example", "handshake")));
  assert.ok(!isHandshake(xml("jabber:client", "message")));
});
