import { violation } from "./name-constraints.ts";
import { allPurposes, readCertificate, type PeerCertificate } from "./read-certificate.ts";
import type { Anchors } from "./trust-store.ts";

/** Leaf, intermediates and root are rarely more than four; some servers send a few too many. */
export const shownCertificatesMax = 10;
/** From the leaf to the anchor. */
const pathCertificatesMax = 8;
/** The costly part: whoever shows a thicket of certificates gets no more than this looked at. */
export const signatureChecksMax = 16;
const chainBytesMax = 100 * 1_024;

/** Numbers of bits of keyUsage. RFC 5280 §4.2.1.3 */
const digitalSignature = 0;
const keyEncipherment = 2;
const keyAgreement = 4;
const keyCertSign = 5;

export interface ChainRequest {
  /** Its own first, the others in any order. */
  readonly chain: readonly PeerCertificate[];
  readonly anchors: Anchors;
  readonly now: number;
  /** What more a path must be like; the search goes on until one is. */
  readonly accepts?: ((path: readonly PeerCertificate[]) => boolean) | undefined;
}

export type ChainVerdict =
  | {
      readonly ok: true;
      /** From the peer's certificate to the one that is trusted. */
      readonly path: readonly PeerCertificate[];
      /** When the first of them ends, in milliseconds since the epoch. */
      readonly until: number;
      readonly signatureChecks: number;
    }
  | { readonly ok: false; readonly reason: string; readonly signatureChecks: number };

export type ReadChain =
  | { readonly ok: true; readonly chain: readonly PeerCertificate[] }
  | { readonly ok: false; readonly reason: string };

/** Reads what a peer showed (DER, its own certificate first). Of those behind it, what cannot be read does not count. */
export function readChain(shown: readonly Uint8Array[]): ReadChain {
  const [own, ...others] = shown;
  if (own === undefined) return { ok: false, reason: "it showed no certificate" };
  if (shown.length > shownCertificatesMax || shown.reduce((sum, { length }) => sum + length, 0) > chainBytesMax) {
    return { ok: false, reason: "it showed too many certificates" };
  }
  const leaf = readCertificate(own);
  if (!leaf.ok) return leaf;
  const rest = others.map(readCertificate).flatMap((read) => (read.ok ? [read.certificate] : []));
  const chain = [leaf.certificate, ...rest];
  return { ok: true, chain: [...new Map(chain.map((certificate) => [certificate.fingerprint, certificate])).values()] };
}

/**
 * Looks for a path from a peer's certificate to an authority that is trusted, and checks it. RFC 5280 §6.1, RFC 4158.
 * Good is what is good for TLS servers, or else for clients: public authorities certify servers alone, and a server that
 * connects is a client only in TLS.
 */
export function buildChain(request: ChainRequest): ChainVerdict {
  const search = new Search(request);
  const found = search.run();
  const { signatureChecks } = search;
  if (found === undefined) return { ok: false, reason: search.reason, signatureChecks };
  return { ok: true, path: found, until: Math.min(...found.map(({ notAfter }) => notAfter)), signatureChecks };
}

/** Why a certificate cannot be a server's own, wherever it comes from. [rfc7711-6-04] */
export function unfitLeaf(leaf: PeerCertificate, now: number): string | undefined {
  if (leaf.defect !== undefined) return `${leaf.title}: ${leaf.defect}`;
  const time = wrongTime(leaf, now);
  if (time !== undefined) return time;
  if (leaf.purposes.size === 0) return `${leaf.title} is neither for servers nor for clients of TLS`;
  const { keyUsage } = leaf;
  const mayAuthenticate = [digitalSignature, keyEncipherment, keyAgreement].some((bit) => keyUsage?.has(bit) ?? true);
  return mayAuthenticate ? undefined : `the key of ${leaf.title} is not for TLS`;
}

/**
 * Signatures are checked from the authorities downwards: what strangers made up hangs on none of them and costs nothing,
 * however much there is of it.
 */
class Search {
  signatureChecks = 0;
  readonly #request: ChainRequest;
  /** For the fingerprint of each certificate those that have really issued it. */
  readonly #issuers = new Map<string, readonly Issuer[]>();
  #reason: string | undefined;

  constructor(request: ChainRequest) {
    this.#request = request;
  }

  /** Of the first path that did not work for a reason of its own. */
  get reason(): string {
    if (this.#reason !== undefined) return this.#reason;
    const [leaf] = this.#request.chain;
    if (leaf === undefined) return "it showed no certificate";
    return leaf.subject === leaf.issuer
      ? `${leaf.title} is self-signed and not one that is trusted`
      : `${leaf.title} was not issued by an authority that is trusted`;
  }

  run(): readonly PeerCertificate[] | undefined {
    const { chain, anchors, now } = this.#request;
    const [leaf] = chain;
    if (leaf === undefined) return undefined;
    const unfit = unfitLeaf(leaf, now);
    if (unfit !== undefined) return this.#note(unfit);
    // [rfc9525-6.6-09]
    if (anchors.isPinned(leaf.fingerprint)) {
      const pinned = this.#checked([leaf]);
      if (pinned !== undefined) return pinned;
    }
    this.#verifyAll();
    return this.#extend([leaf]);
  }

  /** Finds out who has issued what, beginning with those that are trusted. */
  #verifyAll(): void {
    const { anchors, chain } = this.#request;
    const trusted = new Set<string>();
    const below: PeerCertificate[] = [];
    const subjects = [...chain];
    for (let at = 0; at < subjects.length; at += 1) {
      const subject = subjects[at];
      if (subject === undefined) continue;
      for (const certificate of anchors.withSubject(subject.issuer)) {
        if (!this.#tryIssuer(subject, { certificate, isAnchor: true })) continue;
        if (at < chain.length) below.push(subject);
        // One that is trusted may have been issued by another one that is. RFC 7671 §5.4
        if (!trusted.has(certificate.fingerprint)) subjects.push(certificate);
        trusted.add(certificate.fingerprint);
      }
    }
    for (let at = 0; at < below.length; at += 1) {
      const certificate = below[at];
      if (certificate === undefined || trusted.has(certificate.fingerprint)) continue;
      for (const subject of chain) {
        if (subject.issuer !== certificate.subject) continue;
        const isKnown = this.#issuers.has(subject.fingerprint);
        if (this.#tryIssuer(subject, { certificate, isAnchor: false }) && !isKnown) below.push(subject);
      }
    }
  }

  #tryIssuer(subject: PeerCertificate, issuer: Issuer): boolean {
    const known = this.#issuers.get(subject.fingerprint) ?? [];
    if (known.some(({ certificate }) => certificate.fingerprint === issuer.certificate.fingerprint)) return false;
    if (!this.#hasIssued(subject, issuer)) return false;
    this.#issuers.set(subject.fingerprint, [...known, issuer]);
    return true;
  }

  #hasIssued(subject: PeerCertificate, { certificate: issuer, isAnchor }: Issuer): boolean {
    if (subject.fingerprint === issuer.fingerprint) return false;
    const unfit = this.#unfitIssuer(issuer, subject, isAnchor);
    if (unfit !== undefined) {
      this.#note(unfit);
      return false;
    }
    if (this.signatureChecks >= signatureChecksMax) {
      this.#reason = "it would take too many checks of signatures";
      return false;
    }
    this.signatureChecks += 1;
    const isGood = subject.isSignedBy(issuer.publicKey);
    if (!isGood) this.#note(`the signature of ${issuer.title} on ${subject.title} is wrong`);
    return isGood;
  }

  #unfitIssuer(issuer: PeerCertificate, subject: PeerCertificate, isAnchor: boolean): string | undefined {
    if (subject.signatureDefect !== undefined) return `${subject.title}: ${subject.signatureDefect}`;
    const { subjectKeyId } = issuer;
    // Another key of an authority of the same name.
    if (subjectKeyId !== undefined && (subject.authorityKeyId ?? subjectKeyId) !== subjectKeyId) {
      return `${subject.title} was issued by another ${issuer.title} than the one that is known`;
    }
    if (issuer.defect !== undefined) return `${issuer.title}: ${issuer.defect}`;
    // An authority of old that somebody trusts may not say that it is one.
    const isAuthority = issuer.isAuthority ?? isAnchor;
    if (!isAuthority) return `${issuer.title} is no authority, but has issued ${subject.title}`;
    if (issuer.keyUsage?.has(keyCertSign) === false) return `${issuer.title} may not sign certificates`;
    return wrongTime(issuer, this.#request.now);
  }

  /** The shortest way up first. */
  #extend(path: readonly PeerCertificate[]): readonly PeerCertificate[] | undefined {
    const last = path.at(-1);
    if (last === undefined || path.length >= pathCertificatesMax) return undefined;
    for (const { certificate, isAnchor } of this.#issuers.get(last.fingerprint) ?? []) {
      if (path.some(({ fingerprint }) => fingerprint === certificate.fingerprint)) continue;
      const longer = [...path, certificate];
      const found = (isAnchor ? this.#checked(longer) : undefined) ?? this.#extend(longer);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The path itself, if it holds as a whole. */
  #checked(path: readonly PeerCertificate[]): readonly PeerCertificate[] | undefined {
    const problem = problemOfPath(path);
    if (problem !== undefined) return this.#note(problem);
    const { accepts } = this.#request;
    return accepts === undefined || accepts(path) ? path : undefined;
  }

  #note(reason: string): undefined {
    this.#reason ??= reason;
    return undefined;
  }
}

interface Issuer {
  readonly certificate: PeerCertificate;
  readonly isAnchor: boolean;
}

/** Why a path does not hold, each of whose signatures does. */
function problemOfPath(path: readonly PeerCertificate[]): string | undefined {
  const purposes = [...allPurposes].filter((purpose) => path.every((certificate) => certificate.purposes.has(purpose)));
  if (purposes.length === 0) return "its certificates are for different purposes, of which TLS is not one";
  for (const [index, issuer] of path.entries()) {
    if (index === 0) continue;
    const below = path.slice(0, index);
    // Those that an authority issued to itself, for a new key, do not count. RFC 5280 §6.1.4 (l)
    const between = below.slice(1).filter(({ subject, issuer: by }) => subject !== by).length;
    if (issuer.pathLength !== undefined && between > issuer.pathLength) {
      return `${issuer.title} allows ${issuer.pathLength} authorities below it, and there are ${between}`;
    }
    if (issuer.nameConstraints === undefined) continue;
    for (const [depth, certificate] of below.entries()) {
      if (depth > 0 && certificate.subject === certificate.issuer) continue;
      const subject = { kind: "directory", parts: certificate.subjectParts } as const;
      const names = certificate.subjectParts.length === 0 ? certificate.names : [...certificate.names, subject];
      const found = violation(names, issuer.nameConstraints);
      if (found !== undefined) return `${certificate.title}: ${found}`;
    }
  }
  return undefined;
}

function wrongTime({ title, notBefore, notAfter }: PeerCertificate, now: number): string | undefined {
  if (now > notAfter) return `${title} expired on ${day(notAfter)}`;
  return now < notBefore ? `${title} is valid only from ${day(notBefore)}` : undefined;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
