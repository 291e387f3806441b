import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { listsCertificate, parsePoshDocument } from "#server/trust/posh-document.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { fuzzTarget } from "../engine/target.ts";

const certificate = new TextEncoder().encode("a certificate");
const right = createHash("sha256").update(certificate).digest("base64");
const wrong = createHash("sha256").update("another").digest("base64");
const yearMs = 31_536_000_000;

export const target = fuzzTarget({
  summary:
    "whatever a web server says of certificates is read within bounds or not at all, and lists none that it does not name",
  bytesMax: 4_096,
  roundExecutions: 500_000,
  words: [
    '"fingerprints"',
    '"url"',
    '"expires"',
    '"sha-256"',
    '"sha-512"',
    '"__proto__"',
    '"constructor"',
    '"https://a.example/.well-known/posh/xmpp-server.json"',
    '"http://a.example/"',
    '"https://a.example:99999/"',
    `"${wrong}"`,
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "null",
    "1e400",
    "-0",
    "86400",
    "\\ud800",
  ],
  seeds: [
    JSON.stringify({ fingerprints: [{ "sha-256": wrong }], expires: 86_400 }),
    JSON.stringify({ fingerprints: [{ "sha-512": "x", "sha-256": wrong }, {}], expires: 0 }),
    JSON.stringify({ url: "https://a.example/.well-known/posh/xmpp-server.json", expires: 60 }),
    JSON.stringify({ url: "https://a.example/", fingerprints: [{ "sha-256": wrong }], expires: 60 }),
    "[[[[]]]]",
    "",
  ],
  mutations: [],
  run: (input) => {
    const text = looseTextOf(input);
    const document = parsePoshDocument(text);
    if (document === undefined) return;
    assert.ok(document.lifeMs > 0 && document.lifeMs <= yearMs);
    if (document.kind === "reference") {
      assert.equal(new URL(document.url).protocol, "https:");
      return;
    }
    assert.ok(document.fingerprints.length > 0 && document.fingerprints.length <= 100);
    // No input has its hash, unless the fuzzer finds out by chance.
    const named = text.includes(right.replace(/=+$/u, ""));
    assert.ok(named || !listsCertificate(document.fingerprints, certificate), "lists what it does not name");
  },
});
