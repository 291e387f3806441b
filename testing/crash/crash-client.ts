import { connect, type Socket } from "node:net";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";

export const NS_SM = "urn:xmpp:sm:3";
const NS_SASL = "urn:ietf:params:xml:ns:xmpp-sasl";

/** The server is gone, as it will be when it is killed. */
export class ConnectionEnded extends Error {
  override readonly name = "ConnectionEnded";
}

/** The server has answered a request with an error. */
export class Refused extends Error {
  override readonly name = "Refused";
  /** As in "wait resource-constraint". */
  readonly reason: string;

  constructor(reply: XmlElement) {
    super(`refused: ${serialize(reply)}`);
    this.reason = refusalOf(reply);
  }
}

/** The server does not believe who one is, or cannot find out. */
export class LogInRefused extends Error {
  override readonly name = "LogInRefused";
}

/** The server has ended the stream, and said why. */
export class StreamError extends Error {
  override readonly name = "StreamError";
}

/** What a client does with what comes. */
export interface Reactions {
  /** A message was given back; without this, that is a failure. */
  readonly refused?: (id: string, reason: string) => void;
  readonly message: (element: XmlElement) => void;
  /** A request of the server, such as a roster push; the client has answered it. */
  readonly request: (payload: XmlElement) => void;
  /** So many of the stanzas that were sent on this stream are settled. */
  readonly acknowledged: (count: number) => void;
}

/** What a stream that was cut had come to. */
export interface CutStream {
  readonly id: string;
  readonly sent: number;
  readonly received: number;
}

export interface LogInOptions {
  /** Without it, the one with which users are registered. */
  readonly password?: string;
  /** The session is to be resumable. */
  readonly resumable?: boolean;
  /** Resumed if the server can; else there is a new session. */
  readonly resume?: CutStream | undefined;
}

/** A client on a real socket, with stream management, that counts what it sends and what it gets. */
export class CrashClient {
  readonly #socket: Socket;
  #reader: XmlStreamReader;
  readonly #inbox: XmlElement[] = [];
  #changed = Promise.withResolvers<void>();
  #reactions: Reactions | undefined;
  readonly #requests = new Map<string, (reply: XmlElement) => void>();
  #failure: Error | undefined;
  readonly #ended = Promise.withResolvers<never>();
  #sent = 0;
  #received = 0;
  #acknowledged = 0;
  #requestId = 0;
  #resumptionId = "";
  /** What the server has handled of a stream that was resumed; undefined for a new session. */
  resumedAt: number | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = this.#newReader();
    this.#ended.promise.catch(() => {});
    socket.on("data", (bytes: Buffer) => this.#reader.write(bytes.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => this.#fail(new ConnectionEnded("the connection is closed")));
  }

  /** Logs in with PLAIN, binds a resource and enables stream management. */
  static async logIn(
    port: number,
    user: string,
    reactions: Reactions,
    options: LogInOptions = {},
  ): Promise<CrashClient> {
    const client = await CrashClient.connect(port);
    try {
      await client.#becomeSession(user, options);
    } catch (error) {
      client.destroy();
      throw error;
    }
    client.#reactions = reactions;
    for (const element of client.#inbox.splice(0)) client.#take(element);
    return client;
  }

  /** Opens a stream and does nothing more. */
  static async connect(port: number): Promise<CrashClient> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    const client = new CrashClient(socket);
    const connected = new Promise((resolve) => socket.once("connect", resolve));
    await Promise.race([connected, client.#ended.promise]);
    await client.#open();
    return client;
  }

  /** Makes an account in band, on a stream that was only opened. Resolves when the server says that it is made. */
  async register(user: string): Promise<void> {
    const fields = `<username>${user}</username><password>${passwordOf(user)}</password>`;
    this.#write(`<iq type='set' id='reg'><query xmlns='jabber:iq:register'>${fields}</query></iq>`);
    expect(await this.#next(), "iq", "result");
  }

  /** Cuts the connection; what it had come to, if the session is resumable. */
  cut(): CutStream {
    const stream = { id: this.#resumptionId, sent: this.#sent, received: this.#received };
    this.#socket.destroy();
    return stream;
  }

  /** Resolves when all that was sent is settled. */
  async untilSettled(): Promise<void> {
    this.askAcknowledgement();
    await this.untilAcknowledged(this.#sent);
  }

  /** Sends a stanza; returns its number on this stream. */
  send(stanza: string): number {
    this.#write(stanza);
    this.#sent++;
    return this.#sent;
  }

  /** Sends a request to the own account. Rejects when the server is gone, and with Refused when it answers so. */
  async ask(type: "get" | "set", payload: string): Promise<XmlElement> {
    const id = `ask${++this.#requestId}`;
    const reply = Promise.withResolvers<XmlElement>();
    this.#requests.set(id, reply.resolve);
    this.send(`<iq type='${type}' id='${id}'>${payload}</iq>`);
    const answer = await Promise.race([reply.promise, this.#ended.promise]);
    if (answer.attr("type") === "error") throw new Refused(answer);
    return answer;
  }

  /** Asks how much is settled. */
  askAcknowledgement(): void {
    this.#write(`<r xmlns='${NS_SM}'/>`);
  }

  /** Resolves when the server has acknowledged the stanza of this number. */
  async untilAcknowledged(number: number): Promise<void> {
    while (this.#acknowledged < number) await this.#something();
  }

  /** Tells the server that all that came has been taken. */
  acknowledge(): void {
    this.#write(`<a xmlns='${NS_SM}' h='${this.#received}'/>`);
  }

  /** Rejects when the connection has ended and all that came on it was handled. */
  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  /** Says goodbye and waits for the end. */
  async close(): Promise<void> {
    this.#write("</stream:stream>");
    await this.ended.catch((error: unknown) => {
      if (!(error instanceof ConnectionEnded)) throw error;
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #open(): Promise<void> {
    this.#reader = this.#newReader();
    this.#write(
      `<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
    );
    expect(await this.#next(), "features");
  }

  async #becomeSession(user: string, { password, resumable, resume }: LogInOptions): Promise<void> {
    await this.#authenticate(user, password ?? passwordOf(user));
    await this.#open();
    if (resume !== undefined && (await this.#resume(resume))) return;
    this.#write(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>crash</resource></bind></iq>",
    );
    expect(await this.#next(), "iq", "result");
    this.#write(`<enable xmlns='${NS_SM}'${resumable === true ? " resume='true'" : ""}/>`);
    this.#resumptionId = expect(await this.#next(), "enabled").attr("id") ?? "";
  }

  /** What follows the answer is taken, and counted, once there are reactions. */
  async #resume({ id, received, sent }: CutStream): Promise<boolean> {
    this.#write(`<resume xmlns='${NS_SM}' previd='${id}' h='${received}'/>`);
    const answer = await this.#next();
    if (answer.name === "failed") return false;
    this.resumedAt = Number(expect(answer, "resumed").attr("h"));
    [this.#resumptionId, this.#received, this.#sent, this.#acknowledged] = [id, received, sent, this.resumedAt];
    return true;
  }

  async #authenticate(user: string, password: string): Promise<void> {
    const initial = Buffer.from(`\0${user}\0${password}`).toString("base64");
    this.#write(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'>${initial}</auth>`);
    const answer = await this.#next();
    if (answer.name === "failure") throw new LogInRefused(`${user}: ${serialize(answer)}`);
    expect(answer, "success");
  }

  async #next(): Promise<XmlElement> {
    for (;;) {
      const element = this.#inbox.shift();
      if (element?.ns === NS_STREAM && element.name === "error") throw new StreamError(serialize(element));
      if (element !== undefined) return element;
      await this.#something();
    }
  }

  async #something(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#changed.promise;
  }

  #write(text: string): void {
    this.#socket.write(text);
  }

  #take(element: XmlElement): void {
    if (this.#reactions === undefined) this.#inbox.push(element);
    else if (element.ns === NS_SM) this.#takeAnswer(element);
    else this.#takeStanza(element, this.#reactions);
    this.#wakeUp();
  }

  #takeAnswer(element: XmlElement): void {
    if (element.name === "r") this.acknowledge();
    else if (element.name === "a") {
      this.#acknowledged = Number(element.attr("h"));
      this.#reactions?.acknowledged(this.#acknowledged);
    }
  }

  #takeStanza(element: XmlElement, reactions: Reactions): void {
    if (element.ns === NS_STREAM) return this.#fail(new StreamError(serialize(element)));
    if (element.ns !== NS_CLIENT) return this.#fail(new Error(`the server sent ${serialize(element)}`));
    this.#received++;
    if (element.attr("type") === "error" && element.name !== "iq") {
      if (reactions.refused !== undefined) return reactions.refused(element.attr("id") ?? "", refusalOf(element));
      return this.#fail(new Error(`a stanza was refused: ${serialize(element)}`));
    }
    if (element.name === "message") return reactions.message(element);
    if (element.name !== "iq") return;
    const id = element.attr("id") ?? "";
    const [payload] = element.elements();
    if (element.attr("type") === "set" && payload !== undefined) {
      this.send(`<iq type='result' id='${id}'/>`);
      return reactions.request(payload);
    }
    this.#requests.get(id)?.(element);
    this.#requests.delete(id);
    return undefined;
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#ended.reject(error);
    this.#socket.destroy();
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #newReader(): XmlStreamReader {
    return new XmlStreamReader(
      {
        streamOpened: () => {},
        elementRead: (element) => this.#take(element),
        streamClosed: () => this.#socket.end(),
        failed: (fault) => this.#fail(new Error(`the server sent what is no stream: ${fault.text}`)),
      },
      { input: "bytes", decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8") },
    );
  }
}

function refusalOf(stanza: XmlElement): string {
  const error = stanza.elements().find(({ name }) => name === "error");
  return `${error?.attr("type")} ${error?.elements()[0]?.name}`;
}

export function passwordOf(user: string): string {
  return `password of ${user}`;
}

function expect(element: XmlElement, name: string, type?: string): XmlElement {
  if (element.name !== name || (type !== undefined && element.attr("type") !== type))
    throw new Error(`expected <${name}>, and the server sent ${serialize(element)}`);
  return element;
}
