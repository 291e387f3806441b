import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Env } from "#kit/env.ts";
import { readReply, type DnsQuery, type DnsReply } from "./dns-message.ts";

/** Where a resolver is. */
export interface ResolverPlace {
  /** An IP address, with a zone where one is needed. */
  readonly address: string;
  readonly port: number;
}

/** What came of asking one resolver once. */
export type DnsOutcome =
  | Exclude<DnsReply, { readonly kind: "foreign" | "respelt" | "truncated" }>
  | { readonly kind: "silent" };

/** Forged answers that one question may draw before it is asked where forging does not work. */
const foreignRepliesMax = 8;
/** Octets before a message on a TCP connection (RFC 1035 §4.2.2). */
const lengthBytes = 2;

/**
 * Asks a resolver one question: by a datagram, and over TCP where the answer does not fit one, or where somebody seems to
 * be guessing. Each question has a socket, hence a port, of its own.
 */
export async function ask(
  place: ResolverPlace,
  query: DnsQuery,
  parts: { readonly env: Pick<Env, "setTimer">; readonly waitMsMax: number; readonly signal: AbortSignal },
): Promise<DnsOutcome> {
  const reply = await withDeadline(parts, (signal) => askByDatagram(place, query, signal));
  if (reply === undefined) return { kind: "silent" };
  if (reply.kind === "found" || reply.kind === "failed") return reply;
  const longer = await withDeadline(parts, (signal) => askByStream(place, query, signal));
  return longer?.kind === "found" || longer?.kind === "failed" ? longer : { kind: "silent" };
}

/** Undefined when the time is over, or nobody wants to know any more. */
async function withDeadline<T>(
  {
    env,
    waitMsMax,
    signal,
  }: { readonly env: Pick<Env, "setTimer">; readonly waitMsMax: number; readonly signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T | undefined> {
  const late = new AbortController();
  const timer = env.setTimer(waitMsMax, () => late.abort());
  try {
    return await run(AbortSignal.any([signal, late.signal]));
  } finally {
    timer.cancel();
  }
}

function askByDatagram(
  { address, port }: ResolverPlace,
  query: DnsQuery,
  signal: AbortSignal,
): Promise<DnsReply | undefined> {
  const { promise, resolve } = Promise.withResolvers<DnsReply | undefined>();
  if (signal.aborted) return Promise.resolve(undefined);
  const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
  let foreign = 0;
  const finish = (reply: DnsReply | undefined): void => {
    signal.removeEventListener("abort", aborted);
    socket.removeAllListeners("message");
    socket.close();
    resolve(reply);
  };
  let isOpen = true;
  const once = (reply: DnsReply | undefined): void => {
    if (!isOpen) return;
    isOpen = false;
    finish(reply);
  };
  const aborted = (): void => once(undefined);
  signal.addEventListener("abort", aborted);
  // Nobody listens there, or there is no way: as good as silence.
  socket.on("error", aborted);
  socket.on("message", (message) => {
    const reply = readReply(query, message);
    if (reply.kind !== "foreign") return once(reply);
    // What does not fit is waited over, or a forger could silence the true answer with one packet.
    foreign += 1;
    if (foreign >= foreignRepliesMax) once({ kind: "truncated" });
  });
  // Connected: the system passes on only what comes from there.
  const connected = (error?: Error): void => {
    if (error !== undefined) once(undefined);
    else if (isOpen) socket.send(query.bytes);
  };
  socket.connect(port, address, connected);
  return promise;
}

function askByStream(
  { address, port }: ResolverPlace,
  query: DnsQuery,
  signal: AbortSignal,
): Promise<DnsReply | undefined> {
  const { promise, resolve } = Promise.withResolvers<DnsReply | undefined>();
  if (signal.aborted) return Promise.resolve(undefined);
  const socket = connect({ host: address, port });
  const finish = (reply: DnsReply | undefined): void => {
    signal.removeEventListener("abort", aborted);
    socket.destroy();
    resolve(reply);
  };
  const aborted = (): void => finish(undefined);
  signal.addEventListener("abort", aborted);
  socket.on("error", aborted);
  socket.on("close", aborted);
  const received: Buffer[] = [];
  let bytes = 0;
  socket.on("data", (chunk: Buffer) => {
    received.push(chunk);
    bytes += chunk.length;
    if (bytes < lengthBytes) return;
    const all = Buffer.concat(received);
    received.splice(0, received.length, all);
    const end = lengthBytes + all.readUInt16BE(0);
    if (bytes < end) return;
    const reply = readReply(query, all.subarray(lengthBytes, end));
    // Here nobody can have guessed, so a resolver that loses capitals is one.
    finish(
      reply.kind === "respelt"
        ? readReply(respelled(query, all.subarray(lengthBytes, end)), all.subarray(lengthBytes, end))
        : reply,
    );
  });
  const length = new Uint8Array([query.bytes.length >> 8, query.bytes.length & 0xff]);
  socket.write(Buffer.concat([length, query.bytes]));
  return promise;
}

/** The query in the spelling of the reply. */
function respelled(query: DnsQuery, reply: Uint8Array): DnsQuery {
  const bytes = new Uint8Array(query.bytes);
  const start = 12;
  bytes.set(reply.subarray(start, start + query.name.length + 2), start);
  return { ...query, bytes };
}
