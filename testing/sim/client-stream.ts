import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { Acknowledging } from "./acknowledging.ts";
import type { ClientSession } from "./client-session.ts";
import type { Connection } from "./connection.ts";
import type { SimClient } from "./sim-client.ts";

/** Silence after which a client asks whether the server is there, and after which it gives up. */
const silenceMsMax = 20_000;
const givingUpMs = 32_000;

/** What a client is told of its stream. */
interface StreamHandler {
  readonly element: (element: XmlElement) => void;
  readonly closed: () => void;
  readonly gone: () => void;
}

/** A client's present connection, if there is one, and the stream on it. */
export class ClientStream {
  readonly #client: SimClient;
  readonly #handler: StreamHandler;
  #connection: Connection | undefined;
  #reader: XmlStreamReader | undefined;
  #acknowledging = new Acknowledging();
  #heardAt = 0;
  /** What the server's system has taken on it for the client, until management is on: it counts as delivered. */
  taken: readonly string[] = [];
  /** What the server has written on it, taken or not. */
  written: readonly string[] = [];

  constructor(client: SimClient, handler: StreamHandler) {
    this.#client = client;
    this.#handler = handler;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** False where nobody listens. */
  connect(): boolean {
    const { name, world } = this.#client;
    const { clock, trace } = world;
    trace.note(clock.now, `${name} connects`);
    // A connection that was given up may still have something to say; it is not listened to.
    const ifCurrent =
      <Args extends readonly unknown[]>(run: (...args: Args) => void) =>
      (...args: Args): void => {
        if (connection === this.#connection) run(...args);
      };
    const taken: string[] = [];
    const written: string[] = [];
    const acknowledging = new Acknowledging();
    const connection = world.connect({
      data: ifCurrent(this.#data),
      gone: ifCurrent(this.#handler.gone),
      written: (bytes) => void written.push(bytes),
      arrived: (bytes) => acknowledging.arrived(bytes, clock.now),
      broke: ifCurrent((by) => this.#client.session?.breakAt(clock.now, by)),
      taken: (bytes) => {
        if (this.taken !== taken || this.#client.session?.managed !== true) taken.push(bytes);
      },
    });
    this.taken = taken;
    this.written = written;
    this.#acknowledging = acknowledging;
    if (connection === undefined) return false;
    this.#connection = connection;
    this.#heardAt = clock.now;
    this.#watch(connection);
    return true;
  }

  /** Begins a stream, the first one on the connection or the one behind the log-in. */
  open(): void {
    const { account, name } = this.#client;
    this.#reader = new XmlStreamReader(
      {
        streamOpened: () => undefined,
        elementRead: this.#handler.element,
        streamClosed: this.#handler.closed,
        failed: (fault) => this.#client.violation(`${name} was sent what is no stream: ${fault.text}`),
      },
      { input: "bytes", decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8") },
    );
    const domain = account.slice(account.indexOf("@") + 1);
    this.write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
    );
  }

  write(bytes: string): void {
    const { name, world } = this.#client;
    world.trace.note(world.clock.now, `${name} > ${bytes}`);
    this.#acknowledging.bytesWritten += bytes.length;
    this.#connection?.send(bytes);
  }

  /** Writes how much of a session's the client has handled. */
  writeCount(session: ClientSession, bytes: string): void {
    this.write(bytes);
    this.#acknowledging.wrote(session);
  }

  /** There is none any more, and nothing on it is listened to. */
  leave(): Connection | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    return connection;
  }

  readonly #data = (bytes: string): void => {
    const { name, world } = this.#client;
    world.trace.note(world.clock.now, `${name} < ${bytes}`);
    this.#heardAt = world.clock.now;
    this.#reader?.write(bytes);
    this.#client.management.heard(bytes.length);
  };

  /** Nothing heard for long: a question, and then the connection is given up. */
  #watch(connection: Connection): void {
    const client = this.#client;
    const { clock } = client.world;
    clock.after(silenceMsMax / 2, () => {
      if (this.#connection !== connection) return;
      const silentMs = clock.now - this.#heardAt;
      if (silentMs >= givingUpMs) {
        connection.cut({ serverNoticesMs: undefined, clientNoticesMs: undefined });
        this.leave();
        this.#handler.gone();
        return;
      }
      if (silentMs >= silenceMsMax && client.online) {
        if (client.session?.managed === true) client.management.askNow();
        else client.request("get", undefined, "<ping xmlns='urn:xmpp:ping'/>", () => undefined);
      }
      this.#watch(connection);
    });
  }
}
