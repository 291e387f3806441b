import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { createClient, JXT, type Agent, type Transport, type TransportConfig } from "stanza";
import { Inbox, inTime } from "../inbox.ts";
import { labDir, passwordOf } from "../lab.ts";
import { tail } from "../process.ts";

/** What stanza told: the name of its event, and of a message its text and whether it came as a copy. */
export interface StanzaEvent {
  readonly event: string;
  readonly body?: string | undefined;
  readonly from?: string | undefined;
}

/** How long it waits for an answer. */
const answerSecondsMax = 30;

export interface StanzaOptions {
  readonly jid: string;
  /** Direct TLS. */
  readonly port?: number;
}

/** A client made of stanza, in this process. Dispose of it to cut its connection. */
export class StanzaPeer implements AsyncDisposable {
  readonly client: Agent;
  readonly #inbox = new Inbox<StanzaEvent>();
  readonly #logFile: string;

  constructor({ jid, port = 5223 }: StanzaOptions) {
    const [user = "", server = ""] = jid.replace(/\/.*$/, "").split("@");
    this.#logFile = join(labDir, `stanza-${user}.log`);
    this.client = createClient({
      jid,
      server,
      password: passwordOf(jid),
      ...(jid.includes("/") && { resource: jid.replace(/^[^/]*\//, "") }),
      transports: { tls: `tls://${server}:${port}` },
      transportPreferenceOrder: ["tls"],
      autoReconnect: false,
      timeout: answerSecondsMax,
    });
    this.client.transports = { tls: TlsTransport };
    // stanza takes them wherever they are offered, and has nothing to bind to.
    for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]) this.client.sasl.disable(mechanism);
    this.client.on("raw", (direction: string, data: string) => {
      appendFileSync(this.#logFile, `${direction === "incoming" ? "<" : ">"} ${data}\n`);
    });
    for (const event of [
      "session:started",
      "stream:management:resumed",
      "disconnected",
      "auth:failed",
      "presence",
    ] as const)
      this.client.on(event, () => this.#inbox.add({ event }));
    this.client.on("message", ({ body, from }) => this.#inbox.add({ event: "message", body, from }));
    for (const event of ["carbon:sent", "carbon:received"] as const) {
      this.client.on(event, ({ carbon }) => {
        const { body, from } = carbon.forward.message ?? {};
        this.#inbox.add({ event, body, from });
      });
    }
  }

  /** Starts a client, logs it in, turns carbons on and becomes available. */
  static async online(options: StanzaOptions): Promise<StanzaPeer> {
    const peer = new StanzaPeer(options);
    try {
      peer.client.connect();
      await peer.event("session:started");
      await peer.client.enableCarbons();
      peer.client.sendPresence();
      await peer.event("presence");
      return peer;
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
  }

  async event(name: string, body?: string): Promise<StanzaEvent> {
    const wanted = this.#inbox.take((item) => item.event === name && (body === undefined || item.body === body));
    return await inTime(wanted, () => {
      const others = this.#inbox.items.map((item) => JSON.stringify(item)).join("\n");
      return `no ${name} ${body ?? ""}\nwhat came instead:\n${others}\nlog ${this.#logFile}:\n${tail(this.#logFile)}`;
    });
  }

  /** Events that came and were not asked for. */
  seen(name: string): readonly StanzaEvent[] {
    return this.#inbox.items.filter((item) => item.event === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.transport?.disconnect(false);
    await Promise.resolve();
  }
}

/**
 * XMPP over direct TLS for stanza, which comes with transports for browsers only. What is above the bytes, its parser,
 * SASL, stream management, is stanza's own.
 */
class TlsTransport implements Transport {
  hasStream = false;
  readonly #client: Agent;
  readonly #registry: JXT.Registry;
  #socket: TLSSocket | undefined;
  #parser: JXT.StreamParser | undefined;
  #config: TransportConfig | undefined;

  constructor(client: Agent, _: unknown, registry: JXT.Registry) {
    this.#client = client;
    this.#registry = registry;
  }

  connect(config: TransportConfig): void {
    this.#config = config;
    const { hostname, port } = new URL(config.url ?? "");
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: hostname,
      ALPNProtocols: ["xmpp-client"],
    });
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("secureConnect", () => {
      this.#client.emit("connected");
      this.restart();
    });
    socket.on("data", (text: string) => {
      this.#client.emit("raw", "incoming", text);
      this.#parser?.write(text);
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      if (this.#client.transport === this) this.#client.emit("--transport-disconnected");
    });
  }

  restart(): void {
    this.hasStream = false;
    const config = this.#config;
    if (config === undefined) throw new Error("restarted before it was connected");
    const parser = new JXT.StreamParser({ registry: this.#registry, wrappedStream: true });
    this.#parser = parser;
    parser.on("data", ({ event, kind, stanza }: JXT.ParsedData) => {
      if (event === "stream-start") {
        this.hasStream = true;
        this.#client.emit("stream:start", stanza);
      } else if (event === "stream-end") {
        this.#client.emit("stream:end");
        this.disconnect();
      } else this.#client.emit("stream:data", stanza, kind);
    });
    parser.on("error", (error: Error) => {
      this.#socket?.destroy(error);
    });
    this.#write(
      `<stream:stream to="${config.server}" version="1.0" xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams">`,
    );
  }

  async send(name: string, data?: JXT.JSONData): Promise<void> {
    const text = data === undefined ? undefined : this.#registry.export(name, data)?.toString();
    if (text !== undefined) this.#write(text);
    await Promise.resolve();
  }

  disconnect(cleanly = true): void {
    if (cleanly && this.hasStream) this.#socket?.end("</stream:stream>");
    else this.#socket?.destroy();
  }

  #write(text: string): void {
    this.#client.emit("raw", "outgoing", text);
    this.#socket?.write(text);
  }
}
