import { setTimeout as sleep } from "node:timers/promises";
import { SocketClient } from "#testing/socket-client.ts";
import { inTime, waitMsMax } from "../inbox.ts";
import { passwordOf } from "../lab.ts";
import { conditionOf } from "./raw-client.ts";

const clientPort = 5222;
/** Sent before the server must say that it has them. */
const batch = 100;
const retryMs = 200;
const sm = "xmlns='urn:xmpp:sm:3'";
const stanza = /<(message|presence|iq)\b(?:[^>]*\/>|.*?<\/\1>)|<(r|a)\b[^>]*\/>/gsu;

/**
 * A client that wants all its messages to arrive: it counts what the server acknowledges, logs in anew when its connection is
 * lost, and sends again what was not acknowledged. What it is sent it acknowledges.
 */
export class PersistentClient implements Disposable {
  readonly #jid: string;
  #client: SocketClient | undefined;
  #disposed = false;
  #rest = "";
  /** What was sent on this connection and is not acknowledged, oldest first. */
  readonly #unacknowledged: string[] = [];
  #acknowledged = 0;
  /** Stanzas that were sent on this connection, are not messages, and are not acknowledged. */
  #own = 0;
  #received = 0;
  #changed = Promise.withResolvers<void>();
  /** Bodies that the server has said to have. */
  readonly safe: string[] = [];
  /** Bodies that came, each as often as it came. */
  readonly heard: string[] = [];
  /** Conditions of the errors that came back, by the id of what was sent. */
  readonly returned = new Map<string, string>();
  /** How often it has logged in. */
  logIns = 0;

  private constructor(jid: string) {
    this.#jid = jid;
  }

  static async online(jid: string): Promise<PersistentClient> {
    const client = new PersistentClient(jid);
    await client.#logIn();
    return client;
  }

  /** Sends messages "PREFIX 0", "PREFIX 1", … until each is acknowledged, whatever happens to the connection. */
  async send(to: string, count: number, prefix: string): Promise<void> {
    const waiting = Array.from({ length: count }, (_, number) => `${prefix} ${number}`);
    const done = this.safe.length + count;
    while (this.safe.length < done) {
      const client = this.#client ?? (await this.#comeBack(waiting));
      if (this.#unacknowledged.length === 0) {
        const bodies = waiting.splice(0, batch);
        this.#unacknowledged.push(...bodies);
        const texts = bodies.map(
          (body) => `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`,
        );
        client.send(`${texts.join("")}<r ${sm}/>`);
      }
      await inTime(this.#changed.promise, () => `${this.#jid} waits: ${this.safe.length} of ${done} are safe`, 90_000);
    }
  }

  /** Waits until something that came makes it true. */
  async until(isTrue: () => boolean, msMax: number, explain: () => string): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isTrue()) {
        if (this.#client === undefined) await this.#comeBack([]);
        else await this.#changed.promise;
      }
    };
    await inTime(wait(), explain, msMax);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#client?.[Symbol.dispose]();
  }

  /** Logs in anew. What was not acknowledged is sent once more, ahead of the rest. */
  async #comeBack(waiting: string[]): Promise<SocketClient> {
    waiting.unshift(...this.#unacknowledged.splice(0));
    for (const deadline = Date.now() + waitMsMax * 2; ; await sleep(retryMs)) {
      try {
        return await this.#logIn();
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  async #logIn(): Promise<SocketClient> {
    const [user = "", domain = ""] = this.#jid.split("@");
    const client = await SocketClient.tcp(clientPort, domain);
    client.open(domain);
    await client.until(/<\/stream:features>/u);
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await client.until(/<proceed[^>]*>/u);
    await client.startTls(domain);
    await client.logIn(user, domain, passwordOf(this.#jid), `device${this.logIns}`);
    client.send(`<enable ${sm}/>`);
    await client.until(/<enabled[^>]*>/u);
    [this.#acknowledged, this.#received, this.#rest] = [0, 0, ""];
    client.socket.on("data", (bytes: Buffer) => this.#read(client, bytes.toString()));
    client.socket.on("close", () => this.#lost(client));
    this.#client = client;
    this.logIns += 1;
    client.send("<presence/>");
    this.#own = 1; // presence is counted, too
    return client;
  }

  #lost(client: SocketClient): void {
    if (this.#client !== client || this.#disposed) return;
    this.#client = undefined;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #read(client: SocketClient, text: string): void {
    const input = this.#rest + text;
    let end = 0;
    for (const found of input.matchAll(stanza)) {
      end = found.index + found[0].length;
      const [whole, kind, management] = found;
      if (management === "r") client.send(`<a ${sm} h='${this.#received}'/>`);
      else if (management === "a") this.#acknowledge(Number(/ h=['"](\d+)/u.exec(whole)?.[1]));
      else {
        this.#received += 1;
        if (kind === "message") this.#message(whole);
      }
    }
    this.#rest = input.slice(end);
    this.#tell();
  }

  #acknowledge(h: number): void {
    const messages = h - this.#acknowledged - this.#own;
    if (messages < 0) return; // not even the presence
    this.#own = 0;
    this.#acknowledged = h;
    this.safe.push(...this.#unacknowledged.splice(0, messages));
  }

  #message(text: string): void {
    const id = / id=['"]([^'"]*)['"]/u.exec(text)?.[1] ?? "";
    const body = /<body>([^<]*)<\/body>/u.exec(text)?.[1];
    if (/^<message[^>]* type=['"]error['"]/u.test(text)) this.returned.set(id, conditionOf(text));
    else if (body !== undefined) this.heard.push(body);
  }
}
