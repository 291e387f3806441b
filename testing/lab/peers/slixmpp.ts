import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Inbox, inTime, waitMsMax } from "../inbox.ts";
import { authorityFile, labDir, passwordOf } from "../lab.ts";
import { tail } from "../process.ts";

const program = new URL("slixmpp/peer.py", import.meta.url).pathname;
const pollMs = 100;

/** What slixmpp.py tells; which further fields an event has is said in on_… of peer.py. */
export type PeerEvent = { readonly event: string } & { readonly [field: string]: unknown };

export interface SlixmppOptions {
  readonly jid: string;
  readonly password?: string;
  /** Only this SASL mechanism; otherwise slixmpp takes the strongest it knows. */
  readonly mechanism?: string;
  /** False: never claims that it could bind to the channel ("n" instead of "y" or "p"). */
  readonly channelBinding?: boolean;
  /** The address to act as, where SASL can say so. */
  readonly authzid?: string;
  readonly tlsMax?: "TLSv1_2" | "TLSv1_3";
  readonly certificate?: string;
  readonly key?: string;
  readonly streamManagement?: boolean;
  /** For a server whose certificate is bad on purpose. */
  readonly anyCertificate?: boolean;
  /** Makes the account in band before it logs in. */
  readonly register?: boolean;
}

/** Which way a client goes to the host that its address names. */
export type Where =
  /** By the SRV records of the domain. */
  | { readonly lookUp: true }
  /** To a port of the host of that name, or of another; `direct`: TLS from the first byte instead of STARTTLS. */
  | { readonly port: number; readonly direct?: boolean; readonly host?: string };

export const startTls: Where = { port: 5222 };
export const directTls: Where = { port: 5223, direct: true };
export const lookedUp: Where = { lookUp: true };

/** The error stanza that answered an order. */
export class PeerError extends Error {
  readonly condition: string;

  constructor(condition: string, text: string) {
    super(`${condition}: ${text}`);
    this.condition = condition;
  }
}

/** A slixmpp client in a process of its own (Debian's python3). Dispose of it to cut its connection. */
export class SlixmppPeer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #logFile: string;
  readonly #domain: string;
  readonly #inbox = new Inbox<PeerEvent>();
  readonly #replies = new Map<number, (reply: PeerEvent) => void>();
  #orders = 0;

  constructor(options: SlixmppOptions) {
    this.#domain = options.jid.replace(/^.*@/, "").replace(/\/.*$/, "");
    this.#logFile = join(labDir, `slixmpp-${options.jid.replace(/\/.*$/, "")}.log`);
    const log = openSync(this.#logFile, "a");
    const given = { password: passwordOf(options.jid), ...options, authority: authorityFile };
    this.#child = spawn("/usr/bin/python3", [program, JSON.stringify(given)], { stdio: ["pipe", "pipe", log] });
    closeSync(log);
    const { stdin, stdout } = this.#child;
    if (stdin === null || stdout === null) throw new Error("the client was started without pipes");
    this.#input = stdin;
    stdin.on("error", () => {}); // it may be gone: then an order gets no reply, and says so
    createInterface({ input: stdout }).on("line", (line) => this.#told(JSON.parse(line)));
  }

  /** Starts a client, logs it in and waits until its session has begun. */
  static async online(options: SlixmppOptions, where: Where = startTls): Promise<SlixmppPeer> {
    const peer = new SlixmppPeer(options);
    try {
      await peer.connect(where);
      await peer.event("online");
      return peer;
    } catch (error) {
      await peer[Symbol.asyncDispose]();
      throw error;
    }
  }

  async connect(where: Where = startTls): Promise<void> {
    // Always by name, never by address: slixmpp checks no name in the certificate of a server that it was given by address.
    await this.order("connect", "lookUp" in where ? {} : { host: this.#domain, ...where });
  }

  /** Sends initial presence and waits until the server has dealt with it: from now on messages reach this client. */
  async available(status?: string): Promise<void> {
    await this.order("presence", { status });
    const own = await this.order("own_jid");
    await this.event("presence", (event) => event["from"] === own);
  }

  /** Tells the client to do something, see commands.py. Throws PeerError when the reply is an error stanza. */
  async order(what: string, details: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#orders;
    const { promise, resolve } = Promise.withResolvers<PeerEvent>();
    this.#replies.set(id, resolve);
    this.#input.write(`${JSON.stringify({ id, do: what, arguments: details })}\n`);
    const reply = await inTime(promise, () => this.#complaint(`no reply to ${what} ${JSON.stringify(details)}`));
    const error = reply["error"];
    if (isRecord(error)) throw new PeerError(String(error["condition"]), String(error["text"]));
    return reply["result"];
  }

  /** The next event of this name that the filter accepts. Events are kept until they are asked for, in any order. */
  async event(
    name: string,
    accept: (event: PeerEvent) => boolean = () => true,
    msMax: number = waitMsMax,
  ): Promise<PeerEvent> {
    const found = this.#inbox.take((event) => event.event === name && accept(event));
    return await inTime(found, () => this.#complaint(`no event "${name}"`), msMax);
  }

  /** Events that came and were not asked for, for saying that something did not happen. */
  seen(name: string): readonly PeerEvent[] {
    return this.#inbox.items.filter((event) => event.event === name);
  }

  /** Waits until the archive of its account has a message: the server has dealt with it, whoever sent it and went. */
  async archived(body: string): Promise<void> {
    for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
      const found = await this.order("archive");
      if (Array.isArray(found) && found.some((entry: unknown) => isRecord(entry) && entry["body"] === body)) return;
      if (Date.now() > deadline) throw new Error(this.#complaint(`"${body}" is not archived`));
    }
  }

  /** Closes the stream politely. */
  async logOut(): Promise<void> {
    await this.order("disconnect");
    await this.event("disconnected");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  #told(what: unknown): void {
    if (!isRecord(what)) throw new Error(`slixmpp said ${JSON.stringify(what)}`);
    const reply = what["reply"];
    if (typeof reply === "number") this.#replies.get(reply)?.({ event: "reply", ...what });
    else this.#inbox.add({ event: String(what["event"]), ...what });
  }

  #complaint(what: string): string {
    const others = this.#inbox.items
      .slice(-50)
      .map((event) => JSON.stringify(event))
      .join("\n");
    return `${what}\nwhat came instead, at the end:\n${others}\nlog ${this.#logFile}:\n${tail(this.#logFile)}`;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
