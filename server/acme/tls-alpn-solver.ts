import { createServer, type Server } from "node:tls";
import { listenForAuthority } from "./challenge-listeners.ts";
import type { Solver } from "./solver.ts";

/** RFC 8737 §6.2 */
export const acmeTlsProtocol = "acme-tls/1";
const handshakeMsMax = 10_000;

/** Makes the certificate that shows the authority what it wants to see (RFC 8737 §3). */
export type MakeChallengeCertificate = (
  name: string,
  keyAuthorization: string,
) => Promise<{ readonly key: string; readonly certificate: string }>;

/** Answers the authority itself, on a port that is open only meanwhile. */
export function tlsAlpnSolver(
  place: { readonly addresses: readonly string[]; readonly port: number },
  makeCertificate: MakeChallengeCertificate,
): Solver {
  return {
    type: "tls-alpn-01",
    present: async ({ name, keyAuthorization }) => {
      const { key, certificate } = await makeCertificate(name, keyAuthorization);
      const make = (): Server =>
        createServer(
          {
            key,
            cert: certificate,
            minVersion: "TLSv1.2",
            handshakeTimeout: handshakeMsMax,
            // Whoever wants another protocol is nobody that we wait for.
            ALPNCallback: ({ protocols }) => (protocols.includes(acmeTlsProtocol) ? acmeTlsProtocol : undefined),
          },
          (socket) => socket.end(),
        ).on("tlsClientError", (_, socket) => void socket.destroy());
      return listenForAuthority(make, { ...place, key: "tls_port" });
    },
    advice: (name) =>
      `port 443 of every address that DNS has for ${name} must lead to port ${place.port} of this machine, with nothing in between that ends TLS; else use challenge = "dns-01"`,
  };
}
