import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import { peerAddress } from "../link/address-group.ts";
import type { Transport, TransportHandler } from "../link/transport.ts";

/**
 * Gives a raw socket to the listener's TLS server and answers with the encrypted one, or undefined when the handshake
 * failed. `domain` is whose certificate to show to a client that names none in the handshake.
 */
export type StartTls = (
  socket: Socket,
  domain: string | undefined,
  secured: (socket: TLSSocket | undefined) => void,
) => void;

export interface SocketTransportParts {
  /** How STARTTLS is done; undefined on a connection that came with TLS or has none. */
  readonly startTls: StartTls | undefined;
  readonly channelOf: (socket: TLSSocket, domain: string | undefined) => SecureChannel;
}

/** A {@link Transport} over a TCP socket, which may become a TLS one on the way. */
export class SocketTransport implements Transport {
  readonly remoteAddress: string;
  channel: SecureChannel | undefined;
  #socket: Socket;
  #handler: TransportHandler | undefined;
  #gone = false;
  /** Until TLS is there: it begins once. */
  #parts: SocketTransportParts | undefined;

  /** @param channel of a socket that is encrypted already */
  constructor(socket: Socket, channel: SecureChannel | undefined, parts: SocketTransportParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.channel = channel;
    this.remoteAddress = peerAddress(socket.remoteAddress ?? "");
    this.#listen(socket);
  }

  get bytesQueued(): number {
    return this.#socket.writableLength;
  }

  open(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#gone) handler.lost(undefined);
  }

  write(bytes: string): void {
    if (!this.#gone) this.#socket.write(bytes, "latin1");
  }

  writeThen(bytes: string, taken: (taken: boolean) => void): void {
    if (this.#gone) taken(false);
    else this.#socket.write(bytes, "latin1", (error) => taken(error === null || error === undefined));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    // Says close_notify, and reads on until the peer has said so too. [rfc6120-4.4-02]
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  startTls(domain: string | undefined): void {
    const raw = this.#socket;
    raw.removeListener("data", this.#data);
    raw.removeListener("end", this.#end);
    // What was received and not read belongs to the clear stream and must not be taken for the beginning of TLS (A21):
    // the reader drops it; the socket itself holds nothing back while it flows.
    const parts = this.#parts;
    this.#parts = undefined;
    parts?.startTls?.(raw, domain, (secured) => {
      if (this.#gone) return;
      if (secured === undefined) {
        raw.destroy();
        return;
      }
      raw.removeListener("close", this.#closed);
      raw.removeListener("error", this.#failed);
      // From here on nothing goes out but through TLS. [rfc6120-5.4.3.1-08]
      this.#socket = secured;
      this.#listen(secured);
      this.channel = parts.channelOf(secured, domain);
      this.#handler?.secured(this.channel);
    });
  }

  #listen(socket: Socket): void {
    socket.on("data", this.#data);
    socket.on("end", this.#end);
    socket.on("error", this.#failed);
    socket.on("close", this.#closed);
  }

  readonly #data = (bytes: Buffer): void => this.#handler?.data(bytes.toString("latin1"));

  /** The peer sends no more: without a closing tag before it, the stream was cut. */
  readonly #end = (): void => {
    this.#socket.end();
    this.#over(undefined);
  };

  readonly #failed = (error: Error): void => this.#over(error);

  readonly #closed = (): void => this.#over(undefined);

  #over(cause: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#handler?.lost(cause);
  }
}
