import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Administration } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Log } from "#kit/log.ts";
import type { Pausable } from "../tcp/open-files-watch.ts";
import { AlreadyRunningError } from "./already-running-error.ts";
import { controlRequest, requestBytesMax, type ControlResponse } from "./control-messages.ts";
import { ControlPathError, controlSocket, prepareControlDirectory } from "./control-path.ts";
import { dispatch, type DispatchRequest } from "./dispatch.ts";
import { LineReader } from "./line-reader.ts";

const connectionsMax = 32;
/** Requests of one connection that are worked on at once. */
const requestsMax = 8;

export interface ControlServerParts {
  readonly dataDir: string;
  readonly administration: Administration;
  readonly log: Log;
}

/**
 * Listens for the administrator. Who can open the socket may do everything: it lies in a directory that only its owner
 * can enter.
 *
 * @throws AlreadyRunningError, ControlPathError
 */
export async function startControl(parts: ControlServerParts): Promise<AsyncDisposable & Pausable> {
  const path = controlSocket(parts.dataDir);
  await prepareControlDirectory(parts.dataDir);
  if (await isAnswered(path)) {
    throw new AlreadyRunningError(`a server runs in ${parts.dataDir} already; see: balcony status`);
  }
  await removeStale(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, parts);
  });
  server.maxConnections = connectionsMax;
  await listen(server, path);
  server.on("error", (error) => parts.log.error({ error }, "the control socket cannot accept a connection"));
  return {
    pause: () => void server.close(),
    resume: () => listen(server, path),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Whether somebody listens there: a socket file that a crash left behind refuses. */
export async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  const answered = await promise;
  socket.destroy();
  return answered;
}

async function removeStale(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new ControlPathError(`cannot make the control socket ${path}: ${String(cause)}`, { cause });
  }
  await chmod(path, 0o600);
}

function serve(socket: Socket, { administration, log }: ControlServerParts): void {
  const reader = new LineReader(requestBytesMax);
  const working = new Map<number, AbortController>();
  socket.on("error", () => {});
  socket.on("close", () => {
    for (const request of working.values()) request.abort();
  });
  socket.on("data", (chunk: Buffer) => {
    const lines = reader.add(chunk);
    if (lines === undefined) {
      log.warn({ requestBytesMax }, "a control request is too long");
      socket.destroy();
      return;
    }
    for (const line of lines) receive(line);
  });

  const receive = (line: string): void => {
    const request = parseRequest(line);
    if (request === undefined) {
      socket.destroy();
    } else if ("cancel" in request) {
      working.get(request.id)?.abort();
    } else if (working.has(request.id) || working.size >= requestsMax) {
      const error = { code: "unavailable", message: `at most ${requestsMax} requests at a time` } as const;
      void send(socket, { id: request.id, error });
    } else {
      void work(request);
    }
  };

  const work = async (request: DispatchRequest): Promise<void> => {
    const stop = new AbortController();
    working.set(request.id, stop);
    try {
      for await (const response of dispatch(administration, request, stop.signal)) await send(socket, response);
    } catch (error) {
      await send(socket, { id: request.id, error: describe(error, request, log) });
    } finally {
      working.delete(request.id);
    }
  };
}

function parseRequest(line: string) {
  try {
    return controlRequest.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function describe(error: unknown, { operation }: DispatchRequest, log: Log) {
  if (error instanceof AdministrationError) return { code: error.code, message: error.message };
  log.error({ operation, error }, "an administrator's request failed");
  return { code: "internal", message: "the server failed to do this; its log says more" } as const;
}

/** Waits where the reader is slow, so that a log that is followed does not fill the memory. */
async function send(socket: Socket, response: ControlResponse): Promise<void> {
  if (socket.destroyed || socket.write(`${JSON.stringify(response)}\n`)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => {
    socket.off("drain", settle);
    socket.off("close", settle);
    resolve();
  };
  socket.on("drain", settle);
  socket.on("close", settle);
  await promise;
}
