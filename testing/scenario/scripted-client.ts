import assert from "node:assert/strict";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { parseElement, XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { matches } from "./match.ts";
import type { MemoryTransport } from "./memory-transport.ts";

/** What a client script needs of the world it lives in. */
export interface ClientWorld {
  readonly settle: () => Promise<void>;
  readonly connect: (received: (bytes: string) => void) => MemoryTransport;
  /** Of the stream; jabber:client if it says nothing. */
  readonly contentNamespace?: string;
}

/** A client that sends what the script says and shows what it gets, element by element. */
export class ScriptedClient {
  /** The bound address. */
  jid = "";
  readonly #world: ClientWorld;
  #transport: MemoryTransport;
  #reader: XmlStreamReader;
  readonly #inbox: XmlElement[] = [];
  #closedByServer = false;
  #streamId = "";

  constructor(world: ClientWorld) {
    this.#world = world;
    this.#reader = this.#newReader();
    this.#transport = this.#connect();
  }

  /** Whether the server has sent its closing tag. */
  get streamClosed(): boolean {
    return this.#closedByServer;
  }

  /** What the server calls the stream. */
  get streamId(): string {
    return this.#streamId;
  }

  get connectionClosed(): boolean {
    return this.#transport.closed;
  }

  get transport(): MemoryTransport {
    return this.#transport;
  }

  /** What came and was not looked at. */
  get pending(): readonly XmlElement[] {
    return this.#inbox;
  }

  /** Opens a new connection in place of the old one, without any negotiation. */
  reconnect(): void {
    this.#inbox.length = 0;
    this.#closedByServer = false;
    this.#reader = this.#newReader();
    this.#transport = this.#connect();
  }

  async open(domain: string): Promise<XmlElement> {
    await this.sendText(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
    );
    return this.next();
  }

  /** Authenticates with PLAIN; the features that follow are the result. */
  async authenticate(user: string, domain: string, password: string): Promise<XmlElement> {
    await this.open(domain);
    const initial = encodeBase64(encodeUtf8(`\0${user}\0${password}`));
    await this.sendText(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${initial}</auth>`);
    const outcome = this.next();
    assert.equal(outcome.name, "success", `log-in of ${user}: ${serialize(outcome)}`);
    return this.restart(domain);
  }

  /** After SASL: a new stream on the same connection. */
  restart(domain: string): Promise<XmlElement> {
    this.expectStream();
    return this.open(domain);
  }

  /** Log-in has succeeded: what the server sends next begins a new stream. */
  expectStream(): void {
    this.#reader = this.#newReader();
  }

  async bind(resource: string): Promise<void> {
    await this.sendText(
      `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind></iq>`,
    );
    const reply = this.next();
    const jid = reply.elements()[0]?.elements()[0]?.text;
    assert.ok(jid !== undefined && reply.attr("type") === "result", `binding: ${serialize(reply)}`);
    this.jid = jid;
  }

  /** Sends XML as it stands, and lets everything happen that follows from it. */
  async sendText(xml: string): Promise<void> {
    this.#transport.send(Buffer.from(xml, "utf8").toString("latin1"));
    await this.#world.settle();
  }

  /** The next element that came. */
  next(): XmlElement {
    const element = this.#inbox.shift();
    assert.ok(element !== undefined, `${this.jid}: nothing more came`);
    return element;
  }

  /**
   * The next element must be like `expected`: same tree; an attribute or text written as `{any}` matches anything that
   * is there, and the order of children counts.
   */
  receives(expected: string): XmlElement {
    const element = this.next();
    const difference = matches(parseElement(expected, NS_CLIENT), element);
    assert.ok(
      difference === undefined,
      `${this.jid}: ${difference}\nexpected ${expected}\nreceived ${serialize(element)}`,
    );
    return element;
  }

  /** All that came must be like these, in any order. */
  receivesInAnyOrder(...expected: readonly string[]): void {
    const arrived = this.#inbox.splice(0, expected.length);
    const left = [...arrived];
    for (const text of expected) {
      const wanted = parseElement(text, NS_CLIENT);
      const found = left.findIndex((element) => matches(wanted, element) === undefined);
      assert.notEqual(
        found,
        -1,
        `${this.jid}: expected ${text}\nreceived ${arrived.map((each) => serialize(each)).join("\n")}`,
      );
      left.splice(found, 1);
    }
  }

  receivesNothing(): void {
    assert.deepEqual(
      this.#inbox.map((element) => serialize(element)),
      [],
      `${this.jid}: something came that nobody expected`,
    );
  }

  /** Forgets what came. */
  ignoreAll(): void {
    this.#inbox.length = 0;
  }

  /** Breaks the connection. */
  async cut(): Promise<void> {
    this.#transport.cut();
    await this.#world.settle();
  }

  async close(): Promise<void> {
    await this.sendText("</stream:stream>");
  }

  #connect(): MemoryTransport {
    const reader = this.#reader;
    const transport = this.#world.connect((bytes) => {
      if (transport === this.#transport || reader === this.#reader) this.#reader.write(bytes);
    });
    return transport;
  }

  #newReader(): XmlStreamReader {
    return new XmlStreamReader(
      {
        streamOpened: (header) => {
          this.#streamId = header.attr("id") ?? "";
        },
        elementRead: (element) => void this.#inbox.push(element),
        streamClosed: () => {
          this.#closedByServer = true;
        },
        failed: (fault) => assert.fail(`${this.jid}: the server sent what is no stream: ${fault.text}`),
      },
      {
        input: "bytes",
        decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8"),
        contentNamespace: this.#world.contentNamespace ?? NS_CLIENT,
      },
    );
  }
}
