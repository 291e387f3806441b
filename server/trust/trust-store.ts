import { getCACertificates } from "node:tls";
import { readPemCertificates } from "../tls/pem-certificates.ts";
import { CertificateError } from "../tls/certificate-error.ts";
import { subjectOf, readCertificate, type PeerCertificate } from "./read-certificate.ts";

/** Whose certificates are where trust begins. */
export interface Anchors {
  readonly withSubject: (subject: string) => readonly PeerCertificate[];
  /** Listed one by one, so that it is trusted even as a server's own certificate. */
  readonly isPinned: (fingerprint: string) => boolean;
}

export interface TrustStoreSettings {
  /** `system`: those of the operating system; `bundled`: those that Node.js brings along; `none`: only the files'. */
  readonly authorities: "system" | "bundled" | "none";
  /** PEM files with further authorities, or with single servers' own certificates. */
  readonly files: readonly string[];
}

/** The authorities that are trusted. Each is read only when a chain leads to it: there are some hundred. */
export class TrustStore implements Anchors {
  readonly #bySubject = new Map<string, Uint8Array[]>();
  readonly #read = new Map<Uint8Array, PeerCertificate | undefined>();
  readonly #pinned = new Set<string>();
  /** How many there are. */
  readonly size: number;

  constructor(authorities: readonly Uint8Array[], listed: readonly Uint8Array[] = []) {
    let size = 0;
    for (const der of [...authorities, ...listed]) size += this.#add(der) ? 1 : 0;
    this.size = size;
    for (const der of listed) {
      const read = readCertificate(der);
      if (read.ok) this.#pinned.add(read.certificate.fingerprint);
    }
  }

  readonly withSubject = (subject: string): readonly PeerCertificate[] =>
    (this.#bySubject.get(subject) ?? []).flatMap((der) => this.#certificateOf(der) ?? []);

  readonly isPinned = (fingerprint: string): boolean => this.#pinned.has(fingerprint);

  #add(der: Uint8Array): boolean {
    try {
      const subject = subjectOf(der);
      const same = this.#bySubject.get(subject) ?? [];
      // Stores of systems list most authorities more than once.
      if (same.some((known) => Buffer.from(known).equals(der))) return false;
      this.#bySubject.set(subject, [...same, der]);
      return true;
    } catch {
      // What cannot be read is trusted by nobody; the system's store is not ours to complain about.
      return false;
    }
  }

  #certificateOf(der: Uint8Array): PeerCertificate | undefined {
    if (!this.#read.has(der)) {
      const read = readCertificate(der);
      this.#read.set(der, read.ok ? read.certificate : undefined);
    }
    return this.#read.get(der);
  }
}

/**
 * Reads the trust store anew from where it is kept.
 *
 * @throws CertificateError when a file cannot be read, or when there is no authority at all
 */
export async function loadTrustStore(settings: TrustStoreSettings): Promise<TrustStore> {
  const listed: Uint8Array[] = [];
  for (const file of settings.files) listed.push(...(await readPemCertificates("authority_files", file)));
  return new TrustStore(authoritiesOf(settings.authorities), listed);
}

function authoritiesOf(source: TrustStoreSettings["authorities"]): readonly Uint8Array[] {
  if (source === "none") return [];
  const own = source === "system" ? systemAuthorities() : getCACertificates("bundled");
  // What NODE_EXTRA_CA_CERTS names was named for a purpose.
  const pems = [...own, ...getCACertificates("extra")];
  if (pems.length === 0) {
    throw new CertificateError(["no authority is trusted: this system has no store of them, and none are configured"]);
  }
  return pems.map((pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s+/g, ""), "base64"));
}

/** A minimal system has none; those of Node.js are then better than nobody. */
function systemAuthorities(): readonly string[] {
  const own = getCACertificates("system");
  return own.length > 0 ? own : getCACertificates("bundled");
}
