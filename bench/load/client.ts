import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Mechanism } from "../target.ts";
import { bindInline, Device, resumeInline } from "./sasl2.ts";
import { anonymousExchange, plainExchange, scramSha1Exchange, type SaslExchange } from "./sasl.ts";

const replyMsMax = 60_000;
const NS_SM = "urn:xmpp:sm:3";

/** Where and how the load goes. */
export interface Goal {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly domain: string;
  readonly mechanism: Mechanism;
  /** Where the server's metrics are, if they tell the delay of its event loop. */
  readonly metricsPort?: number | undefined;
  /** Where it can be told to collect its garbage. */
  readonly inspectorPort?: number | undefined;
}

/**
 * A client that knows just enough XMPP to load a server: it writes templates and looks for a few strings in what comes.
 * It must cost less than what it measures.
 */
export class LoadClient {
  readonly #socket: Socket;
  readonly #goal: Goal;
  #received = "";
  #wake: (() => void) | undefined;
  #failure: Error | undefined;
  /** What a later connection can show instead of a whole handshake: the last ticket that came. */
  #ticket: Buffer | undefined;
  #resumptionId = "";
  #device = new Device();
  /** Something was written that nobody has waited for an answer to. */
  #asked = false;
  /** Times that this client has waited for what it had asked for; setting up TCP and TLS is not among them. */
  roundTrips = 0;
  jid = "";

  private constructor(socket: Socket, goal: Goal) {
    this.#socket = socket;
    this.#goal = goal;
    socket.on("data", (bytes: Buffer) => {
      this.#received += bytes.toString("latin1");
      this.#wake?.();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error(`the server closed the connection after ${this.#received}`)));
    socket.on("session", (ticket: Buffer) => (this.#ticket = ticket));
  }

  /** Connects and opens a stream. */
  static async connect(goal: Goal, ticket?: Buffer): Promise<LoadClient> {
    const client = await LoadClient.#connectSocket(goal, ticket);
    await client.#openStream();
    return client;
  }

  static async #connectSocket(goal: Goal, ticket?: Buffer): Promise<LoadClient> {
    const { host, port } = goal;
    const secure = { servername: goal.domain, rejectUnauthorized: false, ALPNProtocols: ["xmpp-client"] };
    const socket = goal.tls
      ? connectTls({ host, port, ...secure, session: ticket })
      : connectTcp({ host, port, noDelay: true });
    const client = new LoadClient(socket, goal);
    client.#ticket = ticket;
    await once(socket, goal.tls ? "secureConnect" : "connect");
    return client;
  }

  /** Connects, logs in and binds a resource. */
  static async online(goal: Goal, user: string, before?: LoadClient): Promise<LoadClient> {
    const client = await LoadClient.connect(goal, before?.ticket);
    await client.#authenticate(exchange(goal.mechanism, user));
    await client.#openStream();
    client.write(
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind></iq>",
    );
    const bound = await client.#until("</iq>");
    const jid = /<jid>([^<]+)<\/jid>/.exec(bound)?.[1];
    if (jid === undefined) throw new Error(`no resource was bound: ${bound}`);
    client.jid = jid;
    return client;
  }

  /** Lets the session outlive its connection. XEP-0198 §3. */
  async enableResumption(): Promise<void> {
    this.write(`<enable xmlns='${NS_SM}' resume='true'/>`);
    const enabled = await this.#until("<enabled", ">");
    this.#resumptionId = /\bid=['"]([^'"]+)['"]/.exec(enabled)?.[1] ?? "";
    if (this.#resumptionId === "") throw new Error(`a session that cannot be resumed: ${enabled}`);
  }

  /** Waits until the server has dealt with all that was sent on a stream with acknowledgements. XEP-0198 §4. */
  async answered(): Promise<void> {
    this.write(`<r xmlns='${NS_SM}'/>`);
    await this.#until("<a ", ">");
  }

  /** Cuts the connection, with no word of farewell, and goes on with the session on another one. XEP-0198 §5. */
  async resume(user: string): Promise<LoadClient> {
    this.destroy();
    const client = await LoadClient.connect(this.#goal, this.#ticket);
    await client.#authenticate(exchange(this.#goal.mechanism, user));
    await client.#openStream();
    client.write(`<resume xmlns='${NS_SM}' previd='${this.#resumptionId}' h='0'/>`);
    const reply = await client.#until("<", ">");
    if (!reply.includes("<resumed")) throw new Error(`a session was not resumed: ${reply}${client.#received}`);
    client.jid = this.jid;
    client.#resumptionId = this.#resumptionId;
    return client;
  }

  get ticket(): Buffer | undefined {
    return this.#ticket;
  }

  get device(): Device {
    return this.#device;
  }

  /** Whether a ticket spared a whole TLS handshake. */
  get ticketTaken(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.isSessionReused();
  }

  /**
   * Connects, and is logged in with a resource after one step: by a token where an earlier session of this device has got one,
   * else by password, asking for one. XEP-0388, 0386, 0484.
   *
   * @param before the earlier session, whose TLS ticket is shown too
   */
  static async inOneStep(goal: Goal, user: string, before?: LoadClient, resumable = false): Promise<LoadClient> {
    const client = await LoadClient.#connectSocket(goal, before?.ticket);
    client.#device = before?.device ?? client.#device;
    const success = await client.#takeOneStep(user, bindInline(resumable));
    client.jid = /<authorization-identifier>([^<]+)</.exec(success)?.[1] ?? "";
    client.#resumptionId = /<enabled[^>]*\bid=['"]([^'"]+)['"]/.exec(success)?.[1] ?? "";
    if (!success.includes("<bound")) throw new Error(`no resource was bound: ${success}`);
    return client;
  }

  /** Cuts the connection and is back in the session after one step. XEP-0198, 0388, 0484. */
  async resumeInOneStep(user: string): Promise<LoadClient> {
    this.destroy();
    const client = await LoadClient.#connectSocket(this.#goal, this.#ticket);
    client.#device = this.#device;
    const success = await client.#takeOneStep(user, resumeInline(this.#resumptionId));
    if (!success.includes("<resumed")) throw new Error(`a session was not resumed: ${success}`);
    client.jid = this.jid;
    client.#resumptionId = this.#resumptionId;
    return client;
  }

  /** Header and authentication at once: who comes back knows what the server offers. Returns `<success/>`. */
  async #takeOneStep(user: string, inline: string): Promise<string> {
    const device = this.#device;
    const authenticate = device.hasToken
      ? device.byToken(user, inline)
      : device.byPassword(user, passwordOf(user), inline);
    this.write(this.#header() + authenticate);
    await this.#until("</stream:features>");
    const reply = await this.#until("<", ">");
    if (!reply.includes("<success")) throw new Error(`log-in in one step failed: ${reply}${this.#received}`);
    const success = await this.#until("</success>");
    device.take(success);
    // There is nothing to negotiate on a stream that goes on. XEP-0388, example 9.
    if (!success.includes("<resumed")) await this.#until("</stream:features>");
    return success;
  }

  /** Makes the account, in band, on a stream that is not yet authenticated. XEP-0077 §3.1. */
  async register(user: string): Promise<void> {
    const fields = `<username>${user}</username><password>${passwordOf(user)}</password>`;
    this.write(`<iq type='set' id='reg'><query xmlns='jabber:iq:register'>${fields}</query></iq>`);
    const reply = await this.#until("<iq", ">");
    if (!/type=['"]result['"]/.test(reply)) throw new Error(`${user} was not registered: ${reply}`);
  }

  /** From now on, all that comes goes to `take`, as byte strings. */
  listen(take: (text: string) => void): void {
    this.#socket.removeAllListeners("data");
    this.#socket.on("data", (bytes: Buffer) => take(bytes.toString("latin1")));
    if (this.#received !== "") take(this.#received);
    this.#received = "";
  }

  write(text: string): void {
    this.#asked = true;
    this.#socket.write(text, "latin1");
  }

  /** Says goodbye and waits until the connection is closed. */
  async end(): Promise<void> {
    this.#socket.resume();
    // Not once(): a reset, by a server that has seen enough, is an end too.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.on("close", () => resolve());
    this.#socket.end("</stream:stream>");
    await promise;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #openStream(): Promise<void> {
    this.write(this.#header());
    await this.#until("</stream:features>");
  }

  #header(): string {
    return (
      `<?xml version='1.0'?><stream:stream to='${this.#goal.domain}' xmlns='jabber:client' ` +
      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
    );
  }

  async #authenticate(sasl: SaslExchange): Promise<void> {
    const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    this.write(`<auth ${ns} mechanism='${sasl.mechanism}'>${sasl.first}</auth>`);
    for (;;) {
      const reply = await this.#until("<", ">");
      if (reply.includes("<success")) {
        if (!reply.endsWith("/>")) await this.#until("</success>");
        return;
      }
      if (!reply.includes("<challenge")) throw new Error(`${sasl.mechanism} failed: ${reply}${this.#received}`);
      const challenge = await this.#until("</challenge>");
      this.write(`<response ${ns}>${sasl.respond(challenge.slice(0, challenge.indexOf("<")))}</response>`);
    }
  }

  /** Takes what was received up to the end of these marks, which follow one another. */
  async #until(...marks: readonly string[]): Promise<string> {
    const deadline = Date.now() + replyMsMax;
    for (;;) {
      let end = 0;
      for (const mark of marks) {
        const at = this.#received.indexOf(mark, end);
        end = at < 0 ? Infinity : at + mark.length;
      }
      if (end < Infinity) {
        const taken = this.#received.slice(0, end);
        this.#received = this.#received.slice(end);
        return taken;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() > deadline) throw new Error(`waited for ${marks.join("…")}, got ${this.#received}`);
      if (this.#asked) this.roundTrips += 1;
      this.#asked = false;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

export function passwordOf(user: string): string {
  return `pw-${user}`;
}

function exchange(mechanism: Mechanism, user: string): SaslExchange {
  switch (mechanism) {
    case "PLAIN":
      return plainExchange(user, passwordOf(user));
    case "SCRAM-SHA-1":
      return scramSha1Exchange(user, passwordOf(user));
    case "ANONYMOUS":
      return anonymousExchange();
    case "FAST":
      throw new Error("FAST is no mechanism of the old profile");
  }
}
