import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import { makeAuthority, makeCertificate, type Made } from "#testing/certificates.ts";
import type { TlsaRecord } from "../dns/dns-answer.ts";
import { readChain } from "./build-chain.ts";
import { checkDane, isUsable, tlsaData } from "./dane.ts";
import { readCertificate } from "./read-certificate.ts";
import { TrustStore } from "./trust-store.ts";

const now = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;
const domain = parseJid("montague.example");
assert(domain !== undefined && isDomain(domain));
const reference = { domain, host: "xmpp.hosting.example" };

interface Family {
  readonly known: Made;
  readonly middle: Made;
  readonly unknown: Made;
  readonly good: Made;
  readonly own: Made;
  readonly ownWrongName: Made;
  readonly ownExpired: Made;
  readonly ofHost: Made;
  readonly expired: Made;
  readonly selfSigned: Made;
}
let family: Family;

before(async () => {
  const names = { dns: [domain] };
  const known = await makeAuthority("CN=Known", undefined, { now });
  const middle = await makeAuthority("CN=Middle", known, { now });
  const unknown = await makeAuthority("CN=Own", undefined, { now });
  family = {
    known,
    middle,
    unknown,
    good: await makeCertificate({ subject: "CN=good", issuer: middle, names, now }),
    own: await makeCertificate({ subject: "CN=own", issuer: unknown, names, now }),
    ownWrongName: await makeCertificate({ subject: "CN=own", issuer: unknown, names: { dns: ["x.example"] }, now }),
    ownExpired: await makeCertificate({ subject: "CN=own", issuer: unknown, names, now, validDays: [-9, -1] }),
    ofHost: await makeCertificate({ subject: "CN=host", issuer: unknown, names: { dns: [reference.host] }, now }),
    expired: await makeCertificate({ subject: "CN=old", names: { dns: ["x.example"] }, now, validDays: [-9, -1] }),
    selfSigned: await makeCertificate({ subject: "CN=self", names, now }),
  };
});

type Member = keyof Family;

function record(usage: number, selector: number, matching: number, of: Member | "nothing"): TlsaRecord {
  if (of === "nothing") return { usage, selector, matching, data: Buffer.alloc(matching === 2 ? 64 : 32, 7) };
  const read = readCertificate(family[of].der);
  assert(read.ok);
  return { usage, selector, matching, data: tlsaData(read.certificate, { selector, matching }) };
}

type Row = readonly [usage: number, selector: number, matching: number, of: Member | "nothing"];
interface Case {
  readonly name: string;
  readonly chain: readonly Member[];
  readonly records: readonly Row[];
  readonly outcome: "match" | "mismatch" | "silent";
}

const cases: readonly Case[] = [
  { name: "no record", chain: ["good"], records: [], outcome: "silent" },

  // DANE-EE [rfc7673-4.2-02]
  { name: "3 1 1 of its key", chain: ["selfSigned"], records: [[3, 1, 1, "selfSigned"]], outcome: "match" },
  { name: "3 1 2 of its key", chain: ["selfSigned"], records: [[3, 1, 2, "selfSigned"]], outcome: "match" },
  { name: "3 0 1 of it", chain: ["selfSigned"], records: [[3, 0, 1, "selfSigned"]], outcome: "match" },
  { name: "3 0 0, all of it", chain: ["selfSigned"], records: [[3, 0, 0, "selfSigned"]], outcome: "match" },
  { name: "3 1 0, all of its key", chain: ["selfSigned"], records: [[3, 1, 0, "selfSigned"]], outcome: "match" },
  {
    name: "3 1 1, though it has expired and is for another [rfc7673-4.2-02]",
    chain: ["expired"],
    records: [[3, 1, 1, "expired"]],
    outcome: "match",
  },
  { name: "3 1 1 of another", chain: ["selfSigned"], records: [[3, 1, 1, "good"]], outcome: "mismatch" },
  {
    name: "3 1 1 of another, though an authority would be trusted",
    chain: ["good", "middle"],
    records: [[3, 1, 1, "own"]],
    outcome: "mismatch",
  },
  {
    name: "3 1 1 of the one before it and of it",
    chain: ["selfSigned"],
    records: [
      [3, 1, 1, "good"],
      [3, 1, 1, "selfSigned"],
    ],
    outcome: "match",
  },
  { name: "3 1 1 of its issuer", chain: ["good", "middle"], records: [[3, 1, 1, "middle"]], outcome: "mismatch" },

  // DANE-TA
  { name: "2 0 1 of its own authority", chain: ["own", "unknown"], records: [[2, 0, 1, "unknown"]], outcome: "match" },
  {
    name: "2 1 1 of its own authority's key",
    chain: ["own", "unknown"],
    records: [[2, 1, 1, "unknown"]],
    outcome: "match",
  },
  {
    name: "2 0 1 of an authority that it does not show",
    chain: ["own"],
    records: [[2, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "2 0 0, all of an authority that it does not show",
    chain: ["own"],
    records: [[2, 0, 0, "unknown"]],
    outcome: "match",
  },
  {
    name: "2 1 0, the bare key of an authority that it does not show",
    chain: ["own"],
    records: [[2, 1, 0, "unknown"]],
    outcome: "match",
  },
  {
    name: "2 1 0, the bare key of another authority",
    chain: ["own"],
    records: [[2, 1, 0, "known"]],
    outcome: "mismatch",
  },
  {
    name: "2 0 1 of an authority half way up",
    chain: ["good", "middle"],
    records: [[2, 0, 1, "middle"]],
    outcome: "match",
  },
  {
    name: "2 0 1, and the name is wrong",
    chain: ["ownWrongName", "unknown"],
    records: [[2, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "2 0 1, and it is for the target of the SRV record [rfc7673-4.1-05]",
    chain: ["ofHost", "unknown"],
    records: [[2, 0, 1, "unknown"]],
    outcome: "match",
  },
  {
    name: "2 0 1, and it has expired",
    chain: ["ownExpired", "unknown"],
    records: [[2, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "2 0 1 of an authority that did not issue it",
    chain: ["good", "middle", "unknown"],
    records: [[2, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "2 0 1 of itself, which is no authority's",
    chain: ["selfSigned"],
    records: [[2, 0, 1, "selfSigned"]],
    outcome: "mismatch",
  },

  // PKIX-EE
  { name: "1 1 1 of it, which is trusted", chain: ["good", "middle"], records: [[1, 1, 1, "good"]], outcome: "match" },
  {
    name: "1 1 1 of it, which nobody trusts",
    chain: ["own", "unknown"],
    records: [[1, 1, 1, "own"]],
    outcome: "mismatch",
  },
  { name: "1 1 1 of another", chain: ["good", "middle"], records: [[1, 1, 1, "own"]], outcome: "mismatch" },

  // PKIX-TA
  {
    name: "0 0 1 of its root, which it does not show",
    chain: ["good", "middle"],
    records: [[0, 0, 1, "known"]],
    outcome: "match",
  },
  {
    name: "0 1 1 of the authority between",
    chain: ["good", "middle"],
    records: [[0, 1, 1, "middle"]],
    outcome: "match",
  },
  {
    name: "0 0 1 of another authority than the one that it is trusted by",
    chain: ["good", "middle"],
    records: [[0, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "0 0 1 of an authority that nobody trusts",
    chain: ["own", "unknown"],
    records: [[0, 0, 1, "unknown"]],
    outcome: "mismatch",
  },
  {
    name: "0 0 1 of it, which is no authority",
    chain: ["good", "middle"],
    records: [[0, 0, 1, "good"]],
    outcome: "mismatch",
  },

  // Several, and what cannot be used
  {
    name: "one usage that fits and one that does not",
    chain: ["own", "unknown"],
    records: [
      [3, 1, 1, "good"],
      [2, 0, 1, "unknown"],
    ],
    outcome: "match",
  },
  { name: "an unknown usage alone", chain: ["good", "middle"], records: [[4, 1, 1, "good"]], outcome: "silent" },
  { name: "an unknown selector alone", chain: ["good", "middle"], records: [[3, 2, 1, "nothing"]], outcome: "silent" },
  { name: "an unknown hash alone", chain: ["good", "middle"], records: [[3, 1, 3, "nothing"]], outcome: "silent" },
  {
    name: "an unknown hash beside one that fits",
    chain: ["selfSigned"],
    records: [
      [3, 1, 3, "nothing"],
      [3, 1, 1, "selfSigned"],
    ],
    outcome: "match",
  },
  {
    name: "SHA-256 that fits beside SHA-512 that does not",
    chain: ["selfSigned"],
    records: [
      [3, 1, 1, "selfSigned"],
      [3, 1, 2, "good"],
    ],
    outcome: "mismatch",
  },
  {
    name: "SHA-256 that does not fit beside SHA-512 that does",
    chain: ["selfSigned"],
    records: [
      [3, 1, 1, "good"],
      [3, 1, 2, "selfSigned"],
    ],
    outcome: "match",
  },
  { name: "a peer that showed nothing", chain: [], records: [[3, 1, 1, "good"]], outcome: "mismatch" },
];

describe("TLSA [rfc7673-3.4-01] [rfc7673-4.1-01] [rfc7673-4.2-01]", () => {
  for (const { name, chain, records, outcome } of cases) {
    test(`${name}: ${outcome}`, () => {
      const read = readChain(chain.map((member) => family[member].der));
      const verdict = checkDane({
        chain: read.ok ? read.chain : [],
        tlsa: records.map((row) => record(...row)),
        reference,
        anchors: new TrustStore([family.known.der]),
        now,
      });
      assert.equal(verdict.kind, outcome, verdict.kind === "mismatch" ? verdict.reason : "");
    });
  }
});

test("what only the records speak for does not end with its certificate; anything else does [rfc7673-4.2-02]", () => {
  const until = (chain: readonly Member[], ...rows: readonly Row[]) => {
    const read = readChain(chain.map((member) => family[member].der));
    assert(read.ok);
    const tlsa = rows.map((row) => record(...row));
    const verdict = checkDane({ chain: read.chain, tlsa, reference, anchors: new TrustStore([family.known.der]), now });
    return verdict.kind === "match" ? verdict.until : undefined;
  };
  assert.equal(until(["expired"], [3, 1, 1, "expired"]), Infinity);
  assert.equal(until(["own", "unknown"], [2, 0, 1, "unknown"]), now + 9 * dayMs);
  assert.equal(until(["own"], [2, 1, 0, "unknown"]), now + 9 * dayMs);
  assert.equal(until(["good", "middle"], [1, 1, 1, "good"]), now + 9 * dayMs);
});

for (const { name, row, isGood } of [
  {
    name: "a hash of the right length",
    row: { usage: 3, selector: 1, matching: 1, data: Buffer.alloc(32) },
    isGood: true,
  },
  {
    name: "a hash that is cut off",
    row: { usage: 3, selector: 1, matching: 1, data: Buffer.alloc(31) },
    isGood: false,
  },
  {
    name: "SHA-256 where SHA-512 should be",
    row: { usage: 3, selector: 1, matching: 2, data: Buffer.alloc(32) },
    isGood: false,
  },
  { name: "nothing", row: { usage: 3, selector: 0, matching: 0, data: Buffer.alloc(0) }, isGood: false },
  {
    name: "a certificate that is none",
    row: { usage: 2, selector: 0, matching: 0, data: Buffer.alloc(99, 1) },
    isGood: false,
  },
  { name: "a key that is none", row: { usage: 2, selector: 1, matching: 0, data: Buffer.alloc(99, 1) }, isGood: false },
  {
    name: "usage 255, which is private",
    row: { usage: 255, selector: 0, matching: 1, data: Buffer.alloc(32) },
    isGood: false,
  },
]) {
  test(`a TLSA record with ${name} ${isGood ? "is" : "is not"} usable [rfc7673-3.4-01]`, () => {
    assert.equal(isUsable(row), isGood);
  });
}
