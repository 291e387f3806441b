import assert from "node:assert/strict";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_DIALBACK, NS_SERVER, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { parseElement, XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { Transport } from "#server/link/transport.ts";
import { matches } from "./match.ts";
import type { MemoryNetwork } from "./memory-network.ts";
import type { MemoryWire } from "./memory-wire.ts";

/** A server that says what the script says: over connections that it makes, or that others make to it. */
export class ScriptedServer {
  /** Connections that others have made, in order. */
  readonly accepted: ScriptedPeer[] = [];
  readonly #network: MemoryNetwork;
  readonly #settle: () => Promise<void>;
  readonly #place: { readonly domains: readonly string[]; readonly address: string };

  constructor(
    network: MemoryNetwork,
    settle: () => Promise<void>,
    place: { readonly domains: readonly string[]; readonly address?: string },
  ) {
    this.#network = network;
    this.#settle = settle;
    this.#place = { address: "203.0.113.66", ...place };
    network.add({
      ...this.#place,
      core: () => ({
        acceptServer: (transport) => void this.accepted.push(new ScriptedPeer(transport, this.#settle)),
      }),
    });
  }

  /** Connects to the server of a domain; nothing is said yet. */
  connect(domain: string): ScriptedPeer & { readonly wire: MemoryWire } {
    const server = this.#network.serverOf(domain);
    const core = server?.core();
    assert.ok(server !== undefined && core !== undefined, `${domain} is served by nobody`);
    const wire = this.#network.wire(this.#place, server);
    const peer = new ScriptedPeer(wire.dialler, this.#settle);
    core.acceptServer(wire.acceptor);
    return Object.assign(peer, { wire });
  }

  /** The last connection that was made to it. */
  get last(): ScriptedPeer {
    const last = this.accepted.at(-1);
    assert.ok(last !== undefined, "nobody has connected");
    return last;
  }
}

/** One connection of a scripted server. */
export class ScriptedPeer {
  /** The header that the other side sent last. */
  header: XmlElement | undefined;
  streamClosed = false;
  connectionClosed = false;
  readonly #transport: Transport;
  readonly #settle: () => Promise<void>;
  #reader = this.#newReader();
  readonly #inbox: XmlElement[] = [];

  constructor(transport: Transport, settle: () => Promise<void>) {
    this.#transport = transport;
    this.#settle = settle;
    transport.open({
      data: (bytes) => this.#reader.write(bytes),
      secured: () => undefined,
      lost: () => {
        this.connectionClosed = true;
      },
    });
  }

  /** What came and was not looked at. */
  get pending(): readonly XmlElement[] {
    return this.#inbox;
  }

  async sendText(xml: string): Promise<void> {
    this.#transport.write(Buffer.from(xml, "utf8").toString("latin1"));
    await this.#settle();
  }

  /** Sends a header: of one who connects, or with an id of one who was connected to. */
  async sendHeader(attributes: string): Promise<void> {
    this.#reader = this.#newReader();
    await this.sendText(
      `<?xml version='1.0'?><stream:stream ${attributes} version='1.0' xmlns='${NS_SERVER}' xmlns:db='${NS_DIALBACK}' xmlns:stream='${NS_STREAM}'>`,
    );
  }

  /** The header and features of one that was connected to. The header of the other side has come already. */
  async answerHeader(attributes: string, features: string): Promise<void> {
    const header = `<?xml version='1.0'?><stream:stream ${attributes} version='1.0' xmlns='${NS_SERVER}' xmlns:db='${NS_DIALBACK}' xmlns:stream='${NS_STREAM}'>`;
    await this.sendText(`${header}<stream:features>${features}</stream:features>`);
  }

  /** Connects as a domain, with TLS, and gets the features that follow it. */
  async openSecured(from: string, to: string): Promise<XmlElement> {
    await this.sendHeader(`from='${from}' to='${to}'`);
    this.next();
    await this.sendText("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert.equal(this.next().name, "proceed");
    this.#transport.startTls(undefined);
    await this.#settle();
    await this.sendHeader(`from='${from}' to='${to}'`);
    return this.next();
  }

  /** The same, and authenticates by its certificate, for a stream that goes both ways if it asks for that. */
  async authenticate(from: string, to: string, asks?: "bidirectional"): Promise<XmlElement> {
    await this.openSecured(from, to);
    const bidi = asks === undefined ? "" : "<bidi xmlns='urn:xmpp:bidi'/>";
    await this.sendText(`${bidi}<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>`);
    assert.equal(this.next().name, "success");
    await this.sendHeader(`from='${from}' to='${to}'`);
    return this.next();
  }

  /** Lets one in that has connected, up to the features that it gets over TLS: ours as a domain, for one of theirs. */
  async acceptSecured(ours: string, theirs: string, features: string): Promise<void> {
    const header = `from='${ours}' to='${theirs}' id='s1'`;
    await this.answerHeader(header, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
    assert.equal(this.next().name, "starttls");
    await this.sendText("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await this.startTls();
    await this.answerHeader(header, features);
  }

  /** The same, and believes its certificate; `more` of the features before that, `after`: those behind it. */
  async acceptExternal(ours: string, theirs: string, { more = "", after = "" } = {}): Promise<void> {
    const mechanisms =
      "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
    await this.acceptSecured(ours, theirs, mechanisms + more);
    if (more.includes("bidi")) assert.equal(this.next().name, "bidi");
    assert.equal(this.next().name, "auth");
    this.expectStream();
    await this.sendText("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    await this.answerHeader(`from='${ours}' to='${theirs}' id='s2'`, after);
  }

  /** The same, and believes its key. */
  async acceptDialback(ours: string, theirs: string): Promise<void> {
    await this.acceptSecured(ours, theirs, "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
    assert.equal(this.next().name, "result");
    await this.sendText(`<db:result from='${ours}' to='${theirs}' type='valid'/>`);
  }

  startTls(): Promise<void> {
    this.#transport.startTls(undefined);
    this.#reader = this.#newReader();
    return this.#settle();
  }

  /** What comes next begins a new stream. */
  expectStream(): void {
    this.#reader = this.#newReader();
  }

  next(): XmlElement {
    const element = this.#inbox.shift();
    assert.ok(element !== undefined, "nothing more came from the other server");
    return element;
  }

  /** See ScriptedClient. */
  receives(expected: string): XmlElement {
    const element = this.next();
    const difference = matches(parseElement(expected, NS_CLIENT), element);
    assert.ok(difference === undefined, `${difference}\nexpected ${expected}\nreceived ${serialize(element)}`);
    return element;
  }

  receivesNothing(): void {
    assert.deepEqual(
      this.#inbox.map((element) => serialize(element)),
      [],
    );
  }

  ignoreAll(): void {
    this.#inbox.length = 0;
  }

  close(): void {
    this.#transport.destroy();
  }

  #newReader(): XmlStreamReader {
    return new XmlStreamReader(
      {
        streamOpened: (header) => {
          this.header = header;
        },
        elementRead: (element) => void this.#inbox.push(element),
        streamClosed: () => {
          this.streamClosed = true;
        },
        failed: (fault) => assert.fail(`the other server sent what is no stream: ${fault.text}`),
      },
      {
        input: "bytes",
        contentNamespace: NS_SERVER,
        decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8"),
      },
    );
  }
}
