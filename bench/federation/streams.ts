import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type TLSSocket } from "node:tls";
import { Authority } from "#testing/lab/certificates.ts";
import { collectGarbage } from "../collect-garbage.ts";
import { inParallel } from "../load/sessions.ts";
import { residentBytes } from "../process-figures.ts";
import type { Federation } from "../target.ts";

const warmCount = 200;
const count = 1_000;
const answerMsMax = 30_000;

/** What the server holds, or what one connection more makes it hold. */
interface Held {
  /** In RAM, OpenSSL's part included. */
  readonly resident: number;
  /** Of V8's heap. */
  readonly heap: number;
}

/**
 * What another server's connection weighs, in KB, when all garbage is collected: the TLS connection with the link that is
 * ready for its first byte, and what the stream on it adds.
 */
export interface StreamWeight {
  readonly socket: Held;
  readonly stream: Held;
}

/** Opens streams of 1,000 domains, which prove themselves by a certificate (EXTERNAL), and leaves them idle. */
export async function weighStreams(options: {
  readonly pid: number;
  readonly inspectorPort: number;
  readonly to: Omit<Federation, "authority">;
  readonly authorityDir: string;
}): Promise<StreamWeight> {
  const issuer = await Authority.open(options.authorityDir);
  const pair = await issuer.issue({ name: "many", dnsNames: ["*.many.test"] });
  const [cert, key] = await Promise.all([readFile(pair.certificate), readFile(pair.key)]);
  const { address, domain } = options.to;
  const connected = async (): Promise<TLSSocket> => {
    const secure = { cert, key, rejectUnauthorized: false, servername: domain, ALPNProtocols: ["xmpp-server"] };
    const socket = connect({ host: address, port: 5270, ...secure });
    await once(socket, "secureConnect");
    return socket;
  };
  const open = async (from: number, howMany: number): Promise<readonly [bare: Held, established: Held]> => {
    const sockets: TLSSocket[] = [];
    await inParallel(howMany, async (index) => {
      sockets[index] = await connected();
    });
    const bare = await settled(options);
    await inParallel(howMany, async (index) => {
      const socket = sockets[index];
      if (socket !== undefined) await authenticate(socket, `d${from + index}.many.test`, domain);
    });
    return [bare, await settled(options)];
  };
  const [, before] = await open(0, warmCount);
  const [bare, established] = await open(warmCount, count);
  return { socket: each(before, bare), stream: each(bare, established) };
}

function each(before: Held, after: Held): Held {
  const kilobytes = (bytes: number): number => bytes / count / 1024;
  return { resident: kilobytes(after.resident - before.resident), heap: kilobytes(after.heap - before.heap) };
}

/** What is garbage is no stream's weight: how much of it lies about says how often V8 had reason to collect it. */
async function settled({
  pid,
  inspectorPort,
}: {
  readonly pid: number;
  readonly inspectorPort: number;
}): Promise<Held> {
  const heap = await collectGarbage(inspectorPort);
  return { resident: residentBytes(pid), heap };
}

/** XEP-0178 §3 */
async function authenticate(socket: TLSSocket, from: string, to: string): Promise<void> {
  const header = `<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' from='${from}' to='${to}' version='1.0'>`;
  socket.write(header);
  await heard(socket, "</stream:features>");
  socket.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
  await heard(socket, "<success");
  socket.write(header);
  await heard(socket, "</stream:features>");
  socket.on("data", () => {});
}

async function heard(socket: TLSSocket, mark: string): Promise<void> {
  let received = "";
  const signal = AbortSignal.timeout(answerMsMax);
  while (!received.includes(mark)) {
    if (/<failure|<stream:error/u.test(received)) throw new Error(`the stream was refused: ${received}`);
    const [bytes] = await once(socket, "data", { signal });
    received += String(bytes);
  }
}
