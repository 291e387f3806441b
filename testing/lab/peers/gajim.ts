import { chown } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { passwordOf } from "../lab.ts";
import type { Screen } from "../screen.ts";
import { ClientDatabase, Desktop, desktopMsMax, desktopUser } from "./desktop.ts";
import { Messenger } from "./messenger.ts";

const account = "lab";
const pollMs = 300;

const settingsFile = ".config/gajim/settings.sqlite";
/** Conversations that are open. */
const openChats = "SELECT 1 FROM settings WHERE name = 'workspaces' AND instr(settings, ?) > 0";
/** How long it may take until an opened conversation is in the settings. */
const openMsMax = 20_000;

export class GajimPeer extends Messenger {
  static async start({ screen, jid }: { readonly screen: Screen; readonly jid: string }): Promise<GajimPeer> {
    const desktop = await Desktop.start("gajim", screen);
    await writeSettings(desktop, jid);
    const daemon = await desktop.run("gajim", ["gajim", "--loglevel", "gajim=INFO,.nbxmpp.smacks=INFO"]);
    return new GajimPeer({
      title: "Gajim",
      desktop,
      daemon,
      database: new ClientDatabase(join(desktop.home, ".local/share/gajim/logs.db"), daemon.logFile),
      messages: { query: "SELECT kind FROM logs WHERE message = ?", column: "kind", sent: 6 },
      says: { begun: "Received enabled", resumed: "Session resumption succeeded" },
    });
  }

  /**
   * The first dialogue offers the user's own notes until it has looked for the contact: what was opened is looked up in its
   * settings, and asked for again where that is another conversation.
   */
  readonly open = async (contact: string): Promise<void> => {
    const settings = new ClientDatabase(join(this.desktop.home, settingsFile), this.logFile);
    for (const deadline = Date.now() + desktopMsMax; ;) {
      await this.handOver("gajim", contact);
      await this.desktop.screen.confirm("Start");
      if ((await settings.within(openMsMax, openChats, contact)).length > 0) return;
      if (Date.now() > deadline) throw new Error(`Gajim does not open the conversation with ${contact}`);
    }
  };

  /** By gajim-remote, as soon as Gajim lets itself be told to. */
  readonly send = async (contact: string, body: string): Promise<void> => {
    const command = ["gajim-remote", "send_chat_message", contact, body, account] as const;
    for (const deadline = Date.now() + desktopMsMax; ; await sleep(pollMs)) {
      const { code, output } = await this.desktop.runToEnd([...command]);
      if (code === 0 && /True/.test(output)) return;
      if (Date.now() > deadline) throw new Error(`gajim-remote cannot send: ${code} ${output}`);
    }
  };
}

/** What Gajim keeps its settings in, before its first start: one row of JSON for each kind of setting. */
async function writeSettings(desktop: Desktop, jid: string): Promise<void> {
  const [name, hostname] = jid.split("@");
  await desktop.directory(dirname(settingsFile));
  const file = join(desktop.home, settingsFile);
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
