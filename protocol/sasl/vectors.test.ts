import assert from "node:assert/strict";
import { test } from "node:test";
import { derive } from "#testing/sasl/run-exchange.ts";
import { fromByteString, toByteString, toHex } from "./bytes.ts";
import { digestMd5Ha1, digestMd5Response } from "./digest-md5-keys.ts";
import { readPlain } from "./plain-server.ts";
import { decodeBase64, decodeSaslContent, encodeBase64 } from "./sasl-base64.ts";
import { scramHashes } from "./scram-hash.ts";
import {
  authMessageOf,
  clientProof,
  isProof,
  saltedPasswordRequest,
  scramKeysFromSalted,
  serverSignature,
} from "./scram-keys.ts";
import {
  readClientFinal,
  readClientFirst,
  readServerFinal,
  readServerFirst,
  writeClientFirst,
  type ClientFirstRead,
} from "./scram-message.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import digestMd5 from "./vectors/digest-md5.json" with { type: "json" };
import pbkdf2 from "./vectors/pbkdf2.json" with { type: "json" };
import plain from "./vectors/sasl-plain.json" with { type: "json" };
import scram from "./vectors/scram.json" with { type: "json" };

for (const vector of scram.vectors) {
  const hash = known(scramHashes.find((name) => vector.mechanism.replace("-PLUS", "") === `SCRAM-${name}`));
  test(`SCRAM of ${vector.id}: every message is read, every value is the same`, () => {
    const first = known(readClientFirst(vector.client_first));
    assert.equal(first.username, vector.username);
    assert.equal(first.gs2Header + first.bare, vector.client_first);
    const challenge = known(readServerFirst(vector.server_first));
    const final = known(readClientFinal(vector.client_final));
    const request = saltedPasswordRequest(hash, encodeUtf8(vector.password), challenge);
    const salted = derive(request);
    assert.equal(toHex(salted), vector.derived.salted_password_hex);
    const keys = scramKeysFromSalted(hash, salted, challenge);
    assert.equal(toHex(keys.storedKey), vector.derived.stored_key_hex);
    assert.equal(toHex(keys.serverKey), vector.derived.server_key_hex);
    const authMessage = authMessageOf(first.bare, vector.server_first, final.bare);
    assert.equal(decodeUtf8(authMessage), vector.derived.auth_message);
    const proof = clientProof(hash, salted, authMessage);
    assert.equal(encodeBase64(proof), vector.derived.client_proof_b64);
    assert.ok(isProof(hash, keys, authMessage, proof));
    assert.equal(isProof(hash, keys, authMessage, final.proof), vector.verified);
    const signature = serverSignature(hash, keys.serverKey, authMessage);
    assert.equal(encodeBase64(signature), vector.derived.server_signature_b64);
    if (vector.verified) assert.deepEqual(readServerFinal(vector.server_final), { signature });
    assert.equal(toHex(final.bindingInput), toHex(encodeUtf8(first.gs2Header)) + vector.channel_binding_data_hex);
    assert.ok(final.nonce === challenge.nonce && final.nonce.startsWith(first.nonce));
  });
  test(`SCRAM of ${vector.id}: the first message is written as it was`, () => {
    const first: ClientFirstRead = known(readClientFirst(vector.client_first));
    const { gs2Header, bare } = writeClientFirst(first);
    assert.equal(gs2Header + bare, vector.client_first);
    const texts = [vector.client_first, vector.server_first, vector.client_final, vector.server_final];
    for (const [index, wire] of (vector.wire_base64 ?? []).entries()) {
      assert.deepEqual(decodeSaslContent(wire), { ok: true, data: encodeUtf8(texts[index] ?? "") });
    }
  });
}

for (const vector of digestMd5.vectors) {
  test(`DIGEST-MD5 of ${vector.id}: both answers are the same`, () => {
    const ha1 = digestMd5Ha1(vector);
    const parts = { ...vector, digestUri: vector.digest_uri, authzid: undefined };
    assert.equal(digestMd5Response(ha1, parts, "client"), vector.computed_response);
    assert.equal(digestMd5Response(ha1, parts, "server"), vector.computed_rspauth);
  });
}

for (const { id, authzid, authcid, password, message_b64 } of plain.vectors) {
  test(`PLAIN of ${id} is read`, () => {
    const expected = { authzid: authzid === "" ? undefined : authzid, authcid, password };
    assert.deepEqual(readPlain(known(decodeBase64(message_b64))), expected);
  });
}

for (const vector of pbkdf2.vectors) {
  test(`the derivation that tests use is PBKDF2: ${vector.iterations} × ${JSON.stringify(vector.password)}`, () => {
    const { iterations, dkLen: length } = vector;
    const [password, salt] = [encodeUtf8(vector.password), encodeUtf8(vector.salt)];
    assert.equal(toHex(derive({ hash: "SHA-1", password, salt, iterations, length })), vector.dk_hex);
  });
}

test("a byte string has one character a byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(fromByteString(toByteString(bytes)), bytes);
});

function known<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}
