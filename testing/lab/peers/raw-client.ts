import { once } from "node:events";
import { SocketClient } from "#testing/socket-client.ts";
import { inTime } from "../inbox.ts";
import { passwordOf } from "../lab.ts";

const clientPort = 5222;
const messagesAtOnce = 100;

/** A client that only writes messages and reads bodies: fast enough not to be what is waited for. */
export class RawClient implements Disposable {
  readonly jid: string;
  readonly #client: SocketClient;
  readonly #bodies: string[] = [];
  readonly #errors: string[] = [];
  #rest = "";
  #came = Promise.withResolvers<void>();

  private constructor(jid: string, client: SocketClient) {
    this.jid = jid;
    this.#client = client;
    client.socket.on("data", (bytes: Buffer) => this.#read(bytes.toString()));
  }

  /** Logs in by STARTTLS and PLAIN and becomes available. */
  static async online(jid: string): Promise<RawClient> {
    const [user = "", domain = ""] = jid.split("@");
    const client = await SocketClient.tcp(clientPort, domain);
    client.open(domain);
    await client.until(/<\/stream:features>/u);
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await client.until(/<proceed[^>]*>/u);
    await client.startTls(domain);
    await client.logIn(user, domain, passwordOf(jid), "raw");
    client.send("<presence/>");
    return new RawClient(`${jid}/raw`, client);
  }

  /** Sends messages "PREFIX 0", "PREFIX 1", … as fast as they are taken. */
  async flood(to: string, count: number, prefix: string): Promise<void> {
    for (let from = 0; from < count; from += messagesAtOnce) {
      const numbers = Array.from({ length: Math.min(messagesAtOnce, count - from) }, (_, index) => from + index);
      const texts = numbers.map(
        (n) => `<message to='${to}' type='chat' id='${prefix}${n}'><body>${prefix} ${n}</body></message>`,
      );
      if (!this.#client.socket.write(texts.join(""))) await once(this.#client.socket, "drain");
    }
  }

  /** Waits until so many bodies have come, and returns them. What came back as an error is a failure. */
  async heard(count: number, msMax: number): Promise<readonly string[]> {
    const enough = async (): Promise<void> => {
      while (this.#bodies.length < count && this.#errors.length === 0) await this.#came.promise;
    };
    const explain = (): string => `${this.#bodies.length} of ${count} came, the last: ${this.#bodies.at(-1)}`;
    await inTime(enough(), explain, msMax);
    if (this.#errors.length > 0) throw new Error(`${this.#errors.length} came back: ${this.#errors[0]}`);
    return this.#bodies;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  #read(text: string): void {
    const input = this.#rest + text;
    const end = input.lastIndexOf("</message>") + "</message>".length;
    const complete = input.includes("</message>") ? input.slice(0, end) : "";
    this.#rest = input.slice(complete.length);
    for (const [message] of complete.matchAll(/<message.*?<\/message>/gsu)) {
      const body = /<body>([^<]*)<\/body>/u.exec(message)?.[1];
      if (/^<message[^>]* type=['"]error['"]/u.test(message)) this.#errors.push(message);
      else if (body !== undefined) this.#bodies.push(body);
    }
    this.#came.resolve();
    this.#came = Promise.withResolvers<void>();
  }
}
