import { createHash } from "node:crypto";
import { z } from "zod";

/** Certificates that one domain lists; a provider rolls over with two. */
const fingerprintsMax = 100;
const secondMs = 1_000;
/** A year; longer is as good as for ever. */
const expiresSecondsMax = 31_536_000;

// [rfc7711-3.1-03] [rfc7711-3.2-02]
const expires = z.int().nonnegative();
const fingerprint = z.record(z.string(), z.string());
// [rfc7711-3.1-01]
const fingerprintsDocument = z.object({
  fingerprints: z.array(fingerprint).min(1).max(fingerprintsMax),
  // [rfc7711-3.1-02]
  url: z.undefined().optional(),
  expires,
});
const referenceDocument = z.object({
  url: z.url({ protocol: /^https$/ }),
  expires,
  fingerprints: z.undefined().optional(),
});

/** Hashes of certificates, by the names of the hash functions. */
type Fingerprint = Readonly<Record<string, string>>;

/** What is found under a domain's well-known URI (RFC 7711 §3). */
export type PoshDocument =
  | { readonly kind: "fingerprints"; readonly fingerprints: readonly Fingerprint[]; readonly lifeMs: number }
  | { readonly kind: "reference"; readonly url: string; readonly lifeMs: number };

/** Undefined when it is neither document, or says of itself that it must not be used. */
export function parsePoshDocument(text: string): PoshDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const own = fingerprintsDocument.safeParse(json);
  if (own.success) {
    const { fingerprints } = own.data;
    return usable({ kind: "fingerprints", fingerprints, lifeMs: lifeOf(own.data.expires) });
  }
  const reference = referenceDocument.safeParse(json);
  if (!reference.success) return undefined;
  return usable({ kind: "reference", url: reference.data.url, lifeMs: lifeOf(reference.data.expires) });
}

/** Whether one of the fingerprints is the certificate's (DER). [rfc7711-3.1-05] [rfc7711-3.3-01] */
export function listsCertificate(fingerprints: readonly Fingerprint[], certificate: Uint8Array): boolean {
  return fingerprints.some((fingerprintOf) => {
    const known = [
      ["sha-512", "sha512"],
      ["sha-256", "sha256"],
    ] as const;
    const given = known.filter(([name]) => fingerprintOf[name] !== undefined);
    // Where it gives both, both must be right.
    return (
      given.length > 0 &&
      given.every(([name, hash]) => {
        const digest = createHash(hash).update(certificate).digest("base64");
        // The specification's own example lacks the padding of one.
        return fingerprintOf[name]?.replace(/=+$/, "") === digest.replace(/=+$/, "");
      })
    );
  });
}

/** Zero says that it has expired already. [rfc7711-3.1-04] [rfc7711-3.2-03] */
function usable(document: PoshDocument): PoshDocument | undefined {
  return document.lifeMs === 0 ? undefined : document;
}

function lifeOf(seconds: number): number {
  return Math.min(seconds, expiresSecondsMax) * secondMs;
}
