import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** Nobody's chain is longer; whose is, can prove nothing with the rest of it. */
const chainCertificatesMax = 10;

/**
 * The certificates that the peer of a finished handshake showed: its own first, each followed by the one that signed it,
 * as DER. Empty when it showed none. Nothing is checked. What nothing in the chain depends on is left out.
 */
export function peerChain(socket: Pick<TLSSocket, "getPeerX509Certificate">): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < chainCertificatesMax && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    // Copied, because the runtime's buffer may be a part of a larger one.
    chain.push(new Uint8Array(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
