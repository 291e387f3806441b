import { readFileSync } from "node:fs";
import type { Daemon } from "../process.ts";
import type { DesktopPeer } from "./desktop-peer.ts";
import type { ClientDatabase, Desktop } from "./desktop.ts";

export interface MessengerParts {
  readonly title: string;
  readonly desktop: Desktop;
  readonly daemon: Daemon;
  readonly database: ClientDatabase;
  /** Finds messages by their text; of each it says in this column whether the user sent it: then it is this. */
  readonly messages: { readonly query: string; readonly column: string; readonly sent: number };
  /** What its log says when it has begun a session, and when it has resumed one. */
  readonly says: { readonly begun: string; readonly resumed: string };
}

/** What messengers with windows have in common: what they have understood is in their database and in their log. */
export abstract class Messenger implements DesktopPeer {
  readonly title: string;
  protected readonly desktop: Desktop;
  protected readonly database: ClientDatabase;
  protected readonly messages: MessengerParts["messages"];
  readonly #daemon: Daemon;
  readonly #says: MessengerParts["says"];

  protected constructor(parts: MessengerParts) {
    this.title = parts.title;
    this.desktop = parts.desktop;
    this.database = parts.database;
    this.messages = parts.messages;
    this.#daemon = parts.daemon;
    this.#says = parts.says;
  }

  abstract readonly open: DesktopPeer["open"];
  abstract readonly send: DesktopPeer["send"];

  get logFile(): string {
    return this.#daemon.logFile;
  }

  async keeps(body: string): Promise<{ readonly count: number; readonly sent: boolean }> {
    const { query, column, sent } = this.messages;
    const found = await this.database.has(query, body);
    return { count: found.length, sent: found[0]?.[column] === sent };
  }

  sessions(): { readonly begun: number; readonly resumed: number } {
    const log = readFileSync(this.logFile, "utf8");
    const count = (line: string): number => log.split(line).length - 1;
    return { begun: count(this.#says.begun), resumed: count(this.#says.resumed) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.desktop[Symbol.asyncDispose]();
  }

  /** A second one hands the address to the first, and ends. */
  protected async handOver(program: string, contact: string): Promise<void> {
    const { code, output } = await this.desktop.runToEnd([program, `xmpp:${contact}?message`]);
    if (code !== 0) throw new Error(`${this.title} does not open ${contact}: ${output}`);
  }
}
