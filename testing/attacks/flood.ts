import { connect, type Socket } from "node:net";

/** Connections that each address opens at most, below the default bound of a server. */
const perAddressDefault = 250;
/** Handshakes of TCP that are under way at once: more than a system's default backlog would be dropped and come late. */
const atOnceMax = 500;

export interface FloodOptions {
  readonly port: number;
  readonly count: number;
  /** Connections from one address of loopback. */
  readonly perAddress?: number;
  /** What each says at once. */
  readonly says?: string | Uint8Array;
}

/** Many connections of strangers, from many addresses of loopback. */
export class Flood implements Disposable {
  readonly #sockets: Socket[] = [];
  #connected = 0;
  #closed = 0;
  #received = 0;

  static async open({ port, count, perAddress = perAddressDefault, says }: FloodOptions): Promise<Flood> {
    const flood = new Flood();
    for (let from = 0; from < count; from += atOnceMax) {
      const some = Array.from({ length: Math.min(atOnceMax, count - from) }, (_, at) => {
        const address = Math.floor((from + at) / perAddress);
        return flood.#connect(port, `127.1.${Math.floor(address / 250)}.${1 + (address % 250)}`, says);
      });
      await Promise.all(some);
    }
    return flood;
  }

  /** Those that were accepted by the system, if not by the server. */
  get connected(): number {
    return this.#connected;
  }

  /** Those that are over, whoever ended them. */
  get closed(): number {
    return this.#closed;
  }

  /** Bytes, from all of them. */
  get received(): number {
    return this.#received;
  }

  get sockets(): readonly Socket[] {
    return this.#sockets;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(port: number, localAddress: string, says: string | Uint8Array | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    this.#sockets.push(socket);
    socket.on("connect", () => {
      this.#connected += 1;
      if (says !== undefined && says.length > 0) socket.write(says);
      resolve();
    });
    socket.on("data", (bytes) => {
      this.#received += bytes.length;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#closed += 1;
      resolve();
    });
    return promise;
  }
}
