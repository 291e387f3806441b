import { childrenOf, contextTag, expectTag, oidText, readDer, tags, type DerValue } from "./der.ts";

const rsaBitsMin = 2_048;
/** A signature under a longer one takes milliseconds to check. */
const rsaBitsMax = 8_192;
/** Public exponents are 65537 in practice; a huge one makes each check as costly as a private operation. */
const rsaExponentBytesMax = 5;

const rsaEncryption = "1.2.840.113549.1.1.1";
const rsaPss = "1.2.840.113549.1.1.10";
const ecPublicKey = "1.2.840.10045.2.1";
const ed25519 = "1.3.101.112";
const ed448 = "1.3.101.113";
/** P-256, P-384, P-521 */
const curves: ReadonlySet<string> = new Set(["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"]);
/** SHA-256, SHA-384, SHA-512 */
const hashes: ReadonlySet<string> = new Set([
  "2.16.840.1.101.3.4.2.1",
  "2.16.840.1.101.3.4.2.2",
  "2.16.840.1.101.3.4.2.3",
]);
/** With RSA (PKCS #1 1.5) and SHA-256, -384, -512; with ECDSA and these; EdDSA. RFC 4055, 5758, 8410 */
const signatures: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.11",
  "1.2.840.113549.1.1.12",
  "1.2.840.113549.1.1.13",
  "1.2.840.10045.4.3.2",
  "1.2.840.10045.4.3.3",
  "1.2.840.10045.4.3.4",
  ed25519,
  ed448,
]);

/** Why a key (SubjectPublicKeyInfo) is no good. @throws DerError */
export function weaknessOfKey(publicKeyInfo: Uint8Array): string | undefined {
  const [algorithm, key] = childrenOf(readDer(publicKeyInfo, tags.sequence));
  const [type, parameters] = childrenOf(expectTag(algorithm, tags.sequence));
  switch (oidText(expectTag(type, tags.oid))) {
    case rsaEncryption:
    case rsaPss:
      return weaknessOfRsa(expectTag(key, tags.bitString));
    case ecPublicKey: {
      const isNamed = parameters?.tag === tags.oid && curves.has(oidText(parameters));
      return isNamed ? undefined : "its key is on a curve that is not P-256, P-384 or P-521";
    }
    case ed25519:
    case ed448:
      return undefined;
    default:
      return "its key is of a kind that is not supported";
  }
}

/** Why a signature of this algorithm (AlgorithmIdentifier) proves nothing: MD5, SHA-1 and the like. @throws DerError */
export function weaknessOfSignature(algorithm: DerValue): string | undefined {
  const [type, parameters] = childrenOf(algorithm);
  const id = oidText(expectTag(type, tags.oid));
  const isGood = id === rsaPss ? isGoodPss(parameters) : signatures.has(id);
  return isGood ? undefined : `it is signed by an algorithm (${id}) that is too weak or not known`;
}

function weaknessOfRsa({ content }: DerValue): string | undefined {
  const [modulus, exponent] = childrenOf(readDer(content.subarray(1), tags.sequence));
  const bits = bitsOf(expectTag(modulus, tags.integer).content);
  if (bits < rsaBitsMin) return `its RSA key has ${bits} bits; ${rsaBitsMin} are the least`;
  if (bits > rsaBitsMax) return `its RSA key has ${bits} bits; ${rsaBitsMax} are the most`;
  const { content: exponentOctets } = expectTag(exponent, tags.integer);
  return exponentOctets.length > rsaExponentBytesMax ? "its RSA key has a huge exponent" : undefined;
}

function bitsOf(integer: Uint8Array): number {
  const start = integer.findIndex((octet) => octet !== 0);
  if (start === -1) return 0;
  return (integer.length - start - 1) * 8 + (32 - Math.clz32(integer[start] ?? 0));
}

/** Without parameters it would be SHA-1. RFC 4055 §3.1 */
function isGoodPss(parameters: DerValue | undefined): boolean {
  if (parameters?.tag !== tags.sequence) return false;
  const [hash, mask] = [0, 1].map((number) =>
    childrenOf(parameters).find(({ tag }) => tag === contextTag(number, "constructed")),
  );
  if (hash === undefined || mask === undefined) return false;
  const [maskType, maskHash] = childrenOf(expectTag(childrenOf(mask)[0], tags.sequence));
  const isMgf1 = oidText(expectTag(maskType, tags.oid)) === "1.2.840.113549.1.1.8";
  return isMgf1 && isGoodHash(childrenOf(hash)[0]) && isGoodHash(maskHash);
}

function isGoodHash(algorithm: DerValue | undefined): boolean {
  return hashes.has(oidText(expectTag(childrenOf(expectTag(algorithm, tags.sequence))[0], tags.oid)));
}
