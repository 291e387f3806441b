import { readFileSync } from "node:fs";
import { chown, mkdtemp, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { labDir, passwordOf } from "../lab.ts";
import { Terminal } from "./terminal.ts";

/** It refuses to run as root. */
const nobody = 65_534;

/** poezio, a console client made of slixmpp. */
export class PoezioPeer implements AsyncDisposable {
  readonly #terminal: Terminal;
  readonly #logFile: string;

  private constructor(terminal: Terminal, logFile: string) {
    this.#terminal = terminal;
    this.#logFile = logFile;
  }

  /** Starts poezio, which finds the server by its SRV record, and waits until it is logged in. */
  static async online(options: { readonly jid: string }): Promise<PoezioPeer> {
    const home = await mkdtemp(join(labDir, `poezio-${options.jid.split("@")[0]}-`));
    const config = join(home, "poezio.cfg");
    const logFile = join(home, "debug.log");
    await writeFile(config, configFile(options.jid, home));
    for (const path of [home, config]) await chown(path, nobody, nobody);
    const asNobody = `setpriv --reuid=${nobody} --regid=${nobody} --clear-groups`;
    const command = `env HOME=${home} ${asNobody} poezio -f ${config} -d ${logFile}`;
    const peer = new PoezioPeer(await Terminal.start(basename(home), command), logFile);
    await peer.shows(/Your JID is/);
    return peer;
  }

  /** Opens the conversation with a contact by a message, from the list of contacts: there a slash begins a command. */
  async open(contact: string, message: string): Promise<void> {
    await this.#terminal.press("/");
    await this.#terminal.gone(/Enter commands with/);
    await this.type(`message ${contact} "${message}"`);
  }

  async type(line: string): Promise<void> {
    await this.#terminal.type(line);
  }

  async screen(): Promise<string> {
    return await this.#terminal.screen();
  }

  async shows(pattern: RegExp): Promise<string> {
    return await this.#terminal.shows(pattern);
  }

  /** How often its log says that it has begun a session, and that it has resumed one. */
  sessions(): { readonly begun: number; readonly resumed: number } {
    const log = readFileSync(this.#logFile, "utf8");
    const count = (tag: string): number => log.split(`RECV: <${tag} xmlns="urn:xmpp:sm:3"`).length - 1;
    return { begun: count("enabled"), resumed: count("resumed") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal[Symbol.asyncDispose]();
  }
}

function configFile(jid: string, home: string): string {
  return `[Poezio]
jid = ${jid}/poezio
password = ${passwordOf(jid)}
ca_cert_path = /etc/ssl/certs/ca-certificates.crt
log_dir = ${home}/logs
enable_smacks = true
`;
}
