import { createHash, X509Certificate, type KeyObject } from "node:crypto";
import {
  booleanOf,
  childrenOf,
  contextTag,
  DerError,
  expectTag,
  namedBits,
  oidText,
  readDer,
  smallInteger,
  tags,
} from "./der.ts";
import type { DerValue } from "./der.ts";
import { readNameConstraints, type NameConstraints } from "./name-constraints.ts";
import { directoryParts, readSubjectAltName, type GeneralName } from "./presented-names.ts";
import { weaknessOfKey, weaknessOfSignature } from "./strength.ts";

/** Ten times what certificates have, names of a hundred hosts included. */
export const certificateBytesMax = 32 * 1_024;

const extensionIds = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
} as const;
/** No policy is asked for, so which one a certificate follows changes nothing. */
const understood: ReadonlySet<string> = new Set(Object.values(extensionIds));

/** What a certificate may be used for, as far as it matters here. RFC 5280 §4.2.1.12 */
export type Purpose = "serverAuth" | "clientAuth";
const purposeIds: ReadonlyMap<string, readonly Purpose[]> = new Map([
  ["1.3.6.1.5.5.7.3.1", ["serverAuth"]],
  ["1.3.6.1.5.5.7.3.2", ["clientAuth"]],
  ["2.5.29.37.0", ["serverAuth", "clientAuth"]],
]);
export const allPurposes: ReadonlySet<Purpose> = new Set(["serverAuth", "clientAuth"]);

/** A certificate, read. What cannot be said of it (names of a form that it does not have) is absent. */
export interface PeerCertificate {
  readonly der: Uint8Array;
  /** SHA-256 of it, in hexadecimal. */
  readonly fingerprint: string;
  /** For people. */
  readonly title: string;
  /** The distinguished names as they are in it, to be compared. */
  readonly subject: string;
  readonly issuer: string;
  readonly subjectParts: readonly string[];
  /** SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  readonly publicKey: KeyObject;
  /** In milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** basicConstraints; undefined when it does not say. */
  readonly isAuthority: boolean | undefined;
  readonly pathLength: number | undefined;
  /** Numbers of keyUsage's bits; undefined for any usage. */
  readonly keyUsage: ReadonlySet<number> | undefined;
  readonly purposes: ReadonlySet<Purpose>;
  readonly names: readonly GeneralName[];
  readonly nameConstraints: NameConstraints | undefined;
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** Why it must not be believed, whatever else: a weak key, something critical that we do not understand. */
  readonly defect: string | undefined;
  /** Why its issuer's signature proves nothing: an algorithm that is broken. */
  readonly signatureDefect: string | undefined;
  readonly isSignedBy: (key: KeyObject) => boolean;
}

export type ReadCertificate =
  | { readonly ok: true; readonly certificate: PeerCertificate }
  | { readonly ok: false; readonly reason: string };

/** Reads one certificate (DER). RFC 5280 §4.1 */
export function readCertificate(der: Uint8Array): ReadCertificate {
  if (der.length > certificateBytesMax) return { ok: false, reason: "a certificate is too long" };
  try {
    return { ok: true, certificate: read(der) };
  } catch (error) {
    const detail = error instanceof DerError ? `: ${error.message}` : "";
    return { ok: false, reason: `a certificate cannot be read${detail}` };
  }
}

/** The subject of a certificate, without reading the rest. @throws DerError */
export function subjectOf(der: Uint8Array): string {
  return keyOfName(expectTag(fieldsOf(der).fields[4], tags.sequence));
}

function fieldsOf(der: Uint8Array) {
  const [signed, algorithm] = childrenOf(readDer(der, tags.sequence));
  const all = childrenOf(expectTag(signed, tags.sequence));
  const hasVersion = all[0]?.tag === contextTag(0, "constructed");
  return {
    algorithm: expectTag(algorithm, tags.sequence),
    version: hasVersion ? smallInteger(expectTag(childrenOf(expectTag(all[0], undefined))[0], tags.integer)) + 1 : 1,
    /** serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … */
    fields: hasVersion ? all.slice(1) : all,
  };
}

function read(der: Uint8Array): PeerCertificate {
  const { algorithm, version, fields } = fieldsOf(der);
  const [, innerAlgorithm, issuer, , subject, keyInfo, ...rest] = fields;
  const subjectName = expectTag(subject, tags.sequence);
  const publicKeyInfo = expectTag(keyInfo, tags.sequence).whole;
  if (!Buffer.from(algorithm.whole).equals(expectTag(innerAlgorithm, tags.sequence).whole)) {
    throw new DerError("its two signature algorithms differ");
  }
  const extensions = readExtensions(rest, version);
  // Before OpenSSL sees it: a key of a form that nobody uses may be costly to take in.
  const keyDefect = weaknessOfKey(publicKeyInfo);
  const x509 = new X509Certificate(der);
  const { publicKey } = x509;
  const [notBefore, notAfter] = [x509.validFromDate.getTime(), x509.validToDate.getTime()];
  if (Number.isNaN(notBefore) || Number.isNaN(notAfter)) throw new DerError("its times cannot be read");
  const unknown = [...extensions].find(([id, { isCritical }]) => isCritical && !understood.has(id));
  const names = valueOf(extensions, extensionIds.subjectAltName);
  return {
    der,
    fingerprint: createHash("sha256").update(der).digest("hex"),
    title: titleOf(directoryParts(subjectName)),
    subject: keyOfName(subjectName),
    issuer: keyOfName(expectTag(issuer, tags.sequence)),
    subjectParts: directoryParts(subjectName),
    publicKeyInfo,
    publicKey,
    notBefore,
    notAfter,
    ...readBasicConstraints(valueOf(extensions, extensionIds.basicConstraints)),
    keyUsage: optional(valueOf(extensions, extensionIds.keyUsage), (value) =>
      namedBits(readDer(value, tags.bitString)),
    ),
    purposes: readPurposes(valueOf(extensions, extensionIds.extKeyUsage)),
    names: names === undefined ? [] : readSubjectAltName(names),
    nameConstraints: optional(valueOf(extensions, extensionIds.nameConstraints), readNameConstraints),
    subjectKeyId: optional(valueOf(extensions, extensionIds.subjectKeyIdentifier), (value) =>
      hex(readDer(value, tags.octetString).content),
    ),
    authorityKeyId: optional(valueOf(extensions, extensionIds.authorityKeyIdentifier), readAuthorityKeyId),
    defect:
      keyDefect ??
      (unknown === undefined ? undefined : `it has a critical extension (${unknown[0]}) that is not understood`),
    signatureDefect: weaknessOfSignature(algorithm),
    isSignedBy: remembering((key) => x509.verify(key)),
  };
}

/** The same few keys are tried on a certificate again and again: once for each way of trusting it. */
function remembering(verify: (key: KeyObject) => boolean): (key: KeyObject) => boolean {
  const known = new WeakMap<KeyObject, boolean>();
  return (key) => {
    const verdict = known.get(key) ?? verify(key);
    known.set(key, verdict);
    return verdict;
  };
}

interface Extension {
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

function readExtensions(rest: readonly DerValue[], version: number): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  const wrapper = rest.find(({ tag }) => tag === contextTag(3, "constructed"));
  if (wrapper === undefined) return extensions;
  if (version !== 3) throw new DerError("extensions are for version 3");
  for (const extension of childrenOf(expectTag(childrenOf(wrapper)[0], tags.sequence))) {
    const [type, ...others] = childrenOf(expectTag(extension, tags.sequence));
    const id = oidText(expectTag(type, tags.oid));
    const [flag] = others;
    const isCritical = others.length === 2 && booleanOf(expectTag(flag, tags.boolean));
    // Whoever writes one twice wants to be read in two ways. RFC 5280 §4.2
    if (extensions.has(id)) throw new DerError("an extension comes twice");
    extensions.set(id, { isCritical, value: expectTag(others.at(-1), tags.octetString).content });
  }
  return extensions;
}

function readBasicConstraints(value: Uint8Array | undefined): Pick<PeerCertificate, "isAuthority" | "pathLength"> {
  if (value === undefined) return { isAuthority: undefined, pathLength: undefined };
  const members = childrenOf(readDer(value, tags.sequence));
  const flag = members.find(({ tag }) => tag === tags.boolean);
  const length = members.find(({ tag }) => tag === tags.integer);
  const isAuthority = flag !== undefined && booleanOf(flag);
  return { isAuthority, pathLength: length === undefined ? undefined : smallInteger(length) };
}

/** Without the extension it is for anything. */
function readPurposes(value: Uint8Array | undefined): ReadonlySet<Purpose> {
  if (value === undefined) return allPurposes;
  return new Set(childrenOf(readDer(value, tags.sequence)).flatMap((id) => purposeIds.get(oidText(id)) ?? []));
}

function readAuthorityKeyId(value: Uint8Array): string | undefined {
  const id = childrenOf(readDer(value, tags.sequence)).find(({ tag }) => tag === contextTag(0, "primitive"));
  return id === undefined ? undefined : hex(id.content);
}

function valueOf(extensions: ReadonlyMap<string, Extension>, id: string): Uint8Array | undefined {
  return extensions.get(id)?.value;
}

function optional<T>(value: Uint8Array | undefined, readIt: (value: Uint8Array) => T): T | undefined {
  return value === undefined ? undefined : readIt(value);
}

function keyOfName(name: DerValue): string {
  return Buffer.from(name.whole).toString("latin1");
}

function titleOf(parts: readonly string[]): string {
  const last = parts.findLast((part) => part.startsWith("2.5.4.3=")) ?? parts.at(-1);
  const text = (last ?? "").replace(/^[\d.]+=/, "").replace(/[^\p{L}\p{N} ._*@()'-]/gu, "?");
  return text === "" ? "a certificate without a subject" : `“${text.slice(0, 80)}”`;
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}
