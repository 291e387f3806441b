import type { Socket } from "node:net";
import type { Server } from "node:tls";

/** RFC 8737 §6.2 */
export const acmeTlsProtocol = "acme-tls/1";
/** A client hello is one record, or a little more. RFC 8446 §5.1 */
const helloBytesMax = 16_389;
/** How long somebody may take to say hello while an authority is expected. */
const helloMsMax = 10_000;
const handshakeRecord = 22;
const recordHeaderBytes = 5;

/**
 * While an authority is expected, connections to ports that are TLS from their first byte are looked at: whoever speaks
 * acme-tls/1 is the authority, and everybody else goes where they wanted to. At other times nobody is looked at.
 */
export class SharedChallenges {
  #expecting: Server | undefined;

  /** From now on the authority is shown what this server shows, until what is returned is disposed. */
  expect(server: Server): Disposable {
    this.#expecting = server;
    return {
      [Symbol.dispose]: () => {
        if (this.#expecting === server) this.#expecting = undefined;
      },
    };
  }

  /** @param goOn what is to be done with everybody else; at once when nobody is expected */
  readonly sort = (socket: Socket, goOn: () => void): void => {
    const authority = this.#expecting;
    if (authority === undefined) return goOn();
    let said = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(), helloMsMax);
    const over = (): void => {
      clearTimeout(timer);
      socket.off("readable", read);
      socket.off("close", over);
    };
    const read = (): void => {
      const chunk: unknown = socket.read();
      if (!(chunk instanceof Buffer)) return;
      said = Buffer.concat([said, chunk]);
      if (!isWhole(said)) return;
      over();
      // As if nobody had looked.
      socket.unshift(said);
      if (said.includes(acmeTlsProtocol)) authority.emit("connection", socket);
      else goOn();
    };
    socket.on("readable", read);
    socket.on("close", over);
    return undefined;
  };
}

/** Whether all of the first record is there, or it is none that we would have to wait for. */
function isWhole(said: Buffer): boolean {
  if (said[0] !== handshakeRecord || said.length > helloBytesMax) return true;
  return said.length >= recordHeaderBytes && said.length >= recordHeaderBytes + said.readUInt16BE(3);
}
