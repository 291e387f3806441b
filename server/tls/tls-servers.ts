import { constants, randomBytes } from "node:crypto";
import { createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { CertificateStore } from "./certificate-store.ts";
import { secureChannel } from "./secure-channel.ts";
import { StartTlsServer } from "./start-tls-server.ts";

/** Two 16-byte keys and a name, as Node wants them. */
const ticketKeysBytes = 48;

/** For how long tickets are made with the same keys; whoever comes with an older one shakes hands anew. RFC 7525 §3.4 */
export const ticketKeysMsMax = 24 * 60 * 60 * 1000;

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
 * Makes the TLS servers of all listeners. They share one set of ticket keys, kept over reloads, so that a client which
 * comes back is recognised on every port and whatever was reloaded meanwhile. The keys are changed every day, by the
 * first connection that finds them too old.
 */
export class TlsServers {
  readonly #parts: TlsServersParts;
  readonly #servers = new Set<Server>();
  readonly #startTlsServers = new Set<StartTlsServer>();
  #ticketKeys = randomBytes(ticketKeysBytes);
  #ticketKeysMadeAt: number;

  constructor(parts: TlsServersParts) {
    this.#parts = parts;
    this.#ticketKeysMadeAt = parts.now();
  }

  /** For connections that are TLS from their first byte (XEP-0368): with ALPN, and `secureConnection` events. */
  directServer(): Server {
    return this.#create(["xmpp-client"], undefined);
  }

  /** For connections that switch over (RFC 6120 §5). */
  startTlsServer(): StartTlsServer {
    const made = new StartTlsServer((domain) => this.#create(undefined, domain));
    this.#startTlsServers.add(made);
    return made;
  }

  /** A host was removed: what was made to show its certificate is let go. */
  forgetHost(domain: string): void {
    for (const server of this.#startTlsServers) server.forget(domain);
  }

  /**
   * What the log-in can be bound to on this connection.
   *
   * @param domain whose certificate a client was shown that named none
   */
  channelOf(socket: TLSSocket, domain?: string): SecureChannel {
    const { certificates, settings, now } = this.#parts;
    return secureChannel(socket, { certificates, ticketMs: settings.sessionTicketSeconds * 1000, now, domain });
  }

  #create(alpn: readonly string[] | undefined, domain: string | undefined): Server {
    const { certificates, settings, handshakeFailed } = this.#parts;
    const server = createServer({
      ...this.#contextOptions(domain),
      // [rfc6120-5.3.6-01] [xep0368-3-09]
      ...(alpn !== undefined && { ALPNProtocols: [...alpn] }),
      // Whoever has none, or one of another authority, logs in by other means.
      // [rfc6120-5.4.3.1-04]
      ...(certificates.clientAuthorities !== undefined && { requestCert: true, rejectUnauthorized: false }),
      handshakeTimeout: settings.handshakeSecondsMax * 1000,
      // [rfc6120-5.3.6-01]
      SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    });
    const stopListening = certificates.onReload(() => {
      server.setSecureContext(this.#contextOptions(domain));
      // [xep0198-5-10]
      server.setTicketKeys(this.#ticketKeys);
    });
    this.#servers.add(server);
    server.on("close", () => {
      stopListening();
      this.#servers.delete(server);
    });
    // Before the server's own listener, which begins the handshake.
    server.prependListener("connection", () => this.#changeOldTicketKeys());
    server.on("tlsClientError", (error, socket) => {
      handshakeFailed("code" in error ? String(error.code) : error.message, socket.remoteAddress);
      // [rfc6120-5.4.3.2-01]
      socket.destroy();
    });
    return server;
  }

  #changeOldTicketKeys(): void {
    const now = this.#parts.now();
    // Who gets hold of a key must not be able to read the past. [rfc7590-3.3-01]
    if (now - this.#ticketKeysMadeAt < ticketKeysMsMax) return;
    this.#ticketKeys = randomBytes(ticketKeysBytes);
    this.#ticketKeysMadeAt = now;
    for (const server of this.#servers) server.setTicketKeys(this.#ticketKeys);
  }

  #contextOptions(domain: string | undefined): TlsOptions {
    const { certificates, settings } = this.#parts;
    // [rfc6120-5.4.3.1-03] [rfc6120-5.4.3.1-05]
    const shown = domain === undefined ? undefined : certificates.find(domain);
    const { certificate, key } = (shown ?? certificates.first).pem;
    const { minVersion, ciphers, ca } = certificates.contextSettings;
    return {
      cert: certificate,
      key,
      minVersion,
      ...(ciphers && { ciphers }),
      ...(ca !== undefined && { ca }),
      // A client cannot talk us into the weakest that we know.
      honorCipherOrder: true,
      // On by default in some builds of OpenSSL, and too important to depend on that (A14). [rfc6120-5.3.5-03]
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (settings.sessionTickets ? 0 : constants.SSL_OP_NO_TICKET),
      sessionTimeout: settings.sessionTicketSeconds,
      // A session is only taken back where it was made; all our servers count as one place.
      sessionIdContext: "balcony",
      ticketKeys: this.#ticketKeys,
    };
  }
}
