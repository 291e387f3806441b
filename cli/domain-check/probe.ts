import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Env } from "#kit/env.ts";
import { formatStreamHeader, streamClosingTag } from "#protocol/stream/stream-header.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_SASL, NS_SERVER, NS_STREAM, NS_STREAMS, NS_TLS } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { starttlsRequest } from "#protocol/stream/tls-elements.ts";
import { peerChain } from "#server/tls/peer-chain.ts";
import { decodeUtf8 } from "#server/utf8.ts";
import type { Service } from "./services.ts";

/** From connecting to the end. */
const probeMsMax = 15_000;
const elementsMax = 20;

export interface ProbeQuestion {
  /** In ASCII, as TLS and older servers want it. */
  readonly domain: string;
  /** Who asks; servers want to know. */
  readonly from: string | undefined;
  readonly service: Service;
  readonly address: string;
  readonly port: number;
}

/** What a stream offers, as names of elements, and its mechanisms of SASL. */
export interface OfferedFeatures {
  readonly names: readonly string[];
  readonly mechanisms: readonly string[];
  readonly requiresTls: boolean;
}

/** How far one got with a server, and what one saw. */
export interface ProbeResult {
  /** What went wrong, at the step where it did. */
  readonly trouble?: { readonly step: "connect" | "stream" | "starttls" | "tls"; readonly reason: string };
  readonly beforeTls?: OfferedFeatures;
  readonly tls?: {
    readonly version: string;
    readonly cipher: string;
    readonly alpn: string | undefined;
    /** DER, its own first. */
    readonly chain: readonly Uint8Array[];
  };
  readonly afterTls?: OfferedFeatures;
}

class ProbeTrouble extends Error {
  readonly step: NonNullable<ProbeResult["trouble"]>["step"];

  constructor(step: ProbeTrouble["step"], reason: string) {
    super(reason);
    this.step = step;
  }
}

/** Connects to a server as others would, up to where one would have to authenticate, and goes away again. */
export async function probe(question: ProbeQuestion, env: Pick<Env, "setTimer">): Promise<ProbeResult> {
  const { service, address, port } = question;
  let seen: ProbeResult = {};
  let step: ProbeTrouble["step"] = "connect";
  const raw = connect({ host: address, port });
  const sockets: Socket[] = [raw];
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = env.setTimer(probeMsMax, () => reject(new ProbeTrouble(step, "took too long")));
  const walk = async (): Promise<void> => {
    await opened(raw, "connect");
    let socket: Socket = raw;
    if (!service.directTls) {
      step = "stream";
      const stream = new ProbeStream(raw, question);
      const features = await stream.features();
      seen = { ...seen, beforeTls: offered(features) };
      step = "starttls";
      if (features.child(NS_TLS, "starttls") === undefined) throw new ProbeTrouble(step, "does not offer TLS");
      await stream.startTls();
    }
    step = "tls";
    const secured = connectTls({
      socket,
      ...(isIP(question.domain) === 0 && { servername: question.domain }),
      ...(service.directTls && { ALPNProtocols: [`xmpp-${service.side}`] }),
      rejectUnauthorized: false,
    });
    sockets.push(secured);
    socket = secured;
    await opened(secured, "secureConnect");
    seen = { ...seen, tls: tlsOf(secured) };
    step = "stream";
    const stream = new ProbeStream(secured, question);
    seen = { ...seen, afterTls: offered(await stream.features()) };
    stream.close();
  };
  try {
    await Promise.race([walk(), late]);
    return seen;
  } catch (error) {
    const at = error instanceof ProbeTrouble ? error.step : step;
    return { ...seen, trouble: { step: at, reason: reasonOf(error) } };
  } finally {
    timer.cancel();
    for (const socket of sockets) socket.on("error", () => {}).destroy();
  }
}

/** One stream on a connection, as far as its features. */
class ProbeStream {
  readonly #socket: Socket;
  readonly #elements: XmlElement[] = [];
  #changed = Promise.withResolvers<void>();
  #end: string | undefined;

  constructor(socket: Socket, { domain, from, service }: ProbeQuestion) {
    this.#socket = socket;
    const contentNamespace = service.side === "server" ? NS_SERVER : NS_CLIENT;
    const reader = new XmlStreamReader(
      {
        streamOpened: () => {},
        elementRead: (element) => {
          if (this.#elements.length < elementsMax) this.#elements.push(element);
          this.#wake();
        },
        streamClosed: () => this.#over("closed the stream"),
        failed: ({ text }) => this.#over(`sent what is no stream: ${text}`),
      },
      { input: "bytes", decodeUtf8, contentNamespace },
    );
    socket.on("data", (bytes) => reader.write(bytes.toString("latin1")));
    socket.on("error", (error) => this.#over(reasonOf(error)));
    socket.on("close", () => this.#over("closed the connection"));
    const dialback = service.side === "server";
    const header = { contentNamespace, to: domain, version: "1.0", dialback, ...(dialback && { from }) };
    socket.write(formatStreamHeader(header));
  }

  async features(): Promise<XmlElement> {
    const element = await this.#next();
    if (element.ns === NS_STREAM && element.name === "features") return element;
    const condition = element.elements().find(({ ns }) => ns === NS_STREAMS)?.name ?? element.name;
    throw new ProbeTrouble("stream", `ended the stream with ${condition}`);
  }

  async startTls(): Promise<void> {
    this.#socket.write(serialize(starttlsRequest()));
    const answer = await this.#next();
    if (answer.ns !== NS_TLS || answer.name !== "proceed") throw new ProbeTrouble("starttls", "refuses to begin TLS");
    this.#socket.removeAllListeners("data");
  }

  close(): void {
    this.#socket.end(streamClosingTag);
  }

  async #next(): Promise<XmlElement> {
    for (;;) {
      const element = this.#elements.shift();
      if (element !== undefined) return element;
      if (this.#end !== undefined) throw new ProbeTrouble("stream", this.#end);
      await this.#changed.promise;
    }
  }

  #over(reason: string): void {
    this.#end ??= reason;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once(event, () => resolve());
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("closed the connection")));
  return promise;
}

function tlsOf(socket: TLSSocket): NonNullable<ProbeResult["tls"]> {
  return {
    version: socket.getProtocol() ?? "none",
    cipher: socket.getCipher().standardName,
    alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : undefined,
    chain: peerChain(socket),
  };
}

function offered(features: XmlElement): OfferedFeatures {
  const mechanisms = features.child(NS_SASL, "mechanisms")?.elements() ?? [];
  return {
    names: features.elements().map(({ name }) => name),
    mechanisms: mechanisms.map(({ text }) => text),
    requiresTls: features.child(NS_TLS, "starttls")?.child(NS_TLS, "required") !== undefined,
  };
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  switch (code) {
    case "ECONNREFUSED":
      return "refuses connections: nothing listens there, or a firewall says so";
    case "ETIMEDOUT":
      return "does not answer: a firewall may be in the way";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "cannot be reached from here";
    case "ECONNRESET":
      return "cut the connection";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
