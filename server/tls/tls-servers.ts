import { constants, randomBytes } from "node:crypto";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { CertificateStore } from "./certificate-store.ts";
import { secureChannel } from "./secure-channel.ts";
import { StartTlsServer } from "./start-tls-server.ts";

/** Two 16-byte keys and a name, as Node wants them. */
const ticketKeysBytes = 48;

export interface TlsServersSettings {
  readonly sessionTickets: boolean;
  readonly sessionTicketSeconds: number;
  readonly handshakeSecondsMax: number;
}

export interface TlsServersParts {
  readonly certificates: CertificateStore;
  readonly settings: TlsServersSettings;
  readonly now: () => number;
  /** A handshake that came to nothing: the error's code, for the log and a metric. */
  readonly handshakeFailed: (code: string, remoteAddress: string | undefined) => void;
}

/**
 * Makes the TLS servers of all listeners. They share one set of ticket keys, made at start and kept over reloads, so
 * that a client which comes back is recognised on every port and whatever was reloaded meanwhile.
 */
export class TlsServers {
  readonly #parts: TlsServersParts;
  readonly #ticketKeys = randomBytes(ticketKeysBytes);

  constructor(parts: TlsServersParts) {
    this.#parts = parts;
  }

  /** For connections that are TLS from their first byte (XEP-0368): with ALPN, and `secureConnection` events. */
  directServer(): Server {
    return this.#create(["xmpp-client"]);
  }

  /** For connections that switch over (RFC 6120 §5). */
  startTlsServer(): StartTlsServer {
    return new StartTlsServer(this.#create(undefined));
  }

  /** What the log-in can be bound to on this connection. */
  channelOf(socket: TLSSocket): SecureChannel {
    const { certificates, settings, now } = this.#parts;
    return secureChannel(socket, { certificates, ticketMs: settings.sessionTicketSeconds * 1000, now });
  }

  #create(alpn: readonly string[] | undefined): Server {
    const { certificates, settings, handshakeFailed } = this.#parts;
    const server = createServer({
      ...this.#contextOptions(),
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      // Whoever has none, or one of another authority, logs in by other means.
      ...(certificates.clientAuthorities !== undefined && { requestCert: true, rejectUnauthorized: false }),
      handshakeTimeout: settings.handshakeSecondsMax * 1000,
      SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    });
    const stopListening = certificates.onReload(() => {
      server.setSecureContext(this.#contextOptions());
      server.setTicketKeys(this.#ticketKeys);
    });
    server.on("close", stopListening);
    server.on("tlsClientError", (error, socket) => {
      handshakeFailed("code" in error ? String(error.code) : error.message, socket.remoteAddress);
      socket.destroy();
    });
    return server;
  }

  #contextOptions(): TlsOptions {
    const { certificates, settings } = this.#parts;
    const { certificate, key } = certificates.first.pem;
    const { minVersion, ciphers, ca } = certificates.contextSettings;
    return {
      cert: certificate,
      key,
      minVersion,
      ...(ciphers && { ciphers }),
      ...(ca !== undefined && { ca }),
      honorCipherOrder: true,
      // On by default in some builds of OpenSSL, and too important to depend on that (A14).
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (settings.sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
      sessionTimeout: settings.sessionTicketSeconds,
      // A session is only taken back where it was made; all our servers count as one place.
      sessionIdContext: "balcony",
      ticketKeys: this.#ticketKeys,
    };
  }
}
