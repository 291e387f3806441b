import { once } from "node:events";
import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";

const NS_STREAM = "http://etherx.jabber.org/streams";

/** TLS passes on what a TCP socket wants to know. */
export type DirectTlsOptions = ConnectionOptions & Pick<TcpNetConnectOpts, "localAddress">;

/** Asks to negotiate TLS anew; gives the error by which that is refused. */
export function renegotiationError(socket: TLSSocket): Promise<Error> {
  return new Promise((resolve, reject) => {
    socket.once("error", resolve);
    socket.renegotiate({ rejectUnauthorized: false }, (error) =>
      error === null ? reject(new Error("TLS is negotiated anew")) : resolve(error),
    );
  });
}

/** A client on a real socket that sends what the test says and waits for what should come. */
export class SocketClient implements Disposable {
  #socket: Socket;
  #text = "";
  #ended = false;
  #changed = Promise.withResolvers<void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  static async tcp(port: number, host = "127.0.0.1"): Promise<SocketClient> {
    const socket = connectTcp({ port, host, noDelay: true });
    const client = new SocketClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** @throws the error of a handshake that fails */
  static async tls(port: number, servername: string, options: DirectTlsOptions = {}): Promise<SocketClient> {
    const socket = connectTls({ port, host: "127.0.0.1", servername, rejectUnauthorized: false, ...options });
    const client = new SocketClient(socket);
    await once(socket, "secureConnect");
    return client;
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Only after TLS has begun. */
  get tls(): TLSSocket {
    // `tls` and `startTls` have put one there.
    return this.#socket as TLSSocket;
  }

  /** The connection is over, or the peer sends no more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** What came and was not waited for. */
  get pending(): string {
    return this.#text;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Waits until what came holds `pattern`, and takes everything up to its end. Rejects when the connection ends first. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found;
      }
      if (this.#ended) throw new Error(`the connection ended before ${pattern} came; there was: ${this.#text}`);
      await this.#changed.promise;
    }
  }

  /** Waits for the end of the connection; gives what came until then. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#changed.promise;
    return this.#text;
  }

  open(domain: string): void {
    this.send(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
    );
  }

  /** Begins TLS on the open connection. */
  async startTls(servername: string, options: ConnectionOptions = {}): Promise<void> {
    const raw = this.#socket;
    raw.removeAllListeners("data");
    const secured = connectTls({ socket: raw, servername, rejectUnauthorized: false, ...options });
    this.#socket = secured;
    this.#text = "";
    this.#listen(secured);
    await once(secured, "secureConnect");
  }

  /** From the stream header to the bound resource, with PLAIN. */
  async logIn(user: string, domain: string, password: string, resource: string): Promise<void> {
    this.open(domain);
    await this.until(/<\/stream:features>/);
    await this.authenticate(user, password);
    this.open(domain);
    await this.until(/<\/stream:features>/);
    this.send(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
    );
    await this.until(/<\/bind><\/iq>/);
  }

  async authenticate(user: string, password: string): Promise<void> {
    const proof = Buffer.from(`\0${user}\0${password}`).toString("base64");
    this.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${proof}</auth>`);
    await this.until(/<success[^>]*>/);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    const changed = (): void => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers<void>();
    };
    const ended = (): void => {
      this.#ended = true;
      changed();
    };
    socket.on("data", (bytes) => {
      this.#text += bytes.toString();
      changed();
    });
    socket.on("end", ended);
    socket.on("close", ended);
    socket.on("error", () => undefined);
  }
}
