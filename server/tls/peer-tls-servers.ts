import { createServer, type Server, type TlsOptions } from "node:tls";
import type { CertificateStore } from "./certificate-store.ts";
import { certificateFor, peerSecureOptions, serverAlpn, type PeerContexts } from "./peer-tls.ts";
import { StartTlsServer } from "./start-tls-server.ts";

export interface PeerTlsServersParts {
  readonly certificates: CertificateStore;
  readonly contexts: PeerContexts;
  readonly handshakeSecondsMax: number;
  /** A handshake that came to nothing: the error's code, for the log and a metric. */
  readonly handshakeFailed: (code: string, remoteAddress: string | undefined) => void;
}

/** Makes the TLS servers of the listeners that other servers connect to: each peer is asked for its certificate. */
export class PeerTlsServers {
  readonly #parts: PeerTlsServersParts;
  readonly #startTlsServers: StartTlsServer[] = [];

  constructor(parts: PeerTlsServersParts) {
    this.#parts = parts;
  }

  /** For connections that switch over (RFC 6120 §5). */
  startTlsServer(): StartTlsServer {
    const server = new StartTlsServer((domain) => this.#create(domain, false));
    this.#startTlsServers.push(server);
    return server;
  }

  /** Lets go of what belongs to a host that is not served any more. */
  forgetHost(domain: string): void {
    for (const server of this.#startTlsServers) server.forget(domain);
  }

  /** For connections that are TLS from their first byte (XEP-0368). */
  directServer(): StartTlsServer {
    return new StartTlsServer(() => this.#create(undefined, true));
  }

  #create(domain: string | undefined, direct: boolean): Server {
    const { certificates, contexts, handshakeSecondsMax, handshakeFailed } = this.#parts;
    const server = createServer({
      ...this.#contextOptions(domain),
      // [xep0368-3-10]
      ...(direct && { ALPNProtocols: [serverAlpn] }),
      // Whoever shows none, or one that does not prove its domain, has dialback left, where that is allowed. The judgement
      // needs the domain, and comes when the peer has named it. [rfc6120-13.7.2-01]
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeSecondsMax * 1_000,
      SNICallback: (name, done) => done(null, contexts.contextFor(name)),
    });
    const stopListening = certificates.onReload(() => server.setSecureContext(this.#contextOptions(domain)));
    server.on("close", stopListening);
    server.on("tlsClientError", (error, socket) => {
      handshakeFailed("code" in error ? String(error.code) : error.message, socket.remoteAddress);
      // [rfc6120-5.4.3.2-01]
      socket.destroy();
    });
    return server;
  }

  #contextOptions(domain: string | undefined): TlsOptions {
    const { certificates } = this.#parts;
    const shown = domain === undefined ? certificates.first : certificateFor(certificates, domain);
    const { minVersion, ciphers } = certificates.contextSettings;
    return {
      cert: shown.pem.certificate,
      key: shown.pem.key,
      minVersion,
      ...(ciphers && { ciphers }),
      honorCipherOrder: true,
      secureOptions: peerSecureOptions,
    };
  }
}
