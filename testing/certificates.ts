import type { webcrypto } from "node:crypto";
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 wants it to be there
import "reflect-metadata";
import { AsnConvert } from "@peculiar/asn1-schema";
import { GeneralName, OtherName, SubjectAlternativeName } from "@peculiar/asn1-x509";
import * as x509 from "@peculiar/x509";
import { IA5String, Utf8String } from "asn1js";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

export const serverAuth = "1.3.6.1.5.5.7.3.1";
export const clientAuth = "1.3.6.1.5.5.7.3.2";
export const anyPurpose = "2.5.29.37.0";
export const emailProtection = "1.3.6.1.5.5.7.3.4";
/** Bits of keyUsage. */
export const keyUsages = x509.KeyUsageFlags;

/** Names of subjectAltName, by form. */
export interface Names {
  readonly dns?: readonly string[];
  readonly srv?: readonly string[];
  readonly xmpp?: readonly string[];
  /** id-on-xmppAddr, but not in UTF-8 as that must be. */
  readonly xmppAsIa5?: readonly string[];
  readonly ip?: readonly string[];
  readonly email?: readonly string[];
  readonly uri?: readonly string[];
}

/** What a certificate is to be like. By default it is good for a server, for the ten days around now. */
export interface CertificatePlan {
  readonly subject: string;
  /** Undefined: by its own key. */
  readonly issuer?: Made | undefined;
  readonly names?: Names | undefined;
  /** Undefined: no basicConstraints. */
  readonly authority?: boolean | { readonly pathLength: number } | undefined;
  readonly keyUsage?: x509.KeyUsageFlags | undefined;
  readonly purposes?: readonly string[] | undefined;
  /** In days from now. */
  readonly validDays?: readonly [from: number, till: number];
  readonly extensions?: readonly x509.Extension[];
  /** Without subjectKeyIdentifier and authorityKeyIdentifier. */
  readonly withoutKeyIds?: boolean;
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly keyAlgorithm?: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | { readonly name: "Ed25519" };
  readonly hash?: "SHA-1" | "SHA-256" | "SHA-384";
  readonly now?: number;
}

/** A certificate with its key. */
export interface Made {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly subject: string;
  readonly keyAlgorithm: NonNullable<CertificatePlan["keyAlgorithm"]>;
}

/** Makes one certificate. */
export async function makeCertificate(plan: CertificatePlan): Promise<Made> {
  const keyAlgorithm = plan.keyAlgorithm ?? ecdsa;
  const keys = plan.keys ?? (await generateKeys(keyAlgorithm));
  const signer = plan.issuer ?? { keys, subject: plan.subject, keyAlgorithm };
  const now = plan.now ?? Date.now();
  const [from, till] = plan.validDays ?? [-1, 9];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: plan.subject,
    issuer: signer.subject,
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    notBefore: new Date(now + from * dayMs),
    notAfter: new Date(now + till * dayMs),
    signingAlgorithm: { ...signer.keyAlgorithm, hash: plan.hash ?? "SHA-256" },
    extensions: await extensionsOf(plan, keys, signer.keys),
  });
  const pem = `${certificate.toString("pem")}\n`;
  return { der: new Uint8Array(certificate.rawData), pem, keys, subject: plan.subject, keyAlgorithm };
}

/** An authority, or one below another. */
export function makeAuthority(subject: string, issuer?: Made, plan: Partial<CertificatePlan> = {}): Promise<Made> {
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  return makeCertificate({ subject, issuer, authority: true, keyUsage: keyCertSign | cRLSign, ...plan });
}

/** Its private key, in PEM form. */
export async function keyPem({ keys }: Made): Promise<string> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
}

/** An extension from its value's DER. */
export function extension(id: string, isCritical: boolean, value: Uint8Array): x509.Extension {
  return new x509.Extension(id, isCritical, value);
}

/** The value of subjectAltName. */
export function subjectAltName(names: Names): ArrayBuffer {
  return AsnConvert.serialize(new SubjectAlternativeName(generalNames(names)));
}

async function generateKeys(algorithm: NonNullable<CertificatePlan["keyAlgorithm"]>): Promise<webcrypto.CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("privateKey" in keys)) throw new Error("no pair of keys");
  return keys;
}

async function extensionsOf(
  plan: CertificatePlan,
  keys: webcrypto.CryptoKeyPair,
  signer: webcrypto.CryptoKeyPair,
): Promise<x509.Extension[]> {
  const { names, authority, keyUsage, purposes } = plan;
  const pathLength = typeof authority === "object" ? authority.pathLength : undefined;
  return [
    ...(names === undefined ? [] : [new x509.Extension("2.5.29.17", false, subjectAltName(names))]),
    ...(authority === undefined ? [] : [new x509.BasicConstraintsExtension(authority !== false, pathLength, true)]),
    ...(keyUsage === undefined ? [] : [new x509.KeyUsagesExtension(keyUsage, true)]),
    ...(purposes === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...purposes])]),
    ...(plan.withoutKeyIds === true
      ? []
      : [
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
          await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
        ]),
    ...(plan.extensions ?? []),
  ];
}

function generalNames(names: Names): GeneralName[] {
  const { dns = [], srv = [], xmpp = [], xmppAsIa5 = [], ip = [], email = [], uri = [] } = names;
  const other = (typeId: string, value: Utf8String | IA5String) =>
    new GeneralName({ otherName: new OtherName({ typeId, value: value.toBER() }) });
  const xmppAddr = "1.3.6.1.5.5.7.8.5";
  return [
    ...dns.map((dNSName) => new GeneralName({ dNSName })),
    ...srv.map((value) => other("1.3.6.1.5.5.7.8.7", new IA5String({ value }))),
    ...xmpp.map((value) => other(xmppAddr, new Utf8String({ value }))),
    ...xmppAsIa5.map((value) => other(xmppAddr, new IA5String({ value }))),
    ...ip.map((iPAddress) => new GeneralName({ iPAddress })),
    ...email.map((rfc822Name) => new GeneralName({ rfc822Name })),
    ...uri.map((uniformResourceIdentifier) => new GeneralName({ uniformResourceIdentifier })),
  ];
}
