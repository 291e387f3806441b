import { createServer, type Server } from "node:tls";
import { acmeTlsProtocol, type SharedChallenges } from "../tls/shared-challenges.ts";
import { listenForAuthority } from "./challenge-listeners.ts";
import type { Solver } from "./solver.ts";

const handshakeMsMax = 10_000;

/** Makes the certificate that shows the authority what it wants to see (RFC 8737 §3). */
export type MakeChallengeCertificate = (
  name: string,
  keyAuthorization: string,
) => Promise<{ readonly key: string; readonly certificate: string }>;

export interface TlsAlpnPlace {
  readonly addresses: readonly string[];
  /** 0 for no port of its own. */
  readonly port: number;
  /** Ports of ours that are TLS from the first byte, which the authority may come to as well. */
  readonly directPorts: readonly number[];
  readonly shared: SharedChallenges;
}

/** Answers the authority on the direct TLS ports, and on a port of its own that is open only meanwhile. */
export function tlsAlpnSolver(
  { addresses, port, directPorts, shared }: TlsAlpnPlace,
  makeCertificate: MakeChallengeCertificate,
): Solver {
  const isShared = port === 0 || directPorts.includes(port);
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
          (socket) => socket.on("error", () => {}).end(),
        ).on("tlsClientError", (_, socket) => void socket.destroy());
      await using opened = new AsyncDisposableStack();
      opened.use(shared.expect(make()));
      if (!isShared) opened.use(await listenForAuthority(make, { addresses, port, key: "tls_port" }));
      return opened.move();
    },
    advice: (name) => {
      const ports = isShared ? directPorts.join(" or ") : String(port);
      return `port 443 of every address that DNS has for ${name} must lead to port ${ports} of this machine, with nothing in between that ends TLS; else use challenge = "dns-01"`;
    },
  };
}
