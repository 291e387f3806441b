import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Config } from "#server/config/config.ts";
import { parseConfig } from "#server/config/load-config.ts";
import { serverModules } from "#server/modules.generated.ts";
import { nodeEnv } from "#server/node-env.ts";
import { startServer, type RunningServer, type ServerObserver } from "#server/server.ts";

/** A server on real sockets and files, on ports of the system's choice. */
export interface StartedServer extends AsyncDisposable {
  readonly server: RunningServer;
  /** STARTTLS. */
  readonly port: number;
  /** Direct TLS. */
  readonly tlsPort: number;
  /** Of a listener of this kind. */
  readonly portOf: (kind: string) => number;
  readonly config: Config;
  readonly dataDir: string;
  readonly limitsHit: readonly string[];
  readonly log: readonly { readonly level: string; readonly text: string; readonly fields: object }[];
  /** Ends the server, and starts it anew on the same files. */
  readonly restart: () => Promise<void>;
}

/** Two hosts on loopback, with certificates of our own making. */
const twoHosts = `
[[hosts]]
domain = "montague.example"
[[hosts]]
domain = "capulet.example"
`;

const twoListeners = `
[[listeners]]
kind = "client"
addresses = ["127.0.0.1"]
port = 0
[[listeners]]
kind = "client-direct-tls"
addresses = ["127.0.0.1"]
port = 0
`;

/**
 * Starts one.
 *
 * @param toml what is to be otherwise than the hosts and listeners above; accounts have their localpart for a password
 * @param options `faster`: how many times faster timers run than real time
 */
export async function startedServer(
  toml = "",
  options: {
    readonly accounts?: readonly string[];
    readonly faster?: number;
    /** Instead of all that is above. */
    readonly config?: Config;
  } = {},
): Promise<StartedServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "balcony-server-"));
  const config = options.config ?? configOf(toml);
  const limitsHit: string[] = [];
  const log: { level: string; text: string; fields: object }[] = [];
  const line = (level: string) => (fields: object, text: string) => void log.push({ level, text, fields });
  const start = (): Promise<RunningServer> =>
    startServer({
      config,
      dataDir,
      env: hurried(options.faster ?? 1),
      log: { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") },
      observer: {
        ...silentObserver,
        limitHit: (limit) => void limitsHit.push(limit),
        connectionRefused: (limit) => void limitsHit.push(limit),
      },
    });
  // For a server that does not get as far as to be given to anybody.
  await using begun = new AsyncDisposableStack();
  begun.defer(() => rm(dataDir, { recursive: true }));
  let server = await start();
  begun.defer(() => server.stop(0));
  for (const account of options.accounts ?? ["romeo@montague.example", "juliet@capulet.example"]) {
    const jid = parseJid(account);
    if (jid === undefined) throw new Error(`${account} is no address`);
    const created = await server.core.accounts.create(bareOf(jid), account.split("@")[0] ?? "");
    if (!created.ok) throw new Error(created.text);
  }
  const owned = begun.move();
  const portOf = (kind: string): number => server.listeners.find((listener) => listener.kind === kind)?.port ?? 0;
  return {
    portOf,
    get server() {
      return server;
    },
    get port() {
      return portOf("client");
    },
    get tlsPort() {
      return portOf("client-direct-tls");
    },
    config,
    dataDir,
    limitsHit,
    log,
    restart: async () => {
      await server.stop(1_000);
      server = await start();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the server above runs with. */
export function configOf(toml: string, port = 0): Config {
  const listeners = twoListeners.replace("port = 0", `port = ${port}`);
  return parseConfig({ file: undefined, text: toml + twoHosts + listeners }, serverModules);
}

/** Counts nothing for anybody. */
export const silentObserver: ServerObserver = {
  tally: { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 },
  limitHit: ignore,
  connectionRefused: ignore,
  loginSucceeded: ignore,
  loginFailed: ignore,
  streamClosed: ignore,
  handshakeFailed: ignore,
};

function hurried(times: number): Env {
  const env = nodeEnv();
  return { ...env, setTimer: (delayMs, run) => env.setTimer(delayMs / times, run) };
}

function ignore(): void {}
