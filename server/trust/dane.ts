import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import type { TlsaRecord } from "../dns/dns-answer.ts";
import { buildChain } from "./build-chain.ts";
import { readCertificate, type PeerCertificate } from "./read-certificate.ts";
import { namesServer, type ReferenceIdentity } from "./server-identity.ts";
import type { Anchors } from "./trust-store.ts";

/** Nobody needs more than one for each certificate and the one that follows it. */
const recordsMax = 32;

/** Certificate usages. RFC 6698 §2.1.1, RFC 7218 */
const pkixTa = 0;
const pkixEe = 1;
const daneTa = 2;
const daneEe = 3;
const wholeCertificate = 0;
const publicKeyOnly = 1;
const full = 0;
/** What is hashed with what; the strongest last. */
const matchings: ReadonlyMap<number, { readonly hash: string; readonly bytes: number }> = new Map([
  [1, { hash: "sha256", bytes: 32 }],
  [2, { hash: "sha512", bytes: 64 }],
]);

export type DaneVerdict =
  /** The domain says nothing that could be understood. */
  | { readonly kind: "silent" }
  /** It is the server that the domain means. `until` is Infinity where only the records count. */
  | { readonly kind: "match"; readonly until: number }
  | { readonly kind: "mismatch"; readonly reason: string };

export interface DaneQuestion {
  /** The peer's own first. */
  readonly chain: readonly PeerCertificate[];
  /** Validated. */
  readonly tlsa: readonly TlsaRecord[];
  readonly reference: ReferenceIdentity;
  readonly anchors: Anchors;
  readonly now: number;
}

/** Goes by what a domain says of its certificates in DNS. RFC 6698 §2.1, RFC 7671, RFC 7673 §4 */
export function checkDane(question: DaneQuestion): DaneVerdict {
  const records = strongest(question.tlsa.slice(0, recordsMax).filter(isUsable));
  // [rfc7673-3.4-01] [rfc7673-4.1-01]
  if (records.length === 0) return { kind: "silent" };
  const [leaf] = question.chain;
  if (leaf === undefined) return { kind: "mismatch", reason: "it showed no certificate" };
  // The key is all that counts: neither names nor times, nor who issued it. [rfc7673-4.2-02]
  if (records.some((record) => record.usage === daneEe && matches(record, leaf))) {
    return { kind: "match", until: Infinity };
  }
  const reasons: string[] = [];
  for (const check of [withOwnAnchors, withKnownAnchors]) {
    const outcome = check(records, leaf, question);
    if (outcome.kind === "match") return outcome;
    if (outcome.kind === "mismatch") reasons.push(outcome.reason);
  }
  const reason = reasons[0] ?? "its certificate is none of those that the domain lists in its TLSA records";
  return { kind: "mismatch", reason };
}

/** Whether we can do anything with a record. RFC 6698 §4.1 [rfc7673-3.4-01] */
export function isUsable({ usage, selector, matching, data }: TlsaRecord): boolean {
  if (usage > daneEe || selector > publicKeyOnly) return false;
  if (matching !== full) return matchings.get(matching)?.bytes === data.length;
  if (selector === wholeCertificate) return readCertificate(data).ok;
  return publicKeyOf(data) !== undefined;
}

/** The value that a TLSA record must have for a certificate; also to be published. */
export function tlsaData(
  certificate: PeerCertificate,
  { selector, matching }: Pick<TlsaRecord, "selector" | "matching">,
) {
  const selected = selector === wholeCertificate ? certificate.der : certificate.publicKeyInfo;
  const hash = matchings.get(matching)?.hash;
  return hash === undefined ? selected : createHash(hash).update(selected).digest();
}

function matches(record: TlsaRecord, certificate: PeerCertificate): boolean {
  return Buffer.from(record.data).equals(tlsaData(certificate, record));
}

/** Of several hashes of one kind only the best counts, so that an old one cannot stand in for it. RFC 7671 §9 */
function strongest(records: readonly TlsaRecord[]): readonly TlsaRecord[] {
  return records.filter(
    ({ usage, selector, matching }) =>
      matching === full ||
      !records.some((other) => other.usage === usage && other.selector === selector && other.matching > matching),
  );
}

/** DANE-TA: the domain names its own authority. RFC 7671 §5.2 */
function withOwnAnchors(records: readonly TlsaRecord[], leaf: PeerCertificate, question: DaneQuestion): DaneVerdict {
  const own = records.filter(({ usage }) => usage === daneTa);
  if (own.length === 0) return { kind: "silent" };
  const { chain, now, reference } = question;
  const found = buildChain({ chain, anchors: anchorsOf(own, chain), now });
  if (!found.ok) return { kind: "mismatch", reason: found.reason };
  return namedOr(leaf, reference, found.until);
}

/** PKIX-TA and PKIX-EE: what is good anyway must be among what the domain lists as well. */
function withKnownAnchors(records: readonly TlsaRecord[], leaf: PeerCertificate, question: DaneQuestion): DaneVerdict {
  const known = records.filter(({ usage }) => usage === pkixTa || usage === pkixEe);
  if (known.length === 0) return { kind: "silent" };
  const { chain, anchors, now, reference } = question;
  // The search goes on beyond the first authority that is trusted. RFC 7671 §5.4
  const accepts = (path: readonly PeerCertificate[]): boolean =>
    known.some((record) =>
      record.usage === pkixEe ? matches(record, leaf) : path.slice(1).some((issuer) => matches(record, issuer)),
    );
  const found = buildChain({ chain, anchors, now, accepts });
  if (!found.ok) return { kind: "mismatch", reason: found.reason };
  return namedOr(leaf, reference, found.until);
}

function namedOr(leaf: PeerCertificate, reference: ReferenceIdentity, until: number): DaneVerdict {
  if (namesServer(leaf.names, reference)) return { kind: "match", until };
  return { kind: "mismatch", reason: `${leaf.title} is not for ${reference.domain}` };
}

/** Those of the shown certificates that a record names, those that a record holds, and bare keys that issued one. */
function anchorsOf(records: readonly TlsaRecord[], chain: readonly PeerCertificate[]): Anchors {
  const named = chain.slice(1).filter((certificate) => records.some((record) => matches(record, certificate)));
  const held = records
    .filter(({ selector, matching }) => selector === wholeCertificate && matching === full)
    .map(({ data }) => readCertificate(data))
    .flatMap((read) => (read.ok ? [read.certificate] : []));
  const keys = records
    .filter(({ selector, matching }) => selector === publicKeyOnly && matching === full)
    .flatMap(({ data }) => publicKeyOf(data) ?? []);
  const anchors = [...named, ...held];
  return {
    withSubject: (subject) => [
      ...anchors.filter((anchor) => anchor.subject === subject),
      ...keys.flatMap((key) => bareAnchor(key, subject, chain) ?? []),
    ],
    isPinned: () => false,
  };
}

/**
 * A key without a certificate, as the issuer of what it has signed, so that the chain may end where it begins. RFC 7671
 * §5.2.3 recommends that; nothing is known of it but the key.
 */
function bareAnchor(key: KeyObject, subject: string, chain: readonly PeerCertificate[]): PeerCertificate | undefined {
  const issued = chain.find((certificate) => certificate.issuer === subject);
  if (issued === undefined) return undefined;
  const publicKeyInfo = key.export({ type: "spki", format: "der" });
  return {
    ...issued,
    fingerprint: createHash("sha256").update(publicKeyInfo).digest("hex"),
    title: "the key that the domain lists",
    subject,
    issuer: subject,
    subjectParts: [],
    publicKey: key,
    publicKeyInfo,
    notBefore: -Infinity,
    notAfter: Infinity,
    isAuthority: true,
    pathLength: undefined,
    keyUsage: undefined,
    names: [],
    nameConstraints: undefined,
    subjectKeyId: undefined,
    authorityKeyId: undefined,
    defect: undefined,
    signatureDefect: undefined,
    isSignedBy: () => false,
  };
}

function publicKeyOf(data: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(data), type: "spki", format: "der" });
  } catch {
    return undefined;
  }
}
