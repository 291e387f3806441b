import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import { peerChain } from "../tls/peer-chain.ts";
import { buildChain, readChain } from "./build-chain.ts";
import { namesServer } from "./server-identity.ts";
import type { Anchors } from "./trust-store.ts";

/** Addresses of one host that are tried. */
const addressesMax = 4;
const httpsPort = 443;

export interface HttpsParts {
  /** Those of a host, which may be an address itself, that may be connected to. */
  readonly addresses: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly anchors: () => Anchors;
  readonly now: () => number;
  readonly bodyBytesMax: number;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
}

/** What could not be fetched, and why. */
export class HttpsError extends Error {
  override readonly name = "HttpsError";
}

/**
 * Fetches a small text from a server whose certificate is good for the name in the URL (RFC 2818), and from an address that
 * may be connected to, whatever DNS says (A36). No redirect is followed.
 *
 * @throws HttpsError; the signal's reason when it was aborted
 */
export async function httpsGet(url: URL, parts: HttpsParts, signal: AbortSignal): Promise<HttpsAnswer> {
  if (url.protocol !== "https:") throw new HttpsError(`${url.href} is not HTTPS`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const candidates = (await parts.addresses(host, signal)).slice(0, addressesMax);
  if (candidates.length === 0) throw new HttpsError(`${url.hostname} has no address that may be connected to`);
  const failures: string[] = [];
  for (const address of candidates) {
    signal.throwIfAborted();
    let socket: TLSSocket;
    try {
      socket = await connectTo(address, url, signal);
    } catch (error) {
      failures.push(`${address}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    try {
      mustBe(socket, url, parts);
      return await ask(socket, url, parts, signal);
    } finally {
      socket.destroy();
    }
  }
  signal.throwIfAborted();
  throw new HttpsError(`${url.hostname} cannot be reached (${failures.join("; ")})`);
}

function connectTo(address: string, url: URL, signal: AbortSignal): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const host = url.hostname;
  const socket = connect({
    host: address,
    port: url.port === "" ? httpsPort : Number(url.port),
    ...(isIP(host) === 0 && !host.startsWith("[") && { servername: host }),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: false,
  });
  const aborted = (): void => void socket.destroy(new Error("took too long"));
  signal.addEventListener("abort", aborted);
  socket.once("close", () => {
    signal.removeEventListener("abort", aborted);
    reject(new Error("closed in the handshake"));
  });
  // It stays: an error after the handshake ends the request, which says so.
  socket.on("error", reject);
  socket.once("secureConnect", () => resolve(socket));
  return promise;
}

/** Nothing is said to a server that is another. [rfc7711-3-02] */
function mustBe(socket: TLSSocket, url: URL, { anchors, now }: HttpsParts): void {
  const read = readChain(peerChain(socket));
  if (!read.ok) throw new HttpsError(`${url.hostname}: ${read.reason}`);
  const [leaf] = read.chain;
  const accepts = (path: readonly { readonly purposes: ReadonlySet<string> }[]): boolean =>
    path.every(({ purposes }) => purposes.has("serverAuth"));
  const found = buildChain({ chain: read.chain, anchors: anchors(), now: now(), accepts });
  if (!found.ok) throw new HttpsError(`${url.hostname}: ${found.reason}`);
  const domain = parseJid(url.hostname);
  const names = (leaf?.names ?? []).filter(({ kind }) => kind === "dns" || kind === "ip");
  if (domain === undefined || !isDomain(domain) || !namesServer(names, { domain })) {
    throw new HttpsError(`${url.hostname}: ${leaf?.title ?? "its certificate"} is for another name`);
  }
}

async function ask(socket: TLSSocket, url: URL, parts: HttpsParts, signal: AbortSignal): Promise<HttpsAnswer> {
  // Loaded here, because most servers never ask the web, and it takes 5 MB.
  const { request } = await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<HttpsAnswer>();
  const outgoing = request({
    createConnection: () => socket,
    host: url.hostname,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, accept: "application/json", connection: "close" },
    maxHeaderSize: 16 * 1_024,
    signal,
  });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    readBody(response, parts.bodyBytesMax).then((body) => {
      resolve({ status: response.statusCode ?? 0, location: response.headers.location, body });
    }, reject);
  });
  outgoing.end();
  return await promise;
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) throw new HttpsError("the answer is no bytes");
    size += chunk.length;
    if (size > bytesMax) throw new HttpsError(`the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
