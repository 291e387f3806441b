import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ComponentAccount } from "../target.ts";
import { labDir } from "../lab.ts";
import { componentAddress, ircAddress } from "../network.ts";
import { Daemon, tail } from "../process.ts";

/** Channels that the IRC server always has. */
export const ircChannels = { "#balcony": "what is to be seen from up there", "#orchard": "below" } as const;

/** biboumi, a gateway to IRC, as a component of the server under test; and the IRC server that it leads to (ngircd). */
export class Biboumi implements AsyncDisposable {
  readonly #irc: Daemon;
  readonly #command: readonly [string, ...string[]];
  readonly #logFile: string;
  #gateway: Daemon;

  private constructor(irc: Daemon, gateway: Daemon, command: readonly [string, ...string[]], logFile: string) {
    this.#irc = irc;
    this.#gateway = gateway;
    this.#command = command;
    this.#logFile = logFile;
  }

  static async start({ domain, secret }: ComponentAccount): Promise<Biboumi> {
    const dir = await mkdtemp(join(labDir, "biboumi-"));
    const ircConfig = join(dir, "ngircd.conf");
    await writeFile(ircConfig, ircServer());
    const irc = await Daemon.start({
      command: ["ngircd", "-n", "-f", ircConfig],
      logFile: join(dir, "ngircd.log"),
      listens: [{ host: ircAddress, port: 6667 }],
    });
    const config = join(dir, "biboumi.cfg");
    const logFile = join(dir, "biboumi.log");
    const settings = {
      hostname: domain,
      password: secret,
      xmpp_server_ip: componentAddress,
      port: 5347,
      db_name: join(dir, "biboumi.sqlite"),
      log_level: 0,
      identd_port: 0,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    await writeFile(config, `${lines.join("\n")}\n`);
    const command = ["biboumi", config] as const;
    const gateway = await Daemon.start({ command: [...command], logFile, listens: [] });
    return new Biboumi(irc, gateway, command, logFile);
  }

  /** Ends the gateway in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#gateway.signal("SIGKILL");
    await this.#gateway.stop();
  }

  async startAgain(): Promise<void> {
    this.#gateway = await Daemon.start({ command: [...this.#command], logFile: this.#logFile, listens: [] });
  }

  logTail(): string {
    return tail(this.#logFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway.stop();
    await this.#irc.stop();
  }
}

function ircServer(): string {
  const channels = Object.entries(ircChannels).map(([name, topic]) => `[Channel]\nName=${name}\nTopic=${topic}\n`);
  return `[Global]
Name=irc.test
Info=lab
Listen=${ircAddress}
Ports=6667
ServerUID=nobody
ServerGID=nogroup
[Limits]
MaxConnectionsIP=0
[Options]
DNS=no
Ident=no
PAM=no
${channels.join("")}`;
}
