import { chown } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { passwordOf } from "../lab.ts";
import type { Daemon } from "../process.ts";
import type { Screen } from "../screen.ts";
import type { DesktopPeer } from "./desktop-peer.ts";
import { ClientDatabase, Desktop, desktopMsMax, desktopUser } from "./desktop.ts";

const messages = "SELECT direction FROM message WHERE body = ?";
const sent = 1;
/** How long a typed line may take; then it went to no conversation, and is typed again. */
const typedMsMax = desktopMsMax / 6;

export class DinoPeer implements DesktopPeer {
  readonly title = "Dino";
  readonly #desktop: Desktop;
  readonly #database: ClientDatabase;
  readonly #daemon: Daemon;

  private constructor(desktop: Desktop, daemon: Daemon) {
    this.#desktop = desktop;
    this.#daemon = daemon;
    this.#database = new ClientDatabase(databaseFile(desktop), daemon.logFile);
  }

  static async start({ screen, jid }: { readonly screen: Screen; readonly jid: string }): Promise<DinoPeer> {
    const desktop = await Desktop.start("dino", screen);
    await writeAccount(desktop, jid);
    return new DinoPeer(desktop, await desktop.run("dino", ["dino-im", "--print-xmpp=all"]));
  }

  get logFile(): string {
    return this.#daemon.logFile;
  }

  async keeps(body: string): Promise<{ readonly count: number; readonly sent: boolean }> {
    const found = await this.#database.has(messages, body);
    return { count: found.length, sent: found[0]?.["direction"] === sent };
  }

  /** A second Dino hands its address to the first, and ends. */
  async open(contact: string): Promise<void> {
    const { code, output } = await this.#desktop.runToEnd(["dino-im", `xmpp:${contact}?message`]);
    if (code !== 0) throw new Error(`Dino does not open ${contact}: ${output}`);
  }

  async send(contact: string, body: string): Promise<void> {
    for (const deadline = Date.now() + desktopMsMax; ;) {
      await this.#desktop.screen.type(this.title, body);
      if (await this.#database.hasWithin(typedMsMax, messages, body)) return;
      if (Date.now() > deadline) throw new Error(`what is typed does not reach ${contact}; see ${this.logFile}`);
    }
  }

  sessions(): { readonly begun: number; readonly resumed: number } {
    const log = readFileSync(this.logFile, "utf8");
    const count = (tag: string): number => log.split(`<{urn:xmpp:sm:3}:${tag} `).length - 1;
    return { begun: count("enabled"), resumed: count("resumed") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#desktop[Symbol.asyncDispose]();
  }
}

function databaseFile(desktop: Desktop): string {
  return join(desktop.home, ".local/share/dino/dino.db");
}

async function writeAccount(desktop: Desktop, jid: string): Promise<void> {
  await desktop.directory(".local/share/dino");
  {
    using database = new DatabaseSync(databaseFile(desktop));
    database.exec(`CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, bare_jid TEXT UNIQUE NOT NULL,
      resourcepart TEXT, password TEXT, alias TEXT, enabled INTEGER, roster_version TEXT, mam_earliest_synced INTEGER)`);
    const insert =
      "INSERT INTO account (bare_jid, resourcepart, password, alias, enabled) VALUES (?, 'dino', ?, '', 1)";
    database.prepare(insert).run(jid, passwordOf(jid));
  }
  await chown(databaseFile(desktop), desktopUser, desktopUser);
}
