import { once } from "node:events";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Log } from "#kit/log.ts";
import type { Pausable } from "../tcp/open-files-watch.ts";

const headerBytesMax = 4 * 1024;
/** A connection is for one question. */
const connectionMsMax = 5_000;
const connectionsMax = 64;

/** Whether one part of the server works. */
export interface HealthPart {
  readonly ok: boolean;
  readonly detail?: string;
}

/** What GET /health answers: all that must work for the server to be of use. */
export interface Health {
  readonly store: HealthPart;
  readonly listeners: HealthPart;
  readonly hosts: HealthPart;
}

export interface MonitorParts {
  readonly address: string;
  readonly port: number;
  readonly log: Log;
  readonly health: () => Health | Promise<Health>;
  /** In Prometheus' text form. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface Monitor extends AsyncDisposable, Pausable {
  readonly port: number;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

type Route = (parts: MonitorParts) => Promise<Answer>;

/** All there is. What is not in here does not exist, however its path is spelt (A46). */
const routes: ReadonlyMap<string, Route> = new Map([
  ["/health", health],
  ["/metrics", metrics],
]);

/** Serves GET /health and GET /metrics to this machine. */
export async function startMonitor(parts: MonitorParts): Promise<Monitor> {
  const connections = new Set<Socket>();
  let http: Promise<HttpServer> | undefined;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    connections.add(socket);
    const deadline = setTimeout(() => socket.destroy(), connectionMsMax);
    socket.once("close", () => {
      clearTimeout(deadline);
      connections.delete(socket);
    });
    // Until it is HTTP's.
    socket.on("error", () => {});
    http ??= loadHttp(parts);
    void http.then((loaded) => {
      loaded.emit("connection", socket);
      socket.resume();
    });
  });
  server.maxConnections = connectionsMax;
  await listen(server, parts.port, parts.address);
  server.on("error", (error) => parts.log.error({ error }, "the monitor cannot accept a connection"));
  const port = portOf(server);
  return {
    port,
    pause: () => void server.close(),
    resume: () => listen(server, port, parts.address),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

/** When somebody asks for the first time: it takes 5 MB, and on many a small machine nobody ever does. */
async function loadHttp(parts: MonitorParts): Promise<HttpServer> {
  const { createServer: createHttpServer } = await import("node:http");
  return createHttpServer(
    { maxHeaderSize: headerBytesMax },
    (request, response) => void respond(parts, request, response),
  );
}

async function listen(server: Server, port: number, address: string): Promise<void> {
  server.listen(port, address);
  await once(server, "listening");
}

async function respond(parts: MonitorParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(parts, request);
  } catch {
    answer = plain(500, "failed");
  }
  response.writeHead(answer.status, {
    "content-type": answer.contentType,
    "content-length": Buffer.byteLength(answer.body),
    "cache-control": "no-store",
    connection: "close",
    "x-content-type-options": "nosniff",
    ...(answer.status === 405 && { allow: "GET, HEAD" }),
  });
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

async function answerTo(parts: MonitorParts, request: IncomingMessage): Promise<Answer> {
  // A web page whose name somebody has pointed at 127.0.0.1 reaches this port from a browser here, by its own name.
  if (!isLoopbackName(request.headers.host)) return plain(403, "only for this machine");
  const route = routes.get(request.url ?? "");
  if (route === undefined) return plain(404, "there is /health and /metrics");
  if (request.method !== "GET" && request.method !== "HEAD") return plain(405, "GET or HEAD only");
  return route(parts);
}

async function health(parts: MonitorParts): Promise<Answer> {
  const report = await parts.health();
  const ok = Object.values(report).every((part: HealthPart) => part.ok);
  return {
    status: ok ? 200 : 503,
    contentType: "application/json",
    body: `${JSON.stringify({ ok, ...report })}\n`,
  };
}

async function metrics(parts: MonitorParts): Promise<Answer> {
  const { contentType, text } = await parts.metrics();
  return { status: 200, contentType, body: text };
}

function plain(status: number, text: string): Answer {
  return { status, contentType: "text/plain; charset=utf-8", body: `${text}\n` };
}

function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
