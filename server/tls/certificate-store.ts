import { domainToASCII } from "node:url";
import { join } from "node:path";
import type { SecureContext } from "node:tls";
import { acmeCertificate } from "./acme-files.ts";
import { CertificateError } from "./certificate-error.ts";
import { loadClientAuthorities, type ClientAuthorities } from "./client-authorities.ts";
import { defaultCiphers } from "./default-ciphers.ts";
import { daysLeft, loadCertificate, type ContextSettings, type LoadedCertificate } from "./load-certificate.ts";
import { selfSignedCertificate } from "./self-signed.ts";

/** A host's name and its files; without files, and until ACME has brought one, it gets a self-signed certificate. */
export interface CertificateSource {
  readonly domain: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** Its certificate is where ACME leaves it. */
  readonly acme?: boolean | undefined;
}

export interface CertificateSettings {
  readonly sources: readonly CertificateSource[];
  readonly minVersion: "1.2" | "1.3";
  readonly ciphers?: string | undefined;
  /** Goes on with certificates that have expired or are for another name. */
  readonly acceptUnsuitable: boolean;
  /** A PEM file. Without it, clients are not asked for certificates. */
  readonly clientAuthorities?: string | undefined;
}

export interface CertificateStoreParts {
  readonly dataDir: string;
  readonly now: () => number;
}

export interface CertificateExpiry {
  readonly domain: string;
  readonly days: number;
  readonly selfSigned: boolean;
}

export interface CertificateReload {
  /** Domains that have another certificate now. */
  readonly changed: readonly string[];
  /** What was not taken over, and why: the old certificate stays in use. */
  readonly problems: readonly string[];
}

/** The hosts' certificates. TLS servers ask it at each handshake, so a reload needs no word to them. */
export class CertificateStore {
  /** Stays as it was at the start: listeners ask for certificates or do not. */
  readonly clientAuthorities: ClientAuthorities | undefined;
  readonly #parts: CertificateStoreParts;
  #byName = new Map<string, LoadedCertificate>();
  #settings: ContextSettings;
  readonly #replacedAt = new Map<string, number>();
  readonly #listeners = new Set<() => void>();

  private constructor(
    parts: CertificateStoreParts,
    settings: CertificateSettings,
    clientAuthorities: ClientAuthorities | undefined,
  ) {
    this.clientAuthorities = clientAuthorities;
    this.#parts = parts;
    this.#settings = contextSettings(settings, clientAuthorities);
  }

  /**
   * Loads, and where needed makes, the certificates of all hosts.
   *
   * @throws CertificateError with every problem of every host, or what is wrong with the authorities
   */
  static async open(settings: CertificateSettings, parts: CertificateStoreParts): Promise<CertificateStore> {
    const file = settings.clientAuthorities;
    const authorities = file === undefined ? undefined : await loadClientAuthorities(file);
    const store = new CertificateStore(parts, settings, authorities);
    const { loaded, problems } = await store.#load(settings);
    if (problems.length > 0) throw new CertificateError(problems);
    for (const certificate of loaded) store.#byName.set(nameOf(certificate.domain), certificate);
    return store;
  }

  get contextSettings(): ContextSettings {
    return this.#settings;
  }

  /** For a client that names no host, or none of ours: the first host's. */
  get first(): LoadedCertificate {
    const [first] = this.#byName.values();
    if (first === undefined) throw new CertificateError(["there is no host, hence no certificate"]);
    return first;
  }

  /**
   * The certificate for a server name of a TLS client hello (RFC 6066 §3): the host's own, or for a sub-domain that of
   * the nearest host above it whose certificate is good for it.
   */
  find(serverName: string): LoadedCertificate | undefined {
    const name = nameOf(serverName);
    const own = this.#byName.get(name);
    if (own !== undefined) return own;
    for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) {
      const above = this.#byName.get(name.slice(dot + 1));
      if (above?.leaf.checkHost(name, { subject: "never" }) !== undefined) return above;
    }
    return undefined;
  }

  /** Whether a host has a certificate of its own. */
  has(domain: string): boolean {
    return this.#byName.has(nameOf(domain));
  }

  contextFor(serverName: string): SecureContext {
    return (this.find(serverName) ?? this.first).context;
  }

  /** When a host's certificate was last replaced while we ran; undefined for never. */
  replacedAt(domain: string): number | undefined {
    return this.#replacedAt.get(nameOf(domain));
  }

  expiry(): readonly CertificateExpiry[] {
    const now = this.#parts.now();
    return [...this.#byName.values()].map(({ domain, leaf, selfSigned }) => ({
      domain,
      selfSigned,
      days: daysLeft(leaf, now),
    }));
  }

  /** Reads one host's files again, as `reload` does all. */
  async refresh(settings: CertificateSettings, domain: string): Promise<CertificateReload> {
    const { loaded, problems } = await this.#load({
      ...settings,
      sources: settings.sources.filter((source) => source.domain === domain),
    });
    for (const certificate of loaded) {
      this.#byName.set(nameOf(domain), certificate);
      this.#replacedAt.set(nameOf(domain), this.#parts.now());
    }
    for (const listener of this.#listeners) listener();
    return { changed: loaded.map((certificate) => certificate.domain), problems };
  }

  /** Reads all files again. A host whose new certificate is no good keeps its old one; open connections notice nothing. */
  async reload(settings: CertificateSettings): Promise<CertificateReload> {
    this.#settings = contextSettings(settings, this.clientAuthorities);
    const { loaded, problems } = await this.#load(settings);
    const next = new Map<string, LoadedCertificate>();
    const changed: string[] = [];
    const byName = new Map(loaded.map((certificate) => [nameOf(certificate.domain), certificate]));
    for (const { domain } of settings.sources) {
      const name = nameOf(domain);
      const old = this.#byName.get(name);
      const certificate = byName.get(name) ?? old;
      if (certificate === undefined) continue;
      next.set(name, certificate);
      if (old?.leaf.fingerprint256 === certificate.leaf.fingerprint256) continue;
      changed.push(domain);
      if (old !== undefined) this.#replacedAt.set(name, this.#parts.now());
    }
    if (next.size > 0) this.#byName = next;
    for (const name of this.#replacedAt.keys()) if (!this.#byName.has(name)) this.#replacedAt.delete(name);
    for (const listener of this.#listeners) listener();
    return { changed, problems };
  }

  /** Calls back after each reload; the returned function ends it. */
  onReload(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #load(settings: CertificateSettings) {
    const loaded: LoadedCertificate[] = [];
    const problems: string[] = [];
    for (const source of settings.sources) {
      try {
        const certificate = await this.#loadOne(source, settings);
        // What ACME brought is renewed while we run, so that it must not keep us from running.
        const isGood = source.acme === true || settings.acceptUnsuitable || certificate.unsuitable.length === 0;
        if (isGood) loaded.push(certificate);
        else problems.push(...certificate.unsuitable);
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error;
        problems.push(...error.problems);
      }
    }
    return { loaded, problems };
  }

  async #loadOne(source: CertificateSource, settings: CertificateSettings): Promise<LoadedCertificate> {
    const now = this.#parts.now();
    const { domain, certificate, key } = source;
    if ((certificate === undefined) !== (key === undefined)) {
      const missing = certificate === undefined ? "certificate" : "key";
      throw new CertificateError([
        `${domain}: "${missing}" is missing in balcony.toml; certificate and key go together`,
      ]);
    }
    const issued = source.acme === true ? await acmeCertificate(this.#parts.dataDir, domain) : undefined;
    const files =
      certificate !== undefined && key !== undefined
        ? { certificateFile: certificate, keyFile: key }
        : (issued ?? (await makeSelfSigned(domain, join(this.#parts.dataDir, "certificates"), now)));
    return loadCertificate(domain, files, contextSettings(settings, this.clientAuthorities), now);
  }
}

async function makeSelfSigned(domain: string, directory: string, now: number) {
  try {
    return await selfSignedCertificate(domain, directory, now);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError([`${domain}: cannot keep a self-signed certificate in ${directory}: ${reason}`], {
      cause,
    });
  }
}

function contextSettings(settings: CertificateSettings, authorities: ClientAuthorities | undefined): ContextSettings {
  // Nothing older than 1.2; 1.2 is for the clients that still need it. [rfc7590-1-01]
  const minVersion = settings.minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2";
  return { minVersion, ciphers: settings.ciphers ?? defaultCiphers, ca: authorities?.pem };
}

/** Client hellos carry names in ASCII. */
function nameOf(domain: string): string {
  return (domainToASCII(domain) || domain).toLowerCase();
}
