import { setTimeout } from "node:timers/promises";
import { client, xml, type Client, type Element } from "@xmpp/client";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { Inbox, inTime } from "../inbox.ts";
import { labDir, passwordOf } from "../lab.ts";
import { tail } from "../process.ts";

export { xml };

export interface XmppJsOptions {
  readonly jid: string;
  readonly password?: string;
  /** xmpp://, xmpps:// with an address, or a bare domain to be looked up. */
  readonly service?: string;
  /** Only this SASL mechanism; otherwise the first that xmpp.js and the server share. */
  readonly mechanism?: string;
  /** Names its device, so that it gets a token with its first log-in and uses it from then on. XEP-0484. */
  readonly device?: string;
}

// By name: xmpp.js checks the name in the certificate against the host of an xmpps: service.
export const startTlsService = "xmpp://ours.test:5222";
export const directTlsService = "xmpps://ours.test:5223";

/** A client made of xmpp.js, in this process. Dispose of it to cut its connection. */
export class XmppJsPeer implements AsyncDisposable {
  readonly client: Client;
  readonly #inbox = new Inbox<Element>();
  readonly #logFile: string;
  /** The mechanisms that the server offered at the last log-in. */
  offered: readonly string[] = [];
  /** What went over the wire, in order: elements of the stream, "<" received, ">" sent. */
  readonly wire: string[] = [];

  constructor(options: XmppJsOptions) {
    const [username, domain] = options.jid.split("@");
    if (username === undefined || domain === undefined) throw new Error(`${options.jid} is not user@domain`);
    this.#logFile = join(labDir, `xmpp-js-${username}.log`);
    const anonymous = username === "";
    this.client = client({
      service: options.service ?? startTlsService,
      domain,
      credentials: async (authenticate, mechanisms, fast) => {
        this.offered = mechanisms;
        const credentials = anonymous ? {} : { username, password: options.password ?? passwordOf(options.jid) };
        const mechanism = options.mechanism ?? mechanisms[0] ?? "";
        if (options.device === undefined) await authenticate(credentials, mechanism);
        else {
          const token = await fast?.fetch();
          await authenticate({ ...credentials, token }, mechanism, xml("user-agent", { id: options.device }));
        }
      },
    });
    this.client.reconnect.delay = 100;
    this.client.timeout = stepMsMax; // its own 2 s are too few for a machine that does other things too
    this.client.on("stanza", (stanza: Element) => this.#inbox.add(stanza));
    for (const [event, mark] of [
      ["element", "<"],
      ["send", ">"],
      ["error", "!"],
      ["status", "="],
    ] as const) {
      this.client.on(event, (what: unknown) => {
        this.wire.push(`${mark} ${String(what)}`);
        appendFileSync(this.#logFile, `${mark} ${String(what)}\n`);
      });
    }
    this.client.on("error", () => {}); // without a listener EventEmitter throws; start() rejects too
  }

  static async online(options: XmppJsOptions): Promise<XmppJsPeer> {
    const peer = new XmppJsPeer(options);
    try {
      await peer.start();
      await peer.available();
      return peer;
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
  }

  get jid(): string {
    return String(this.client.jid);
  }

  async start(): Promise<void> {
    const { promise: online, resolve } = Promise.withResolvers<unknown>();
    this.client.once("online", resolve);
    // Its own promise may wait in vain for a stream that was opened before it looked.
    await inTime(Promise.race([online, this.client.start()]), () => this.#complaint("no log-in"));
  }

  /** Sends initial presence and waits until the server has dealt with it: from now on messages reach this client. */
  async available(): Promise<void> {
    await this.client.send(xml("presence"));
    await this.stanza((stanza) => stanza.is("presence") && stanza.attrs["from"] === this.jid);
  }

  /** The next stanza that is accepted. */
  async stanza(accept: (stanza: Element) => boolean): Promise<Element> {
    return await inTime(this.#inbox.take(accept), () => this.#complaint("no such stanza"));
  }

  async message(body: string): Promise<Element> {
    return await this.stanza((stanza) => stanza.is("message") && stanza.getChildText("body") === body);
  }

  /** Stanzas that came and were not asked for. */
  get seen(): readonly Element[] {
    return this.#inbox.items;
  }

  /** Waits until an element that begins so has come, later than what was last taken off the wire. */
  async receives(begin: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const look = (): void => {
      const line = this.wire.find((one) => one.startsWith(`< ${begin}`));
      if (line !== undefined) resolve(line);
    };
    this.client.on("element", look);
    look();
    try {
      return await inTime(promise, () => `no ${begin}:\n${this.wire.join("\n")}`);
    } finally {
      this.client.removeListener("element", look);
    }
  }

  /** Waits for an event of the client or of one of its parts. */
  async happens(emitter: NodeJS.EventEmitter, event: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    emitter.once(event, () => resolve());
    await inTime(promise, () => this.#complaint(`no event "${event}"`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.reconnect.stop();
    // What still comes when it has left it would feed to a parser that is gone.
    this.client.socket?.removeAllListeners("data");
    const left = this.client.disconnect().catch(() => {});
    // Nobody listening, it reads no further, and does not learn that the server has gone, too.
    await Promise.race([left, setTimeout(leaveMsMax)]);
    this.client.socket?.socket?.destroy();
    this.client.removeAllListeners("stanza");
  }

  #complaint(what: string): string {
    return `${what}\nwhat came instead:\n${this.seen.map(String).join("\n")}\nlog ${this.#logFile}:\n${tail(this.#logFile)}`;
  }
}

/** How long a client that leaves is given to send the last of what it has to say, in milliseconds. */
const leaveMsMax = 1_000;
/** How long it waits for each step of a log-in. */
export const stepMsMax = 30_000;
