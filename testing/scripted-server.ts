import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import { keyPem, type Made } from "./certificates.ts";

export interface ServerScript {
  /** What it shows in the handshake, its own first. */
  readonly chain: readonly Made[];
  readonly directTls?: boolean;
  readonly alpn?: string;
  /** Features before TLS; STARTTLS by default. */
  readonly before?: string;
  /** What comes instead of features. */
  readonly instead?: string;
  /** Features after TLS. */
  readonly after?: string;
}

const starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>";
const streams = "http://etherx.jabber.org/streams";

/** A server of another make, as far as its features: it says what its script has. */
export class ScriptedServer implements AsyncDisposable {
  readonly port: number;
  /** Stream headers that it has seen. */
  readonly headers: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #script: ServerScript;

  private constructor(server: Server, script: ServerScript) {
    this.#server = server;
    this.#script = script;
    // A TCP server has an address of this kind.
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(script: ServerScript): Promise<ScriptedServer> {
    const [own] = script.chain;
    if (own === undefined) throw new Error("a server has a certificate");
    const tls = {
      cert: script.chain.map(({ pem }) => pem).join(""),
      key: await keyPem(own),
      ...(script.alpn !== undefined && { ALPNProtocols: [script.alpn] }),
    };
    const server = script.directTls === true ? createTlsServer(tls) : createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const scripted = new ScriptedServer(server, script);
    server.on(script.directTls === true ? "secureConnection" : "connection", (socket: Socket) => {
      scripted.#serve(socket, script.directTls === true, tls);
    });
    return scripted;
  }

  #serve(socket: Socket, isSecure: boolean, tls: { readonly cert: string; readonly key: string }): void {
    const { before = starttls, after = "", instead } = this.#script;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString();
      const header = /<stream:stream[^>]*>/.exec(text)?.[0];
      if (header !== undefined) {
        this.headers.push(header);
        const content = header.includes("jabber:server'") ? "jabber:server" : "jabber:client";
        socket.write(
          `<?xml version='1.0'?><stream:stream xmlns='${content}' xmlns:stream='${streams}' id='x' version='1.0'>`,
        );
        socket.write(instead ?? `<stream:features>${isSecure ? after : before}</stream:features>`);
        text = "";
      } else if (text.includes("<starttls")) {
        socket.removeAllListeners("data");
        socket.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
        const secured = new TLSSocket(socket, { isServer: true, ...tls });
        this.#serve(secured, true, tls);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
