import type { Server, Socket } from "node:net";
import { AcmeError } from "./solver.ts";

/** Connections at the same time: an authority looks from a few places. */
const connectionsMax = 64;

/**
 * Listens on some addresses, for as long as an authority is expected.
 *
 * @throws AcmeError
 */
export async function listenForAuthority(
  makeServer: () => Server,
  { addresses, port, key }: { readonly addresses: readonly string[]; readonly port: number; readonly key: string },
): Promise<AsyncDisposable & { readonly ports: readonly number[] }> {
  await using opened = new AsyncDisposableStack();
  const ports: number[] = [];
  for (const address of addresses) {
    const server = makeServer();
    server.maxConnections = connectionsMax;
    await listening(server, { address, port, key });
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
    const bound = server.address();
    ports.push(typeof bound === "object" && bound !== null ? bound.port : port);
    opened.defer(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      return promise;
    });
  }
  const held = opened.move();
  return { ports, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function listening(
  server: Server,
  { address, port, key }: { readonly address: string; readonly port: number; readonly key: string },
): Promise<void> {
  const tryOn = (host: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
    return promise;
  };
  try {
    // "::" takes IPv4 too; a machine without IPv6 has none.
    await tryOn(address === "*" ? "::" : address).catch((error: unknown) => {
      if (address === "*" && (codeOf(error) === "EAFNOSUPPORT" || codeOf(error) === "EADDRNOTAVAIL"))
        return tryOn("0.0.0.0");
      throw error;
    });
  } catch (cause) {
    const reason = reasons[codeOf(cause)] ?? String(cause);
    throw new AcmeError(
      `cannot listen on ${address} port ${port}, where the authority looks: ${reason} ([acme] ${key})`,
      {
        cause,
      },
    );
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has this port; have it pass these requests on, use its webroot, or use dns-01",
  EACCES: "not allowed; ports below 1024 need root or CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "this machine does not have this address",
};
