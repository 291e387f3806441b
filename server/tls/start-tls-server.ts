import type { Socket } from "node:net";
import type { Server, TLSSocket } from "node:tls";

/** Turns connections that are open already into encrypted ones; each knows its way back by its addresses and ports. */
export class StartTlsServer {
  readonly #makeServer: (domain: string | undefined) => Server;
  readonly #servers = new Map<string | undefined, Server>();
  readonly #waiting = new Map<string, (socket: TLSSocket) => void>();

  /**
   * @param makeServer makes a TLS server that does not listen itself; it shows the certificate of `domain`, which is one
   * of our hosts, to whoever names none in the handshake
   */
  constructor(makeServer: (domain: string | undefined) => Server) {
    this.#makeServer = makeServer;
  }

  #serverFor(domain: string | undefined): Server {
    const known = this.#servers.get(domain);
    if (known !== undefined) return known;
    const server = this.#makeServer(domain);
    server.on("secureConnection", (socket) => {
      const secured = this.#waiting.get(routeOf(socket));
      if (secured === undefined) socket.destroy();
      else secured(socket);
    });
    this.#servers.set(domain, server);
    return server;
  }

  /** Connections whose handshake goes on. */
  get handshakes(): number {
    return this.#waiting.size;
  }

  /**
   * Begins TLS on a connection, as the server. `secured` is called once: with the encrypted socket, or with undefined
   * when the handshake failed or the connection went away. Whoever calls has stopped reading from `raw`.
   */
  readonly upgrade = (
    raw: Socket,
    domain: string | undefined,
    secured: (socket: TLSSocket | undefined) => void,
  ): void => {
    const route = routeOf(raw);
    if (raw.destroyed || route === undefinedRoute || this.#waiting.has(route)) {
      raw.destroy();
      secured(undefined);
      return;
    }
    const finish = (socket: TLSSocket | undefined): void => {
      this.#waiting.delete(route);
      raw.off("close", failed);
      secured(socket);
    };
    const failed = (): void => finish(undefined);
    this.#waiting.set(route, finish);
    raw.on("close", failed);
    // This way in gives it what a listening server gives: SNI, time-out, error events. [rfc6120-5.4.3.1-01]
    this.#serverFor(domain).emit("connection", raw);
  };

  /** Lets go of the certificate of a host that was removed. Connections stay. */
  forget(domain: string): void {
    this.#servers.get(domain)?.emit("close");
    this.#servers.delete(domain);
  }

  /** Lets go of the certificates. Connections stay. */
  close(): void {
    for (const server of this.#servers.values()) server.emit("close");
  }
}

function routeOf(socket: Socket): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** Of a socket that is not connected any more. */
const undefinedRoute = "undefined undefined undefined undefined";
