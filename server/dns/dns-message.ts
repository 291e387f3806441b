import { Buffer } from "node:buffer";
import {
  AUTHENTIC_DATA,
  decode,
  DNSSEC_OK,
  encode,
  RECURSION_DESIRED,
  type Answer,
  type DecodedPacket,
} from "dns-packet";
import type { Env } from "#kit/env.ts";
import type { RecordType, RecordTypes } from "./dns-answer.ts";
import { isWellFormed } from "./dns-shape.ts";

/** What fits into one datagram on every way through the Internet (RFC 9715 §3.1). */
export const datagramBytesMax = 1_232;
/** Octets of the header (RFC 1035 §4.1.1). */
const headerBytes = 12;
/** Records of an answer that are looked at; no service is served by more. */
const recordsMax = 64;

/** A question as it goes over the wire. */
export interface DnsQuery {
  /** In ASCII, lower case, without a dot at its end. */
  readonly name: string;
  readonly type: RecordType;
  readonly bytes: Uint8Array;
}

/** What a message says that claims to answer a query. */
export type DnsReply =
  /** It answers another question, or is no message at all: nobody but a forger sends that. */
  | { readonly kind: "foreign" }
  /** The right question, but not in our own spelling of it: only where letters were mangled on the way, or by guessing. */
  | { readonly kind: "respelt" }
  /** Too long for the datagram. */
  | { readonly kind: "truncated" }
  | { readonly kind: "failed"; readonly code: number }
  | DnsFound;

/** An answer, or the part of one that is in this message. */
export interface DnsFound {
  readonly kind: "found";
  readonly records: readonly RecordTypes[RecordType][];
  /** The name at which the records are, or of which there are none: the end of the chain of aliases. */
  readonly at: string;
  /** Whether the resolver says that it has validated it. */
  readonly authentic: boolean;
  /** In seconds; of the records and aliases, or, where there are none, of that fact; 0 where nobody says. */
  readonly lifeSeconds: number;
  /** Whether the resolver knows that there is no more behind `at`. */
  readonly final: boolean;
}

/** Codes of answers (RFC 1035 §4.1.1). */
export const dnsCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
  refused: 5,
} as const;

/**
 * Writes a question with an id and a spelling that nobody can guess: who wants to forge an answer without seeing the
 * question needs both, and the port besides.
 *
 * @param extended with EDNS (RFC 6891), which carries the wish for DNSSEC
 */
export function dnsQuery(
  env: Pick<Env, "entropy">,
  name: string,
  type: RecordType,
  options: { readonly extended: boolean; readonly dnssec: boolean },
): DnsQuery {
  const [high = 0, low = 0] = env.entropy(2);
  const bytes = encode({
    type: "query",
    id: (high << 8) | low,
    flags: RECURSION_DESIRED | (options.dnssec ? AUTHENTIC_DATA : 0),
    questions: [{ name: respell(env, name), type, class: "IN" }],
    ...(options.extended && { additionals: [extension(options.dnssec)] }),
  });
  return { name, type, bytes };
}

/** Reads a message that came back. Never throws, whatever it is. */
export function readReply(query: DnsQuery, message: Uint8Array): DnsReply {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const fit = fitOf(query, bytes);
  if (fit !== "exact") return { kind: fit };
  const flags = bytes.readUInt16BE(2);
  if ((flags & truncatedFlag) !== 0) return { kind: "truncated" };
  const code = flags & 0xf;
  if (code !== dnsCodes.noError && code !== dnsCodes.noSuchName) return { kind: "failed", code };
  const packet = decoded(bytes);
  if (packet === undefined) return { kind: "failed", code: dnsCodes.formatError };
  const partial = found(query, packet);
  // Then nothing is behind the last alias.
  const final = partial.final || code === dnsCodes.noSuchName;
  return { ...partial, final, authentic: (flags & authenticFlag) !== 0 };
}

const responseFlag = 0x80_00;
const truncatedFlag = 0x02_00;
const authenticFlag = 0x00_20;

/** Id and question must be those that we sent. RFC 5452 §9.1 */
function fitOf(query: DnsQuery, reply: Buffer): "exact" | "respelt" | "foreign" {
  const asked = Buffer.from(query.bytes.buffer, query.bytes.byteOffset, query.bytes.byteLength);
  if (reply.length < headerBytes || reply.readUInt16BE(0) !== asked.readUInt16BE(0)) return "foreign";
  if ((reply.readUInt16BE(2) & responseFlag) === 0) return "foreign";
  const end = headerBytes + query.name.length + 2 + 4;
  // A server that does not understand EDNS may answer without repeating the question.
  if (reply.readUInt16BE(4) === 0 && reply.length === headerBytes && (reply.readUInt16BE(2) & 0xf) !== 0)
    return "exact";
  if (reply.readUInt16BE(4) !== 1 || reply.length < end) return "foreign";
  const [theirs, ours] = [reply.subarray(headerBytes, end), asked.subarray(headerBytes, end)];
  if (theirs.equals(ours)) return "exact";
  return theirs.toString("latin1").toLowerCase() === ours.toString("latin1").toLowerCase() ? "respelt" : "foreign";
}

function decoded(bytes: Buffer): DecodedPacket | undefined {
  if (!isWellFormed(bytes)) return undefined;
  try {
    const packet = decode(bytes);
    // Otherwise a record was taken for longer or shorter than it says it is.
    return decode.bytes === bytes.length ? packet : undefined;
  } catch {
    return undefined;
  }
}

function found(query: DnsQuery, { answers = [], authorities = [] }: DecodedPacket): Omit<DnsFound, "authentic"> {
  const records = new Map<string, Answer[]>();
  const aliases = new Map<string, { readonly target: string; readonly ttl: number }>();
  for (const answer of answers.slice(0, recordsMax)) {
    const owner = canonical(answer.name);
    if (answer.type === query.type) records.set(owner, [...(records.get(owner) ?? []), answer]);
    else if (answer.type === "CNAME") aliases.set(owner, { target: canonical(answer.data), ttl: answer.ttl ?? 0 });
  }
  let at = query.name;
  let isAlias = false;
  let lifeSeconds = Infinity;
  // Only what the chain from the question leads to is looked at; each step uses up an alias, so that circles end.
  for (let alias = aliases.get(at); alias !== undefined && !records.has(at); alias = aliases.get(at)) {
    aliases.delete(at);
    isAlias = true;
    lifeSeconds = Math.min(lifeSeconds, alias.ttl);
    at = alias.target;
  }
  const here = records.get(at) ?? [];
  if (here.length > 0) {
    for (const record of here) lifeSeconds = Math.min(lifeSeconds, "ttl" in record ? (record.ttl ?? 0) : 0);
    return { kind: "found", records: here.flatMap(valueOf), at, lifeSeconds: bounded(lifeSeconds), final: true };
  }
  const negative = authorities.find((record) => record.type === "SOA");
  const minimum = negative?.type === "SOA" ? Math.min(negative.ttl ?? 0, negative.data.minimum ?? 0) : undefined;
  return {
    kind: "found",
    records: [],
    at,
    // RFC 2308 §5: without that record nobody says for how long it holds.
    lifeSeconds: bounded(Math.min(lifeSeconds, minimum ?? 0)),
    final: !isAlias || minimum !== undefined,
  };
}

/** RFC 2181 §8: what has the highest bit set counts as 0. */
function bounded(seconds: number): number {
  return Number.isFinite(seconds) && seconds < 2 ** 31 ? seconds : 0;
}

function valueOf(record: Answer): readonly RecordTypes[RecordType][] {
  switch (record.type) {
    case "A":
    case "AAAA":
      return [record.data];
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = record.data;
      return [{ priority, weight, port, target: canonical(target) }];
    }
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = record.data;
      // Copied, because it would keep the whole message alive.
      return [{ usage, selector, matching: matchingType, data: new Uint8Array(certificate) }];
    }
    default:
      return [];
  }
}

function canonical(name: string): string {
  return name.toLowerCase();
}

/** Mixes capitals in, as chance has it: each letter is a bit that a forger has to guess. */
function respell(env: Pick<Env, "entropy">, name: string): string {
  const bits = env.entropy(Math.ceil(name.length / 8));
  return name.replaceAll(/[a-z]/g, (letter, i: number) =>
    (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) === 1 ? letter.toUpperCase() : letter,
  );
}

function extension(dnssec: boolean): Answer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize: datagramBytesMax,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: dnssec ? DNSSEC_OK : 0,
    flag_do: dnssec,
    options: [],
  };
}
