import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "dns-packet";
import fc from "fast-check";
import {
  addressRecord,
  aliasRecord,
  authorityRecord,
  serviceRecord,
  startDns,
  tlsaRecord,
} from "#testing/dns-server.ts";
import { nodeEnv } from "../node-env.ts";
import { ask } from "./dns-exchange.ts";
import { dnsQuery, readReply } from "./dns-message.ts";

const env = nodeEnv();
const plain = { extended: true, dnssec: false };
const never = new AbortController().signal;
const asking = { env, waitMsMax: 10_000, signal: never };

/** A true answer to a question. */
function answerTo(query: ReturnType<typeof dnsQuery>): Buffer {
  const message = encode({
    type: "response",
    id: Buffer.from(query.bytes).readUInt16BE(0),
    questions: [{ name: query.name, type: query.type }],
    answers: [
      aliasRecord(query.name, "b.example"),
      addressRecord("b.example", "192.0.2.1"),
      addressRecord("b.example", "2001:db8::1"),
      serviceRecord("b.example", "1 2 3 c.example"),
      tlsaRecord("b.example", new Uint8Array([1, 2, 3])),
    ],
    authorities: [authorityRecord("example", 60)],
  });
  // In the spelling of the question.
  Buffer.from(query.bytes).copy(message, 12, 12, 12 + query.name.length + 2);
  return message;
}

test("dns: ids and spellings of questions are as chance has them", () => {
  const queries = Array.from({ length: 64 }, () => Buffer.from(dnsQuery(env, "xmpp.example.org", "A", plain).bytes));
  const ids = new Set(queries.map((bytes) => bytes.readUInt16BE(0)));
  const names = new Set(queries.map((bytes) => bytes.toString("latin1", 12, 30)));
  // Of 65,536 ids and 32,768 spellings, 64 hardly ever have ten in common.
  assert.ok(ids.size > 54 && names.size > 54);
});

test("dns: a question carries the wish for validated answers only where they are believed", () => {
  const flagsOf = (dnssec: boolean) => {
    const bytes = Buffer.from(dnsQuery(env, "a.example", "A", { extended: true, dnssec }).bytes);
    return {
      authentic: (bytes.readUInt16BE(2) & 0x20) !== 0,
      dnssecOk: (bytes.readUInt16BE(bytes.length - 4) & 0x8000) !== 0,
    };
  };
  assert.deepEqual(flagsOf(true), { authentic: true, dnssecOk: true });
  assert.deepEqual(flagsOf(false), { authentic: false, dnssecOk: false });
});

const foreign: readonly (readonly [name: string, change: (message: Buffer) => void, kind: string])[] = [
  ["another id", (message) => message.writeUInt16BE(message.readUInt16BE(0) ^ 1, 0), "foreign"],
  ["a question instead of an answer", (message) => message.writeUInt8(message.readUInt8(2) & 0x7f, 2), "foreign"],
  ["another name", (message) => message.write("z", 13, "latin1"), "foreign"],
  ["another type", (message) => message.writeUInt8(28, 12 + 11 + 1), "foreign"],
  ["two questions", (message) => message.writeUInt16BE(2, 4), "foreign"],
  ["another spelling", (message) => message.writeUInt8(message.readUInt8(13) ^ 0x20, 13), "respelt"],
  ["more records than there are", (message) => message.writeUInt16BE(500, 6), "failed"],
  [
    "an address of five octets",
    (message) => message.writeUInt8(5, message.indexOf(Buffer.from([0, 4, 192, 0, 2, 1])) + 1),
    "failed",
  ],
];

for (const [name, change, kind] of foreign) {
  test(`dns: an answer with ${name} is ${kind === "failed" ? "none" : "not believed"}`, () => {
    const query = dnsQuery(env, "a.example", "A", plain);
    const message = answerTo(query);
    assert.equal(readReply(query, message).kind, "found");
    change(message);
    assert.equal(readReply(query, message).kind, kind);
  });
}

test("A36 whatever a hostile server sends is read without harm", () => {
  const query = dnsQuery(env, "a.example", "SRV", plain);
  const truth = answerTo(query);
  const mutation = fc.record({
    edits: fc.array(fc.tuple(fc.nat(truth.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
    cut: fc.nat(truth.length),
    more: fc.uint8Array({ maxLength: 600 }),
  });
  const kinds = new Set(["foreign", "respelt", "truncated", "failed", "found"]);
  fc.assert(
    fc.property(mutation, ({ edits, cut, more }) => {
      const message = Buffer.concat([truth.subarray(0, truth.length - cut), more]);
      for (const [at, byte] of edits) if (at < message.length && at > 33) message[at] = byte;
      const reply = readReply(query, message);
      assert.ok(kinds.has(reply.kind));
      if (reply.kind !== "found") return;
      assert.ok(reply.records.length <= 64 && reply.lifeSeconds >= 0 && reply.lifeSeconds < 2 ** 31);
    }),
    { numRuns: 3_000 },
  );
});

test("A36 names that point at themselves or forwards end the reading", () => {
  const query = dnsQuery(env, "a.example", "A", plain);
  const truth = answerTo(query);
  const owner = 12 + 11 + 4;
  for (const target of [owner, owner + 1, owner + 2, 0x3fff]) {
    const message = Buffer.from(truth);
    message.writeUInt16BE(0xc000 | target, owner);
    assert.notEqual(readReply(query, message).kind, "found");
  }
});

test("A36 sixty thousand records are not looked at", () => {
  const query = dnsQuery(env, "a.example", "A", plain);
  const name = Buffer.from(query.bytes).subarray(12, 12 + 11);
  const record = Buffer.concat([Buffer.from([0xc0, 12]), Buffer.from([0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1])]);
  const count = 4_000;
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, count >> 8, count & 0xff, 0, 0, 0, 0]);
  Buffer.from(query.bytes).copy(header, 0, 0, 2);
  const message = Buffer.concat([
    header,
    name,
    Buffer.from([0, 1, 0, 1]),
    ...Array.from({ length: count }, () => record),
  ]);
  const reply = readReply(query, message);
  assert.equal(reply.kind === "found" && reply.records.length, 64);
});

test("A36 forged answers are waited over until the true one comes", async () => {
  await using dns = await startDns(
    new Map([
      [
        "A host.example",
        {
          answers: [addressRecord("host.example", "192.0.2.1")],
          forge: (truth: Buffer) => {
            const forged = Buffer.from(truth);
            forged.writeUInt16BE(forged.readUInt16BE(0) ^ 0xffff, 0);
            forged[forged.length - 1] = 66;
            return [forged, forged, Buffer.from("nonsense"), Buffer.alloc(0), truth];
          },
        },
      ],
    ]),
  );
  const outcome = await ask(dns, dnsQuery(env, "host.example", "A", plain), asking);
  assert.deepEqual(outcome.kind === "found" && outcome.records, ["192.0.2.1"]);
  assert.deepEqual(dns.asked, ["A host.example"]);
});

test("A36 who keeps guessing is left alone with the guesses: the question goes over TCP", async () => {
  await using dns = await startDns(
    new Map([
      [
        "A host.example",
        {
          answers: [addressRecord("host.example", "192.0.2.1")],
          forge: (truth: Buffer) =>
            Array.from({ length: 50 }, (_, i) => {
              const forged = Buffer.from(truth);
              forged.writeUInt16BE((forged.readUInt16BE(0) + i + 1) & 0xffff, 0);
              return forged;
            }),
        },
      ],
    ]),
  );
  const outcome = await ask(dns, dnsQuery(env, "host.example", "A", plain), asking);
  assert.deepEqual(outcome.kind === "found" && outcome.records, ["192.0.2.1"]);
  assert.deepEqual(dns.asked, ["A host.example", "tcp A host.example"]);
});

test("A36 an answer in another spelling, as a forger who has guessed the id would send it, is fetched over TCP", async () => {
  await using dns = await startDns(
    new Map([
      [
        "A host.example",
        {
          answers: [addressRecord("host.example", "192.0.2.1")],
          forge: (truth: Buffer) => {
            const forged = Buffer.from(truth);
            for (let i = 13; i < 25; i += 1) if ((forged[i] ?? 0) > 64) forged[i] = (forged[i] ?? 0) ^ 0x20;
            forged[forged.length - 1] = 66;
            return [forged];
          },
        },
      ],
    ]),
  );
  const outcome = await ask(dns, dnsQuery(env, "host.example", "A", plain), asking);
  assert.deepEqual(outcome.kind === "found" && outcome.records, ["192.0.2.1"]);
  assert.deepEqual(dns.asked, ["A host.example", "tcp A host.example"]);
});

test("dns: questions for one name come in many spellings", async () => {
  await using dns = await startDns(
    new Map([["A host.example", { answers: [addressRecord("host.example", "192.0.2.1")] }]]),
  );
  for (let i = 0; i < 20; i += 1) await ask(dns, dnsQuery(env, "host.example", "A", plain), asking);
  assert.ok(new Set(dns.spelt).size > 10);
});

// Broadcast, which needs a permission; a family that the machine may not have; and a port that nobody has.
for (const address of ["255.255.255.255", "2001:db8::1", "127.0.0.1", "::1"]) {
  test(`dns: a resolver at ${address}, where nobody can be asked, is silent`, async () => {
    const query = dnsQuery(env, "host.example", "A", plain);
    assert.equal((await ask({ address, port: 9 }, query, { ...asking, waitMsMax: 200 })).kind, "silent");
  });
}
