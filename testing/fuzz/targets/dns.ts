import assert from "node:assert/strict";
import { isIP } from "node:net";
import type { RecordType } from "#server/dns/dns-answer.ts";
import { dnsQuery, readReply, type DnsReply } from "#server/dns/dns-message.ts";
import { isWellFormed } from "#server/dns/dns-shape.ts";
import { bytesOf } from "../engine/byte-strings.ts";
import { fuzzTarget, type FuzzTarget } from "../engine/target.ts";

const types: readonly RecordType[] = ["A", "AAAA", "SRV", "TLSA"];
const name = "a.example";
/** Every question has this id, and is in small letters. */
const fixed = { entropy: (bytes: number) => new Uint8Array(bytes) };
const questionBytes = 12 + name.length + 2 + 4;

/** Flags and the numbers of records, and then all that follows the question. */
const seeds = [
  // An address; an alias and its address; a service; what a certificate is to be; nothing, and for how long.
  "\x81\x80\0\x01\0\0\0\0\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01",
  "\x81\x80\0\x02\0\0\0\0\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x04\x01b\xc0\x0e\xc0\x27\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01",
  "\x81\xa0\0\x01\0\0\0\0\xc0\x0c\0\x21\0\x01\0\0\0\x3c\0\x0a\0\x05\0\x0a\x14\x95\x01c\xc0\x0e",
  "\x81\xa0\0\x01\0\0\0\0\xc0\x0c\0\x34\0\x01\0\0\0\x3c\0\x05\x03\x01\x01\xaa\xbb",
  "\x81\x83\0\0\0\x01\0\0\xc0\x0e\0\x06\0\x01\0\0\0\x3c\0\x18\xc0\x0e\xc0\x0e\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x3c",
  "\x81\x80\0\x01\0\0\0\0\xc0\x0c\0\x1c\0\x01\0\0\0\x3c\0\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01",
  "\x81\x82\0\0\0\0\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0",
];

/** Pointers, types with their class, the root with EDNS, and lengths. */
const words = [
  "\xc0\x0c",
  "\xc0\x0e",
  "\0\x05\0\x01",
  "\0\x21\0\x01",
  "\0\x34\0\x01",
  "\0\x2e\0\x01",
  "\0\0\x29",
  "\x3f",
  "\xff\xff",
];

export const target: FuzzTarget = {
  // Those of others are texts.
  ...fuzzTarget({
    summary: "whatever comes for an answer of DNS is read within bounds, or not at all",
    bytesMax: 4_096,
    roundExecutions: 400_000,
    words: [],
    seeds: [],
    mutations: [],
    run: (input) => {
      const rest = bytesOf(input);
      for (const type of types) {
        const query = dnsQuery(fixed, name, type, { extended: true, dnssec: true });
        const reply = answer(query.bytes, rest);
        check(type, readReply(query, reply));
        // One byte more or less, and the lengths do not lead to the end any more.
        const shape = Buffer.from(reply);
        if (isWellFormed(shape)) assert.equal(isWellFormed(Buffer.concat([shape, Buffer.alloc(1)])), false);
      }
    },
  }),
  words,
  seeds,
};

function answer(query: Uint8Array, rest: Uint8Array): Uint8Array {
  const [head, tail] = [rest.subarray(0, 8), rest.subarray(8)];
  const reply = new Uint8Array(questionBytes + tail.length);
  reply.set(query.subarray(0, questionBytes));
  reply.set(head.subarray(0, 2), 2);
  reply.set(head.subarray(2), 6);
  reply.set(tail, questionBytes);
  return reply;
}

function check(type: RecordType, reply: DnsReply): void {
  if (reply.kind !== "found") return;
  assert.ok(reply.records.length <= 64);
  assert.ok(Number.isInteger(reply.lifeSeconds) && reply.lifeSeconds >= 0 && reply.lifeSeconds < 2 ** 31);
  // A name has 255 octets on the wire, of which none may be UTF-8; read as that, it may have thrice as many.
  assert.ok(reply.at.length <= 255);
  assert.equal(reply.at, reply.at.toLowerCase());
  for (const record of reply.records) {
    if (typeof record === "string") assert.equal(isIP(record), type === "A" ? 4 : 6);
    else if ("target" in record) assert.ok(record.port >= 0 && record.port <= 65_535 && record.target.length <= 255);
    else assert.ok(record.data.length <= 65_535);
  }
}
