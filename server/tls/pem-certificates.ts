import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { CertificateError } from "./certificate-error.ts";

/** A bundle of all the authorities that browsers know has a quarter of this. */
const pemBytesMax = 1024 * 1024;
const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM file, as DER.
 *
 * @param key what the file is called in the configuration
 * @throws CertificateError when it cannot be read or holds anything else than certificates
 */
export async function readPemCertificates(key: string, file: string): Promise<readonly Uint8Array[]> {
  const unusable = (text: string, cause?: unknown) => new CertificateError([`${key}: ${text}`], { cause });
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw unusable(`cannot read ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (text.length > pemBytesMax) throw unusable(`${file} is too long to be a list of certificates`);
  const blocks = text.match(pemBlock) ?? [];
  if (blocks.length === 0) {
    throw unusable(`${file} holds no certificate in PEM form ("-----BEGIN CERTIFICATE-----")`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block).raw);
  } catch (cause) {
    throw unusable(`${file} holds a certificate that is damaged`, cause);
  }
}
