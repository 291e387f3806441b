import { chown } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { passwordOf } from "../lab.ts";
import type { Screen } from "../screen.ts";
import { ClientDatabase, Desktop, desktopMsMax, desktopUser } from "./desktop.ts";
import { Messenger } from "./messenger.ts";

/** How long a typed line may take; then it went to no conversation, and is typed again. */
const typedMsMax = desktopMsMax / 6;

export class DinoPeer extends Messenger {
  static async start({ screen, jid }: { readonly screen: Screen; readonly jid: string }): Promise<DinoPeer> {
    const desktop = await Desktop.start("dino", screen);
    await writeAccount(desktop, jid);
    const daemon = await desktop.run("dino", ["dino-im", "--print-xmpp=all"]);
    return new DinoPeer({
      title: "Dino",
      desktop,
      daemon,
      database: new ClientDatabase(databaseFile(desktop), daemon.logFile),
      messages: { query: "SELECT direction FROM message WHERE body = ?", column: "direction", sent: 1 },
      says: { begun: "<{urn:xmpp:sm:3}:enabled ", resumed: "<{urn:xmpp:sm:3}:resumed " },
    });
  }

  readonly open = async (contact: string): Promise<void> => await this.handOver("dino-im", contact);

  readonly send = async (contact: string, body: string): Promise<void> => {
    for (const deadline = Date.now() + desktopMsMax; ;) {
      await this.desktop.screen.type(this.title, body);
      if ((await this.database.within(typedMsMax, this.messages.query, body)).length > 0) return;
      if (Date.now() > deadline) throw new Error(`what is typed does not reach ${contact}; see ${this.logFile}`);
    }
  };
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
