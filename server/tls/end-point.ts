import { createHash, type X509Certificate } from "node:crypto";
import { z } from "zod";

const pssParameters = z.object({ hash: z.object({ name: z.string() }) });

/**
 * The data of tls-server-end-point: a hash of the certificate, by the hash function of its own signature, SHA-256 in
 * place of MD5 and SHA-1. Undefined where the signature has none of its own (Ed25519). RFC 5929 §4.1
 */
export async function endPointOf(certificate: X509Certificate): Promise<Uint8Array | undefined> {
  const hash = await signatureHash(certificate);
  return hash === undefined ? undefined : createHash(hash).update(certificate.raw).digest();
}

async function signatureHash(certificate: X509Certificate): Promise<string | undefined> {
  const algorithm = (certificate.signatureAlgorithm ?? "").toLowerCase();
  const named = /sha3?-?(?:1|224|256|384|512)|md5/.exec(algorithm)?.[0];
  if (named !== undefined) return atLeastSha256(named);
  // RSASSA-PSS names its hash in the parameters only, which Node does not show.
  return algorithm.includes("pss") ? atLeastSha256(await pssHash(certificate)) : undefined;
}

async function pssHash(certificate: X509Certificate): Promise<string> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm: unknown = new x509.X509Certificate(certificate.raw).signatureAlgorithm;
  return pssParameters.parse(algorithm).hash.name;
}

function atLeastSha256(name: string): string {
  const hash = name.toLowerCase().replace(/^sha-?(\d)/, "sha$1");
  return hash === "md5" || hash === "sha1" ? "sha256" : hash;
}
