import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_DIALBACK, NS_SERVER, NS_SM, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { ConnectionEnded } from "./crash-client.ts";

export const neighbourDomain = "neighbour.example";
const ownDomain = "localhost";
const features =
  "<stream:features><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>" +
  `<sm xmlns='${NS_SM}'/></stream:features>`;

/** The server of another domain, in the clear and with dialback. It outlives the one that is killed. */
export class Neighbour implements AsyncDisposable {
  readonly port: number;
  /** Whether it takes stanzas; else it neither lets anybody in nor hears what is said on the streams that there are. */
  hears = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Told of each stanza that it takes. */
  arrived: (stanza: XmlElement) => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
    // A TCP server has an address of this kind.
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(): Promise<Neighbour> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const neighbour = new Neighbour(server);
    server.on("connection", (socket) => neighbour.#serve(socket));
    return neighbour;
  }

  /** Resolves when all that was sent to it was read and nobody is connected. */
  async untilAlone(): Promise<void> {
    for (const socket of this.#sockets) if (!socket.closed) await once(socket, "close");
  }

  /** Comes to the server that is killed, with stream management. */
  async visit(port: number): Promise<NeighbourVisit> {
    const visit = new NeighbourVisit(connect({ host: "127.0.0.1", port, noDelay: true }));
    await visit.begin();
    return visit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay();
    socket.on("close", () => this.#sockets.delete(socket));
    let received = 0;
    listen(socket, {
      opened: () => socket.write(header(`from='${neighbourDomain}' to='${ownDomain}' id='n'`) + features),
      read: (element) => {
        // Of the keys of its own streams it answers always: else it could not come to the other either.
        if (element.ns === NS_DIALBACK && element.name === "verify") socket.write(verdict(element));
        else if (!this.hears) return;
        else if (element.ns === NS_DIALBACK && element.attr("type") === undefined) socket.write(verdict(element));
        else if (element.ns === NS_SM && element.name === "enable") socket.write(`<enabled xmlns='${NS_SM}'/>`);
        else if (element.ns === NS_SM && element.name === "r") socket.write(`<a xmlns='${NS_SM}' h='${received}'/>`);
        else if (element.ns === NS_CLIENT) {
          // As the reader gives the stanzas of servers.
          received++;
          this.arrived(element);
        }
      },
    });
  }
}

/** A stream of the neighbour's to the server that is killed. */
export class NeighbourVisit {
  /** Stanzas that the server has taken responsibility for. */
  acknowledged = 0;
  readonly #socket: Socket;
  #sent = 0;
  #waiting: { readonly name: string; readonly heard: (element: XmlElement) => void } | undefined;
  readonly #ended = Promise.withResolvers<never>();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended.promise.catch(() => {});
    socket.on("close", () => this.#ended.reject(new ConnectionEnded("the neighbour's connection is closed")));
    listen(socket, {
      opened: () => {},
      read: (element) => {
        if (element.ns === NS_STREAM && element.name === "error") this.#ended.reject(new Error(serialize(element)));
        if (element.ns === NS_SM && element.name === "a") this.acknowledged = Number(element.attr("h"));
        if (element.name !== this.#waiting?.name) return;
        this.#waiting.heard(element);
      },
    });
  }

  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  async begin(): Promise<void> {
    await this.#ask(header(`from='${neighbourDomain}' to='${ownDomain}'`), "features");
    const key = `<db:result from='${neighbourDomain}' to='${ownDomain}'>key</db:result>`;
    const answer = await this.#ask(key, "result");
    if (answer.attr("type") !== "valid") throw new Error(`the neighbour is not let in: ${serialize(answer)}`);
    await this.#ask(`<enable xmlns='${NS_SM}'/>`, "enabled");
  }

  /** Returns its number on this stream. */
  send(stanza: string): number {
    this.#socket.write(stanza);
    this.#sent++;
    return this.#sent;
  }

  async untilAcknowledged(number: number): Promise<void> {
    while (this.acknowledged < number) await this.#ask(`<r xmlns='${NS_SM}'/>`, "a");
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #ask(text: string, name: string): Promise<XmlElement> {
    const { promise, resolve } = Promise.withResolvers<XmlElement>();
    this.#waiting = { name, heard: resolve };
    this.#socket.write(text);
    return Promise.race([promise, this.#ended.promise]);
  }
}

interface Listening {
  readonly opened: () => void;
  readonly read: (element: XmlElement) => void;
}

function listen(socket: Socket, { opened, read }: Listening): void {
  const reader = new XmlStreamReader(
    {
      streamOpened: opened,
      elementRead: read,
      streamClosed: () => socket.end(),
      failed: () => socket.destroy(),
    },
    {
      input: "bytes",
      contentNamespace: NS_SERVER,
      decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8"),
    },
  );
  socket.on("data", (bytes: Buffer) => reader.write(bytes.toString("latin1")));
  socket.on("error", () => {});
}

function header(attributes: string): string {
  return `<?xml version='1.0'?><stream:stream ${attributes} version='1.0' xmlns='${NS_SERVER}' xmlns:db='${NS_DIALBACK}' xmlns:stream='${NS_STREAM}'>`;
}

/** Every key is right. */
function verdict(asked: XmlElement): string {
  const id = asked.attr("id");
  const addresses = `from='${asked.attr("to")}' to='${asked.attr("from")}'`;
  return `<db:${asked.name} ${addresses}${id === undefined ? "" : ` id='${id}'`} type='valid'/>`;
}
