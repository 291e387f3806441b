import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { CertificateIdentity } from "#protocol/sasl/server-context.ts";
import { readPemCertificates } from "./pem-certificates.ts";

/** OpenSSL goes no further by default than this and some more. */
const chainLengthMax = 100;
/** id-kp-clientAuth. RFC 5280 §4.2.1.12 */
const clientAuth = "1.3.6.1.5.5.7.3.2";

/** Whose certificates of clients are accepted, and how to read them. */
export interface ClientAuthorities {
  /** Their certificates, in PEM form. */
  readonly pem: string;
  /** Whom the certificate of a client proves. */
  readonly identitiesOf: (certificate: Uint8Array) => readonly CertificateIdentity[];
}

/** @throws CertificateError when the file cannot be read or holds anything else than certificates */
export async function loadClientAuthorities(file: string): Promise<ClientAuthorities> {
  const certificates = await readPemCertificates("client_authorities", file);
  const pem = certificates.map((der) => new X509Certificate(der).toString()).join("");
  // Loaded here, because almost no server asks clients for certificates.
  const { xmppIdentities } = await import("./xmpp-identities.ts");
  return { pem, identitiesOf: xmppIdentities };
}

/** Whom the peer of a finished handshake has proven to be: nobody, unless its certificate is good for that now. */
export function provenIdentities(
  socket: TLSSocket,
  authorities: ClientAuthorities,
  now: number,
): readonly CertificateIdentity[] {
  // The chain is checked by OpenSSL in the handshake. A resumed session is "authorized" even without a certificate.
  // [rfc6120-5.4.3.1-07] [rfc6120-13.6-03] [rfc6120-13.7.2-01] [rfc6120-13.7.2-02] [rfc6120-13.7.2-03]
  // [rfc6120-13.7.2.2.2-01] [rfc6120-13.7.2.2.3-01]
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return [];
  // A ticket may be older than the certificate's end.
  if (certificate.validToDate.getTime() <= now || certificate.validFromDate.getTime() > now) return [];
  // Node's types have it always there.
  const purposes: unknown = certificate.keyUsage;
  if (Array.isArray(purposes) && !purposes.includes(clientAuth)) return [];
  // [rfc6120-13.7.2.2.1-01]
  return authorities.identitiesOf(certificate.raw);
}

/** When the first of the peer's certificate and those that it depends on expires, in milliseconds since the epoch. */
export function expiryOfPeer(socket: Pick<TLSSocket, "getPeerX509Certificate">): number {
  let expiry = Infinity;
  let certificate = socket.getPeerX509Certificate();
  for (let depth = 0; certificate !== undefined && depth < chainLengthMax; depth += 1) {
    // [rfc6120-13.7.2.3-01]
    expiry = Math.min(expiry, certificate.validToDate.getTime());
    certificate = certificate.issuerCertificate;
  }
  return expiry;
}
