import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pbkdf2Sync } from "node:crypto";
import { announcementHash, type SaslOffers } from "./announcement-hash.ts";
import type { SaslClientContext } from "./client-context.ts";
import { scramClient } from "./scram-client.ts";
import { authMessageOf, clientProof, scramKeysFromSalted, serverSignature } from "./scram-keys.ts";
import { readServerFirst, writeServerFirst } from "./scram-message.ts";
import { encodeBase64 } from "./sasl-base64.ts";
import { encodeUtf8 } from "./utf8.ts";

const example: SaslOffers = {
  mechanisms: ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"],
  bindingTypes: ["tls-server-end-point", "tls-exporter"],
};

describe("the hash of an announcement", () => {
  test("is that of XEP-0474's example, in whatever order things were announced [xep0474-6.1-01]", () => {
    assert.equal(announcementHash("SHA-1", example), "G6k/rBLDqgOhRRaCuuatSDFkJ08=");
    const turned = {
      mechanisms: example.mechanisms.toReversed(),
      bindingTypes: ["tls-exporter", "tls-server-end-point"],
    };
    assert.equal(announcementHash("SHA-1", turned), announcementHash("SHA-1", example));
  });

  test("tells no types from an empty list of them", () => {
    const { mechanisms } = example;
    assert.notEqual(
      announcementHash("SHA-256", { mechanisms }),
      announcementHash("SHA-256", { mechanisms, bindingTypes: [] }),
    );
  });

  test("does not let names run into one another", () => {
    const hashes = [
      { mechanisms: ["A", "B"] },
      { mechanisms: ["AB"] },
      { mechanisms: ["A"], bindingTypes: ["B"] },
      { mechanisms: ["A", "B"], bindingTypes: [] },
    ].map((offers) => announcementHash("SHA-256", offers));
    assert.equal(new Set(hashes).size, hashes.length);
  });

  test("stands behind the iterations, and others' attributes beside it", () => {
    const first = { nonce: "abc", salt: new Uint8Array([1]), iterations: 4096, announcement: "G6k=" };
    assert.equal(writeServerFirst(first), "r=abc,s=AQ==,i=4096,h=G6k=");
    assert.deepEqual(readServerFirst("r=abc,s=AQ==,i=4096,d=xyz,h=G6k="), first);
  });
});

test("the exchange of XEP-0474's example proves both sides, the hash being part of what they sign", () => {
  const nonce = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6";
  const serverFirst = `r=${nonce},s=QSXCR+Q6sek8bf92,i=4096,h=${announcementHash("SHA-1", example)}`;
  const finalBare = `c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r=${nonce},x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3`;
  const signed = authMessageOf("n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6", serverFirst, finalBare);
  const first = readServerFirst(serverFirst);
  assert.ok(first !== undefined);
  const salted = new Uint8Array(pbkdf2Sync("pencil", first.salt, first.iterations, 20, "sha1"));
  const keys = scramKeysFromSalted("SHA-1", salted, first);
  assert.equal(encodeBase64(clientProof("SHA-1", salted, signed)), "M/SIDjT+dfcxUh89jZEypRvFxB4=");
  assert.equal(encodeBase64(serverSignature("SHA-1", keys.serverKey, signed)), "MQrMPvv7yv4x4Cq4W4Ih25EqS2c=");
});

describe("a client of SCRAM", () => {
  /** What it says to a challenge of the server. */
  const answerTo = (context: Partial<SaslClientContext>, extension: string): string => {
    const exchange = scramClient("SHA-1", {
      username: "user",
      password: "pencil",
      domain: "im.example",
      binding: "n",
      random: (bytes) => new Uint8Array(bytes),
      ...context,
    });
    const first = exchange.start();
    assert.equal(first.type, "response");
    const nonce = encodeBase64(new Uint8Array(18));
    const challenge = exchange.challenge(encodeUtf8(`r=${nonce}x,s=QSXCR+Q6sek8bf92,i=4096${extension}`));
    if (challenge.type !== "derive") return challenge.type === "refused" ? challenge.text : challenge.type;
    const { password, salt, iterations, length } = challenge;
    return exchange.derived(new Uint8Array(pbkdf2Sync(password, salt, iterations, length, "sha1"))).type;
  };
  const signed = `,h=${announcementHash("SHA-1", example)}`;

  test("goes on when what arrived is what was sent, before any key is derived otherwise [xep0474-6.2-01]", () => {
    assert.equal(answerTo({ announced: example }, signed), "response");
  });

  test("A31 goes no further when somebody has shortened the list [xep0474-6.2-01]", () => {
    for (const announced of [
      { ...example, mechanisms: ["SCRAM-SHA-1"] },
      { ...example, bindingTypes: ["tls-server-end-point"] },
      { mechanisms: example.mechanisms },
    ])
      assert.match(answerTo({ announced }, signed), /changed what the server announced/);
  });

  test("goes on with a server that does not say, unless the list looks shortened [xep0474-7-04]", () => {
    assert.equal(answerTo({ announced: example }, ""), "response");
    assert.match(answerTo({ announced: example, announcementRequired: true }, ""), /looks shortened/);
  });
});
