import { once } from "node:events";
import { SocketClient } from "#testing/socket-client.ts";
import { inTime, waitMsMax } from "../inbox.ts";
import { passwordOf } from "../lab.ts";

const clientPort = 5222;
const messagesAtOnce = 100;

/** A client that only writes messages and reads bodies: fast enough not to be what is waited for. */
export class RawClient implements Disposable {
  readonly jid: string;
  readonly #client: SocketClient;
  readonly #bodies: string[] = [];
  readonly #returned = new Map<string, string>();
  #rest = "";
  #came = Promise.withResolvers<void>();

  private constructor(jid: string, client: SocketClient) {
    this.jid = jid;
    this.#client = client;
    client.socket.on("data", (bytes: Buffer) => this.#read(bytes.toString()));
  }

  /** Logs in by STARTTLS and PLAIN and becomes available. */
  static async online(
    jid: string,
    { host, resource = "raw" }: { readonly host?: string; readonly resource?: string } = {},
  ): Promise<RawClient> {
    const [user = "", domain = ""] = jid.split("@");
    const client = await SocketClient.tcp(clientPort, host ?? domain);
    client.open(domain);
    await client.until(/<\/stream:features>/u);
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await client.until(/<proceed[^>]*>/u);
    await client.startTls(domain);
    await client.logIn(user, domain, passwordOf(jid), resource);
    client.send("<presence/>");
    return new RawClient(`${jid}/${resource}`, client);
  }

  /** How many bodies have come. */
  get heardSoFar(): number {
    return this.#bodies.length;
  }

  /** Conditions of the errors that came back, by the id of what was sent: of a message its body. */
  get returned(): ReadonlyMap<string, string> {
    return this.#returned;
  }

  /** Waits until something that came makes it true. */
  async until(isTrue: () => boolean, explain: () => string, msMax = waitMsMax): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isTrue()) await this.#came.promise;
    };
    await inTime(wait(), explain, msMax);
  }

  send(xml: string): void {
    this.#client.send(xml);
  }

  /** Sends messages "PREFIX 0", "PREFIX 1", … as fast as they are taken; `bytes` more of something in each. */
  async flood(to: string, count: number, prefix: string, bytes = 0): Promise<void> {
    const ballast = bytes === 0 ? "" : `<ballast xmlns='lab:ballast'>${"x".repeat(bytes)}</ballast>`;
    for (let from = 0; from < count; from += messagesAtOnce) {
      const numbers = Array.from({ length: Math.min(messagesAtOnce, count - from) }, (_, index) => from + index);
      const texts = numbers.map(
        (n) => `<message to='${to}' type='chat' id='${prefix} ${n}'><body>${prefix} ${n}</body>${ballast}</message>`,
      );
      if (!this.#client.socket.write(texts.join(""))) await once(this.#client.socket, "drain");
    }
  }

  /** Waits until so many bodies have come, and returns them. What came back as an error is a failure. */
  async heard(count: number, msMax: number): Promise<readonly string[]> {
    const explain = (): string => `${this.#bodies.length} of ${count} came, the last: ${this.#bodies.at(-1)}`;
    await this.until(() => this.#bodies.length >= count || this.#returned.size > 0, explain, msMax);
    const [first] = this.#returned;
    if (first !== undefined) throw new Error(`${this.#returned.size} came back: ${first.join(": ")}`);
    return this.#bodies;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  #read(text: string): void {
    const input = this.#rest + text;
    let end = 0;
    for (const found of input.matchAll(/<(message|iq|presence)\b(?:[^>]*\/>|.*?<\/\1>)/gsu)) {
      const [stanza] = found;
      end = found.index + stanza.length;
      const [header = ""] = /^[^>]*>/u.exec(stanza) ?? [];
      const body = /<body>([^<]*)<\/body>/u.exec(stanza)?.[1];
      if (/ type=['"]error['"]/u.test(header)) this.#returned.set(attribute(header, "id"), conditionOf(stanza));
      else if (body !== undefined) this.#bodies.push(body);
    }
    this.#rest = input.slice(end);
    this.#came.resolve();
    this.#came = Promise.withResolvers<void>();
  }
}

function attribute(tag: string, name: string): string {
  return new RegExp(` ${name}=['"]([^'"]*)['"]`, "u").exec(tag)?.[1] ?? "";
}

/** The condition of an error stanza. */
export function conditionOf(stanza: string): string {
  return /<([a-z-]+) xmlns=['"]urn:ietf:params:xml:ns:xmpp-stanzas/u.exec(stanza)?.[1] ?? stanza;
}

/** The bodies of what {@link RawClient.flood} sends, in order. */
export function floodOf(count: number, prefix: string): readonly string[] {
  return Array.from({ length: count }, (_, number) => `${prefix} ${number}`);
}
