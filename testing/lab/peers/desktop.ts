import { chown, mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { labDir } from "../lab.ts";
import { Daemon, runToEnd, tail, type Finished, type Listening } from "../process.ts";
import type { Screen } from "../screen.ts";

/** Programs with windows start slowly, the more so on a machine that does other things too. */
export const desktopMsMax = 90_000;
const pollMs = 200;
/** nobody: some clients refuse to run as root. */
export const desktopUser = 65_534;

/** A home directory of nobody's with a session bus, and programs with windows that run there. */
export class Desktop implements AsyncDisposable {
  readonly home: string;
  readonly screen: Screen;
  readonly #running: Daemon[] = [];

  private constructor(home: string, screen: Screen) {
    this.home = home;
    this.screen = screen;
  }

  static async start(name: string, screen: Screen): Promise<Desktop> {
    const desktop = new Desktop(await mkdtemp(join(labDir, `${name}-`)), screen);
    await chown(desktop.home, desktopUser, desktopUser);
    await desktop.directory("run");
    const bus = { path: desktop.#busSocket };
    await desktop.run("dbus", ["dbus-daemon", "--session", "--nofork", `--address=unix:path=${bus.path}`], [bus]);
    return desktop;
  }

  /** Makes a directory of the user's, with all above it. */
  async directory(path: string): Promise<string> {
    let made = this.home;
    for (const part of path.split("/")) {
      made = join(made, part);
      await mkdir(made, { recursive: true, mode: 0o700 });
      await chown(made, desktopUser, desktopUser);
    }
    return made;
  }

  /** Starts a program that goes on until it is stopped, and waits until it listens where it should. */
  async run(
    name: string,
    command: readonly [string, ...string[]],
    listens: readonly Listening[] = [],
  ): Promise<Daemon> {
    const logFile = join(this.home, `${name}.log`);
    const daemon = await Daemon.start({ ...this.#asUser(command), logFile, listens });
    this.#running.push(daemon);
    return daemon;
  }

  async runToEnd(command: readonly [string, ...string[]]): Promise<Finished> {
    return await runToEnd(this.#asUser(command));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#running.splice(0).toReversed()) await daemon.stop();
  }

  get #busSocket(): string {
    return join(this.home, "run/bus");
  }

  #asUser(command: readonly [string, ...string[]]): Pick<Parameters<typeof runToEnd>[0], "command" | "environment"> {
    return {
      command: [
        "nice",
        "-n",
        "5",
        "setpriv",
        `--reuid=${desktopUser}`,
        `--regid=${desktopUser}`,
        "--clear-groups",
        ...command,
      ],
      environment: {
        HOME: this.home,
        XDG_RUNTIME_DIR: join(this.home, "run"),
        DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.#busSocket}`,
        DISPLAY: this.screen.display,
        GDK_BACKEND: "x11",
        GSK_RENDERER: "cairo",
        LIBGL_ALWAYS_SOFTWARE: "1",
        GSETTINGS_BACKEND: "memory",
        NO_AT_BRIDGE: "1",
        GTK_A11Y: "none",
      },
    };
  }
}

type Rows = readonly Readonly<Record<string, SQLOutputValue>>[];

/** A client's own database, read while the client writes it. */
export class ClientDatabase {
  readonly #file: string;
  readonly #logFile: string;

  constructor(file: string, logFile: string) {
    this.#file = file;
    this.#logFile = logFile;
  }

  /** Waits until a query finds something. */
  async has(query: string, ...values: readonly string[]): Promise<Rows> {
    const rows = await this.within(desktopMsMax, query, ...values);
    if (rows.length > 0) return rows;
    throw new Error(`nothing in ${this.#file} for ${query} ${values.join()}; log:\n${tail(this.#logFile, 60)}`);
  }

  /** What a query finds in that time: the first that it finds, or nothing. */
  async within(ms: number, query: string, ...values: readonly string[]): Promise<Rows> {
    for (const deadline = Date.now() + ms; ; await sleep(pollMs)) {
      const rows = this.#rows(query, values);
      if (rows.length > 0 || Date.now() > deadline) return rows;
    }
  }

  /** What is there now; nothing while there is no such table yet, or the client is writing. */
  #rows(query: string, values: readonly string[]): Rows {
    try {
      using database = new DatabaseSync(this.#file, { readOnly: true, timeout: 5_000 });
      return database.prepare(query).all(...values);
    } catch {
      return [];
    }
  }
}
