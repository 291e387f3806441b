import { chmod, mkdir, writeFile } from "node:fs/promises";
import { domainToASCII } from "node:url";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileNameOf } from "../private-files.ts";

const dayMs = 86_400_000;
/** Long enough to forget about it; what trusts it has pinned it anyway. */
const validDays = 3_650;
/** A certificate that would expire within this time is replaced at the start. */
const renewDaysBefore = 30;
/** Clocks of clients may be slow. */
const backdatedMs = dayMs;

export interface PemPair {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/**
 * The self-signed certificate of a host: the one in `directory`, or a new one where there is none or it is about to
 * expire. The key's file can be read by its owner only.
 */
export async function selfSignedCertificate(domain: string, directory: string, now: number): Promise<PemPair> {
  const name = fileNameOf(domain);
  const pair = { certificateFile: join(directory, `${name}.crt.pem`), keyFile: join(directory, `${name}.key.pem`) };
  if (await isUsable(pair, now)) return pair;
  const { certificate, key } = await generateSelfSigned(domain, now);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // The key first: a certificate without its key would be taken for a usable pair after a crash in between.
  await writeFile(pair.keyFile, key, { mode: 0o600 });
  await chmod(pair.keyFile, 0o600);
  await writeFile(pair.certificateFile, certificate);
  return pair;
}

/** A key on P-256 and a certificate for `domain` that it signed itself, both as PEM. */
export async function generateSelfSigned(
  domain: string,
  now: number,
): Promise<{ readonly certificate: string; readonly key: string }> {
  // Loaded here, because almost no start needs it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  // It signs with SHA-256. [rfc6120-13.7.1.1-04]
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const ascii = domainToASCII(domain) || domain;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    // The name is in the alternative names alone (RFC 9525 §2); this one is for people who look at it.
    // [rfc6120-13.7.1.1-03]
    name: [{ O: ["Balcony self-signed"] }],
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + validDays * dayMs),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      // [rfc6120-13.7.1.2.1-01]
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: ascii }]),
      // [rfc6120-13.7.1.1-01] [rfc6120-13.7.1.1-02]
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
  return { certificate: `${certificate.toString("pem")}\n`, key };
}

async function isUsable(pair: PemPair, now: number): Promise<boolean> {
  try {
    await readFile(pair.keyFile);
    const certificate = new X509Certificate(await readFile(pair.certificateFile));
    return certificate.validToDate.getTime() > now + renewDaysBefore * dayMs;
  } catch {
    return false;
  }
}
