import type { webcrypto } from "node:crypto";
// oxlint-disable-next-line import/no-unassigned-import -- @peculiar/x509 wants it to be there
import "reflect-metadata";
import { AsnConvert } from "@peculiar/asn1-schema";
import { GeneralName, OtherName, SubjectAlternativeName } from "@peculiar/asn1-x509";
import * as x509 from "@peculiar/x509";
import { IA5String, Utf8String } from "asn1js";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const hourMs = 3_600_000;

/** What a TLS client shows, in PEM form. */
export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

export interface ClientCertificate {
  /** Of id-on-xmppAddr. */
  readonly addresses: readonly string[];
  /** Of id-on-xmppAddr too, but not in UTF-8 as that must be. */
  readonly ia5Addresses?: readonly string[];
  readonly email?: string;
  /** From when till when, counted from now. */
  readonly validMs?: readonly [from: number, till: number];
  /** Of extendedKeyUsage; none by default. */
  readonly purpose?: "client" | "server";
  /** By the user's own key, in the user's own name. */
  readonly selfSigned?: boolean;
}

/** An authority that gives users certificates. */
export class ClientAuthority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #own: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, own: x509.X509Certificate) {
    this.#keys = keys;
    this.#own = own;
  }

  static async make(name: string): Promise<ClientAuthority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const own = await x509.X509CertificateGenerator.createSelfSigned({
      keys,
      name: [{ CN: [name] }],
      notBefore: new Date(Date.now() - 100_000 * hourMs),
      notAfter: new Date(Date.now() + hourMs),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new ClientAuthority(keys, own);
  }

  /** Its own certificate, in PEM form. */
  get certificate(): string {
    return `${this.#own.toString("pem")}\n`;
  }

  async issue({
    addresses,
    ia5Addresses = [],
    email,
    validMs = [-hourMs, hourMs],
    purpose,
    selfSigned = false,
  }: ClientCertificate): Promise<ClientPair> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const names = [
      ...addresses.map((value) => new GeneralName({ otherName: xmppAddress(new Utf8String({ value })) })),
      ...ia5Addresses.map((value) => new GeneralName({ otherName: xmppAddress(new IA5String({ value })) })),
      ...(email === undefined ? [] : [new GeneralName({ rfc822Name: email })]),
    ];
    const usage = purpose === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
    const certificate = await x509.X509CertificateGenerator.create({
      subject: [{ CN: ["a user"] }],
      issuer: selfSigned ? [{ CN: ["a user"] }] : this.#own.subject,
      publicKey: keys.publicKey,
      signingKey: selfSigned ? keys.privateKey : this.#keys.privateKey,
      notBefore: new Date(Date.now() + validMs[0]),
      notAfter: new Date(Date.now() + validMs[1]),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.Extension("2.5.29.17", false, AsnConvert.serialize(new SubjectAlternativeName(names))),
        ...(purpose === undefined ? [] : [new x509.ExtendedKeyUsageExtension([usage])]),
      ],
    });
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
    const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{1,64}/g, "$&\n")}-----END PRIVATE KEY-----\n`;
    return { cert: certificate.toString("pem"), key };
  }
}

function xmppAddress(address: Utf8String | IA5String): OtherName {
  return new OtherName({ typeId: "1.3.6.1.5.5.7.8.5", value: address.toBER() });
}
