import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { domainToASCII } from "node:url";
import { createSecureContext, type SecureContext } from "node:tls";
import { CertificateError } from "./certificate-error.ts";
import { endPointOf } from "./end-point.ts";
import type { PemPair } from "./self-signed.ts";

const dayMs = 86_400_000;
/** Certificate chains are a few kilobytes; anything longer is another file. */
const pemBytesMax = 1024 * 1024;

/** What TLS is like, whatever the certificate. */
export interface ContextSettings {
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ciphers: string | undefined;
  /** The authorities of clients' certificates, in PEM form. */
  readonly ca?: string | undefined;
}

/** A certificate with its key, checked and ready to be used. */
export interface LoadedCertificate {
  readonly domain: string;
  readonly leaf: X509Certificate;
  readonly selfSigned: boolean;
  readonly pem: { readonly certificate: string; readonly key: string };
  /** Made at first use: it takes 60 kB beside the heap, and most of a thousand hosts are idle. */
  readonly context: SecureContext;
  /** For tls-server-end-point. */
  readonly endPoint: Uint8Array | undefined;
  /** What is wrong though TLS works with it: it has expired, or names somebody else. Sentences. */
  readonly unsuitable: readonly string[];
}

/**
 * Reads and checks a host's certificate.
 *
 * @throws CertificateError when TLS cannot work with these files
 */
export async function loadCertificate(
  domain: string,
  files: PemPair,
  settings: ContextSettings,
  now: number,
): Promise<LoadedCertificate> {
  const certificate = await readPem(domain, "certificate", files.certificateFile);
  const key = await readPem(domain, "key", files.keyFile);
  const leaf = parseLeaf(domain, files.certificateFile, certificate);
  const privateKey = parseKey(domain, files.keyFile, key);
  if (!leaf.checkPrivateKey(privateKey)) {
    fail(
      domain,
      `the key in ${files.keyFile} does not belong to the first certificate in ${files.certificateFile}; put the host's own certificate first, and check that both files are of the same renewal`,
    );
  }
  const pem = { certificate, key };
  // Whether TLS takes them is to be known now.
  makeContext(domain, pem, settings);
  let context: SecureContext | undefined;
  return {
    domain,
    leaf,
    selfSigned: leaf.verify(leaf.publicKey),
    pem,
    get context() {
      context ??= makeContext(domain, pem, settings);
      return context;
    },
    endPoint: await endPointOf(leaf),
    unsuitable: unsuitabilityOf(domain, files.certificateFile, leaf, now),
  };
}

/** Days until it expires; negative when it has. */
export function daysLeft(certificate: X509Certificate, now: number): number {
  return (certificate.validToDate.getTime() - now) / dayMs;
}

export function makeContext(
  domain: string,
  pem: { readonly certificate: string; readonly key: string },
  settings: ContextSettings,
): SecureContext {
  const { minVersion, ciphers, ca } = settings;
  try {
    return createSecureContext({
      cert: pem.certificate,
      key: pem.key,
      minVersion,
      ...(ciphers && { ciphers }),
      // [rfc6120-13.6-03]
      ...(ca !== undefined && { ca }),
    });
  } catch (cause) {
    return fail(domain, `TLS refuses the certificate or the ciphers: ${messageOf(cause)}`, cause);
  }
}

function unsuitabilityOf(domain: string, file: string, leaf: X509Certificate, now: number): readonly string[] {
  const sentences: string[] = [];
  if (leaf.validToDate.getTime() <= now) {
    sentences.push(`${domain}: the certificate in ${file} expired on ${day(leaf.validToDate)}; renew it`);
  }
  if (leaf.validFromDate.getTime() > now) {
    sentences.push(
      `${domain}: the certificate in ${file} is valid only from ${day(leaf.validFromDate)}; check this machine's clock`,
    );
  }
  // The common name does not count. RFC 9525 §2 [rfc6120-13.7.1.2.1-02] [rfc6120-13.7.1.2.1-08]
  if (leaf.checkHost(domainToASCII(domain) || domain, { subject: "never" }) === undefined) {
    const names = leaf.subjectAltName ?? "nobody";
    sentences.push(`${domain}: the certificate in ${file} is for ${names}, not for ${domain}; get one for ${domain}`);
  }
  return sentences;
}

async function readPem(domain: string, what: string, file: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (cause) {
    return fail(domain, `cannot read the ${what} ${file}: ${reasonOf(cause)}`, cause);
  }
  if (pem.length > pemBytesMax) fail(domain, `${file} is too long to be a ${what}`);
  return pem;
}

function parseLeaf(domain: string, file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    return fail(domain, `${file} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`, cause);
  }
}

function parseKey(domain: string, file: string, pem: string): KeyObject {
  if (pem.includes("ENCRYPTED")) {
    fail(
      domain,
      `the key in ${file} is protected by a passphrase; take it off with: openssl pkey -in ${file} -out plain-key.pem`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    return fail(domain, `${file} holds no private key in PEM form ("-----BEGIN PRIVATE KEY-----")`, cause);
  }
}

function fail(domain: string, text: string, cause?: unknown): never {
  throw new CertificateError([`${domain}: ${text}`], { cause });
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "this user may not read it";
  return messageOf(error);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
