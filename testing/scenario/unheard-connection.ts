import { Connection, type ConnectionServices } from "#server/link/connection.ts";
import type { Transport } from "#server/link/transport.ts";

/** A connection that is open and that nobody listens to: for what it does by itself. */
export function unheardConnection(transport: Transport, services: ConnectionServices): Connection {
  const stream = {
    streamOpened: ignore,
    elementRead: ignore,
    streamClosed: ignore,
    failed: ignore,
    timeout: ignore,
    disconnected: ignore,
  };
  const owner = { secured: ignore, connectionLost: ignore, peerTooSlow: ignore };
  const connection = new Connection("one", transport, { stream, owner }, services);
  connection.open();
  return connection;
}

function ignore(): void {}
