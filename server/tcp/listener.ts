import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { assert } from "#protocol/assert.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Log } from "#kit/log.ts";
import type { Transport } from "../link/transport.ts";
import type { Pausable } from "./open-files-watch.ts";
import type { ConnectionCount, OpenConnection } from "./connection-count.ts";
import { SocketTransport, type SocketTransportParts, type StartTls } from "./socket-transport.ts";

/** Connections that the operating system holds until we take them. */
const backlogConnections = 4_096;

/** Who connects there, and whether with TLS from the first byte. */
export type ListenerKind = "client" | "client-direct-tls" | "server" | "server-direct-tls" | "component";

export interface ListenerParts {
  readonly kind: ListenerKind;
  /** An IP address; "::" takes IPv4 as well. */
  readonly address: string;
  readonly port: number;
  readonly tls: "required" | "optional" | "none";
  /** Does the handshakes; undefined where `tls` is "none". */
  readonly startTls: StartTls | undefined;
  readonly channelOf: (socket: TLSSocket, domain: string | undefined) => SecureChannel;
  /** Of direct TLS: takes connections that are not for us, and lets the others go on. */
  readonly sort?: ((socket: Socket, goOn: () => void) => void) | undefined;
  readonly count: ConnectionCount;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** A connection to serve. */
  readonly accept: (transport: Transport, connection: OpenConnection) => void;
}

/** A listening socket. */
export interface Listener extends AsyncDisposable, Pausable {
  readonly kind: ListenerParts["kind"];
  readonly tls: ListenerParts["tls"];
  readonly address: string;
  /** The real port, where 0 was asked for. */
  readonly port: number;
}

/**
 * Listens.
 *
 * @throws Error with the system's code (EADDRINUSE, EACCES, EADDRNOTAVAIL)
 */
export async function listen(parts: ListenerParts): Promise<Listener> {
  const handshakes = new Set<Socket>();
  const protectedAlready: SocketTransportParts = { startTls: undefined, channelOf: parts.channelOf };
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
    socket.on("error", ignore);
    const connection = parts.count.open(socket.remoteAddress ?? "", parts.now(), () => void socket.destroy());
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    socket.on("close", () => {
      connection.close();
      handshakes.delete(socket);
    });
    if (!isDirect(parts.kind)) return parts.accept(new SocketTransport(socket, undefined, parts), connection);
    handshakes.add(socket);
    const shakeHands = (): void =>
      parts.startTls?.(socket, undefined, (secured) => {
        handshakes.delete(socket);
        if (secured === undefined) socket.destroy();
        else
          parts.accept(new SocketTransport(secured, parts.channelOf(secured, undefined), protectedAlready), connection);
      });
    return parts.sort === undefined ? shakeHands() : parts.sort(socket, shakeHands);
  });
  await listening(server, parts.address, parts.port);
  server.on("error", (error) => parts.log.error({ error }, "a connection cannot be accepted"));
  const address = server.address();
  assert(address !== null && typeof address === "object", "a TCP server that listens has an address and a port");
  return {
    kind: parts.kind,
    tls: parts.tls,
    address: address.address,
    port: address.port,
    pause: () => void server.close(),
    resume: () => listening(server, parts.address, address.port),
    [Symbol.asyncDispose]: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      // Nobody serves them yet, so nobody would ever tell them to go.
      for (const socket of handshakes) socket.destroy();
      return promise;
    },
  };
}

export function isDirect(kind: ListenerKind): boolean {
  return kind.endsWith("-direct-tls");
}

function listening(server: Server, address: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host: address, port, backlog: backlogConnections }, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

function ignore(): void {}
