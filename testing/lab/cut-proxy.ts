import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { cutPort, serverAddress } from "./network.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What becomes of a connection when so many bytes of the client's have gone through it. */
export interface Break {
  readonly how: "cut" | "freeze";
  readonly afterBytes: number;
}

type Pair = readonly [client: Socket, server: Socket];

/** A TCP relay that can be cut: the network between a client and the server, as the lab's scissors see it. */
export class CutProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #to: Place;
  readonly #breaks: readonly Break[];
  readonly #pairs = new Set<Pair>();
  readonly #forsaken = new Set<Socket>();
  #accepting = true;
  #connectionCount = 0;

  private constructor(to: Place, breaks: readonly Break[]) {
    this.#to = to;
    this.#breaks = breaks;
    this.#server = createServer((client) => this.#relay(client));
  }

  /** @param options.breaks what happens to the first connection, the second, and so on; to further ones nothing by itself */
  static async listen(options: {
    readonly on: Place;
    readonly to: Place;
    readonly breaks?: readonly Break[];
  }): Promise<CutProxy> {
    const proxy = new CutProxy(options.to, options.breaks ?? []);
    proxy.#server.listen(options.on.port, options.on.host);
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** In front of the server under test: clients come by the port that leads through it. 5223: with TLS from the first byte. */
  static async atServer(port: 5222 | 5223 = 5222): Promise<CutProxy> {
    return await CutProxy.listen({
      on: { host: serverAddress, port: cutPort },
      to: { host: serverAddress, port },
    });
  }

  /** How many connections were relayed so far. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** Breaks all connections with a reset, as a lost network does: neither side can say goodbye. */
  cut(): void {
    for (const pair of this.#pairs) cut(pair);
  }

  /** As cut, for the clients only: the server still believes in the connections. */
  cutClients(): void {
    for (const pair of this.#pairs) {
      const [client, server] = pair;
      this.#pairs.delete(pair); // so that the end of the one is not the end of the other
      this.#forsaken.add(server);
      reset(client);
    }
  }

  /** Lets nothing more through, without closing anything: what is sent from now on is taken, and lost. */
  freeze(): void {
    for (const pair of this.#pairs) freeze(pair);
  }

  /** While refusing, new connections are reset at once. */
  refuse(refusing: boolean): void {
    this.#accepting = !refusing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const server of this.#forsaken) reset(server);
    this.#server.close();
    await once(this.#server, "close");
  }

  #relay(client: Socket): void {
    client.on("error", () => {}); // resets are the purpose here
    if (!this.#accepting) {
      reset(client);
      return;
    }
    this.#connectionCount += 1;
    const server = connect({ host: this.#to.host, port: this.#to.port });
    server.on("error", () => {});
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#watch(pair, this.#breaks[this.#connectionCount - 1]);
    for (const [socket, other] of [pair, [server, client] as const]) {
      socket.on("close", (failed) => {
        if (!this.#pairs.delete(pair)) return;
        if (failed) reset(other);
        else other.destroySoon();
      });
    }
    client.pipe(server);
    server.pipe(client);
  }

  #watch(pair: Pair, plan: Break | undefined): void {
    if (plan === undefined) return;
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes < plan.afterBytes) return;
      pair[0].off("data", count);
      (plan.how === "cut" ? cut : freeze)(pair);
    };
    pair[0].on("data", count);
  }
}

function cut(pair: Pair): void {
  for (const socket of pair) reset(socket);
}

function freeze([client, server]: Pair): void {
  client.unpipe(server).resume();
  server.unpipe(client).resume();
}

/**
 * Ends a connection by a reset; by its end where that is just being said. Node 26 leaks a socket that is reset while its
 * shutdown is under way: it is never closed, and the process, when it ends, waits for it for ever.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
