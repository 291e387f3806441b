import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { waitMsMax } from "../inbox.ts";
import { labDir, passwordOf } from "../lab.ts";
import { serverAddress } from "../network.ts";
import { runToEnd } from "../process.ts";

const pollMs = 100;
const tmuxMsMax = 5_000;
const size = ["-x", "140", "-y", "50"];

export interface ProfanityOptions {
  readonly jid: string;
  readonly password?: string;
  readonly directTls?: boolean;
}

/** profanity, the console client, in a terminal of tmux: typed at, and read off its screen. */
export class ProfanityPeer implements AsyncDisposable {
  readonly #session: string;

  private constructor(session: string) {
    this.#session = session;
  }

  /** Starts profanity, which logs in by itself. Does not wait until it has. */
  static async start(options: ProfanityOptions): Promise<ProfanityPeer> {
    const user = options.jid.split("@")[0] ?? "";
    const home = await mkdtemp(join(labDir, `profanity-${user}-`));
    const data = join(home, ".local/share/profanity");
    await mkdir(data, { recursive: true });
    await writeFile(join(data, "accounts"), accountFile(options));
    const peer = new ProfanityPeer(home.split("/").at(-1) ?? user);
    const program = `env HOME=${home} profanity -l DEBUG -a ${options.jid}`;
    await peer.#tmux("-f", "/dev/null", "new-session", "-d", "-s", peer.#session, ...size, program);
    return peer;
  }

  /** Starts profanity and waits until it is logged in. */
  static async online(options: ProfanityOptions): Promise<ProfanityPeer> {
    const peer = await ProfanityPeer.start(options);
    await peer.shows(new RegExp(`${options.jid}/profanity logged in successfully`));
    return peer;
  }

  /** Types a line and presses Enter. */
  async type(line: string): Promise<void> {
    await this.#tmux("send-keys", "-t", this.#session, "-l", "--", line);
    await this.#tmux("send-keys", "-t", this.#session, "Enter");
  }

  /** What the screen shows now. */
  async screen(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-t", this.#session);
  }

  /** Waits until the screen shows something, and returns the match. */
  async shows(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + waitMsMax;
    for (;;) {
      const screen = await this.screen();
      const [found] = pattern.exec(screen) ?? [];
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`profanity does not show ${pattern}:\n${screen}`);
      await sleep(pollMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-session", "-t", this.#session);
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const { output } = await runToEnd({ command: ["tmux", "-L", "lab", ...args], msMax: tmuxMsMax });
    return output;
  }
}

function accountFile(options: ProfanityOptions): string {
  return `[${options.jid}]
enabled=true
jid=${options.jid}
password=${options.password ?? passwordOf(options.jid)}
resource=profanity
server=${serverAddress}
port=${options.directTls === true ? 5223 : 5222}
tls.policy=${options.directTls === true ? "legacy" : "force"}
`;
}
