import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { Authority } from "#testing/lab/certificates.ts";
import { inParallel } from "../load/sessions.ts";
import { residentBytes } from "../process-figures.ts";
import type { Federation } from "../target.ts";

const warmCount = 200;
const count = 1_000;
const settleMs = 5_000;
const answerMsMax = 30_000;

/** What another server's connection weighs, in KB: the TLS connection by itself, and what the stream on it adds. */
export interface StreamWeight {
  readonly socket: number;
  readonly stream: number;
}

/** Opens streams of 1,000 domains, which prove themselves by a certificate (EXTERNAL), and leaves them idle. */
export async function weighStreams(options: {
  readonly pid: number;
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
  const open = async (from: number, howMany: number): Promise<readonly number[]> => {
    const sockets: TLSSocket[] = [];
    await inParallel(howMany, async (index) => {
      sockets[index] = await connected();
    });
    const bare = await settled(options.pid);
    await inParallel(howMany, async (index) => {
      const socket = sockets[index];
      if (socket !== undefined) await authenticate(socket, `d${from + index}.many.test`, domain);
    });
    return [bare, await settled(options.pid)];
  };
  const before = (await open(0, warmCount))[1] ?? Number.NaN;
  const [bare = Number.NaN, established = Number.NaN] = await open(warmCount, count);
  const each = (bytes: number): number => bytes / count / 1024;
  return { socket: each(bare - before), stream: each(established - bare) };
}

async function settled(pid: number): Promise<number> {
  await sleep(settleMs);
  return residentBytes(pid);
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
