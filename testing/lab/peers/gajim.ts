import { readFileSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { passwordOf } from "../lab.ts";
import type { Daemon } from "../process.ts";
import type { Screen } from "../screen.ts";
import type { DesktopPeer } from "./desktop-peer.ts";
import { ClientDatabase, Desktop, desktopMsMax, desktopUser } from "./desktop.ts";

const account = "lab";
const pollMs = 300;

const messages = "SELECT kind FROM logs WHERE message = ?";
const sent = 6;

export class GajimPeer implements DesktopPeer {
  readonly title = "Gajim";
  readonly #desktop: Desktop;
  readonly #history: ClientDatabase;
  readonly #daemon: Daemon;

  private constructor(desktop: Desktop, daemon: Daemon) {
    this.#desktop = desktop;
    this.#daemon = daemon;
    this.#history = new ClientDatabase(join(desktop.home, ".local/share/gajim/logs.db"), daemon.logFile);
  }

  static async start({ screen, jid }: { readonly screen: Screen; readonly jid: string }): Promise<GajimPeer> {
    const desktop = await Desktop.start("gajim", screen);
    await writeSettings(desktop, jid);
    return new GajimPeer(
      desktop,
      await desktop.run("gajim", ["gajim", "--loglevel", "gajim=INFO,.nbxmpp.smacks=INFO"]),
    );
  }

  get logFile(): string {
    return this.#daemon.logFile;
  }

  async keeps(body: string): Promise<{ readonly count: number; readonly sent: boolean }> {
    const found = await this.#history.has(messages, body);
    return { count: found.length, sent: found[0]?.["kind"] === sent };
  }

  /** A second Gajim hands its address to the first, and ends. */
  async open(contact: string): Promise<void> {
    const { code, output } = await this.#desktop.runToEnd(["gajim", `xmpp:${contact}?message`]);
    if (code !== 0) throw new Error(`Gajim does not open ${contact}: ${output}`);
    await this.#desktop.screen.confirm("Start");
  }

  /** By gajim-remote, as soon as Gajim lets itself be told to. */
  async send(contact: string, body: string): Promise<void> {
    const command = ["gajim-remote", "send_chat_message", contact, body, account] as const;
    for (const deadline = Date.now() + desktopMsMax; ; await sleep(pollMs)) {
      const { code, output } = await this.#desktop.runToEnd([...command]);
      if (code === 0 && /True/.test(output)) return;
      if (Date.now() > deadline) throw new Error(`gajim-remote cannot send: ${code} ${output}`);
    }
  }

  sessions(): { readonly begun: number; readonly resumed: number } {
    const log = readFileSync(this.logFile, "utf8");
    const count = (line: string): number => log.split(line).length - 1;
    return { begun: count("Received enabled"), resumed: count("Session resumption succeeded") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#desktop[Symbol.asyncDispose]();
  }
}

/** What Gajim keeps its settings in, before its first start: one row of JSON for each kind of setting. */
async function writeSettings(desktop: Desktop, jid: string): Promise<void> {
  const [name, hostname] = jid.split("@");
  const file = join(await desktop.directory(".config/gajim"), "settings.sqlite");
  const settings = {
    app: { use_keyring: false, is_window_visible: true, remote_control: true, show_in_taskbar: false },
    soundevents: {},
    status_presets: {},
    proxies: {},
    plugins: {},
    workspaces: { "0b3d5c1e-0000-4000-8000-000000000001": { name: "Lab", color: "", avatar_sha: "", chats: [] } },
  };
  const own = {
    name,
    hostname,
    password: passwordOf(jid),
    savepass: true,
    active: true,
    autoconnect: true,
    account_label: account,
    resource: "gajim",
  };
  {
    using database = new DatabaseSync(file);
    database.exec(`CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
      CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);
      PRAGMA user_version=5`);
    const insert = database.prepare("INSERT INTO settings VALUES (?, ?)");
    for (const [kind, value] of Object.entries(settings)) insert.run(kind, JSON.stringify(value));
    const value = { account: own, contact: {}, group_chat: {} };
    database.prepare("INSERT INTO account_settings VALUES (?, ?)").run(account, JSON.stringify(value));
  }
  await chown(file, desktopUser, desktopUser);
}
