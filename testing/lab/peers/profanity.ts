import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { labDir, passwordOf } from "../lab.ts";
import { serverAddress } from "../network.ts";
import { Terminal } from "./terminal.ts";

export interface ProfanityOptions {
  readonly jid: string;
  readonly password?: string;
  readonly directTls?: boolean;
  readonly resource?: string;
}

/** Starts profanity, the console client, which logs in by itself. Does not wait until it has. */
export async function startProfanity(options: ProfanityOptions): Promise<Terminal> {
  const user = options.jid.split("@")[0] ?? "";
  const home = await mkdtemp(join(labDir, `profanity-${user}-`));
  const data = join(home, ".local/share/profanity");
  await mkdir(data, { recursive: true });
  await writeFile(join(data, "accounts"), accountFile(options));
  return await Terminal.start(basename(home), `env HOME=${home} profanity -l DEBUG -a ${options.jid}`);
}

/** Starts profanity and waits until it is logged in. */
export async function profanityOnline(options: ProfanityOptions): Promise<Terminal> {
  const terminal = await startProfanity(options);
  await terminal.shows(new RegExp(`${options.jid}/${options.resource ?? "profanity"} logged in successfully`));
  return terminal;
}

function accountFile(options: ProfanityOptions): string {
  return `[${options.jid}]
enabled=true
jid=${options.jid}
password=${options.password ?? passwordOf(options.jid)}
resource=${options.resource ?? "profanity"}
server=${serverAddress}
port=${options.directTls === true ? 5223 : 5222}
tls.policy=${options.directTls === true ? "legacy" : "force"}
`;
}
