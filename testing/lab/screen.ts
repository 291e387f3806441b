import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { required } from "./environment.ts";
import { labDir } from "./lab.ts";
import { Daemon, runToEnd } from "./process.ts";
import { png } from "./png.ts";

const [width, height] = [1024, 768];
// The network and /tmp/.X11-unix are the lab's own: this number collides with nobody's.
const displayNumber = 1;
const pollMs = 100;
const windowMsMax = 90_000;
const confirmMs = 1_000;
const stillMs = 500;
const stillMsMax = 20_000;
/** A blinking cursor is less than this share of the picture; a word is more. */
const cursorShare = 0.000_2;

/** What is on a screen at one moment. */
interface Picture {
  readonly width: number;
  readonly height: number;
  /** Three bytes a pixel, row by row from the top. */
  readonly rgb: Buffer;
}

/** What was on a screen at one moment, kept as a PNG. */
export interface Shot extends Picture {
  readonly file: string;
  readonly colours: number;
}

/** A screen in memory, for programs with windows. There is no window manager: a window covers all or nothing. */
export class Screen implements AsyncDisposable {
  readonly #server: Daemon;
  readonly #dir: string;
  readonly display = `:${displayNumber}`;

  private constructor(server: Daemon, dir: string) {
    this.#server = server;
    this.#dir = dir;
  }

  static async start(): Promise<Screen> {
    const dir = await mkdtemp(join(labDir, "screen-"));
    const size = ["-screen", "0", `${width}x${height}x24`];
    const server = await Daemon.start({
      // Without its lock file in /tmp, which is shared with the world outside; -ac: the programs run as another user.
      command: ["Xvfb", `:${displayNumber}`, "-nolock", "-ac", "-nolisten", "tcp", ...size, "-fbdir", dir],
      logFile: join(dir, "xvfb.log"),
      listens: [{ path: `/tmp/.X11-unix/X${displayNumber}` }],
    });
    return new Screen(server, dir);
  }

  /** Waits until the picture stands still, and keeps it under this name. */
  async shoot(name: string): Promise<Shot> {
    const picture = await this.#still();
    const folder = required("LAB_ARTEFACTS");
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${name}.png`);
    await writeFile(file, png(picture));
    const colours = new Set<number>();
    for (let at = 0; at < picture.rgb.length; at += 3) colours.add(picture.rgb.readUIntBE(at, 3));
    return { ...picture, file, colours: colours.size };
  }

  /** The titles of the windows that can be seen. */
  async titles(): Promise<readonly string[]> {
    const titles: string[] = [];
    for (const window of await this.#windows(".")) titles.push(await this.#tool("getwindowname", window));
    return titles;
  }

  /** Waits for a window of this title, and gives it the whole screen and the keyboard. */
  async show(title: string): Promise<void> {
    const window = await this.#window(title);
    await this.#tool("windowmove", window, "0", "0", "windowsize", window, String(width), String(height));
    await this.#tool("windowfocus", window);
  }

  /** Types a line into the window of this title, in place of what was being typed there, and Enter. */
  async type(title: string, line: string): Promise<void> {
    await this.show(title);
    await this.#tool("key", "ctrl+a");
    await this.#tool("type", "--delay", "20", line);
    await this.#tool("key", "Return");
  }

  /** Waits for a dialogue of this title, until it stands still, and presses Enter until it is gone. */
  async confirm(title: string): Promise<void> {
    await this.#window(title);
    await this.#still();
    for (const deadline = Date.now() + windowMsMax; ; await sleep(confirmMs)) {
      const [window] = await this.#windows(title);
      if (window === undefined) return;
      if (Date.now() > deadline) throw new Error(`the window "${title}" does not go away`);
      await this.#tool("windowfocus", window);
      await this.#tool("key", "Return");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }

  async #still(): Promise<Picture> {
    let picture = await this.#look();
    for (const deadline = Date.now() + stillMsMax; Date.now() < deadline;) {
      await sleep(stillMs);
      const before = picture;
      picture = await this.#look();
      if (difference(before, picture) < cursorShare) break;
    }
    return picture;
  }

  async #look(): Promise<Picture> {
    return decodeXwd(await readFile(join(this.#dir, "Xvfb_screen0")));
  }

  async #window(title: string): Promise<string> {
    for (const deadline = Date.now() + windowMsMax; ; await sleep(pollMs)) {
      const [window] = await this.#windows(title);
      if (window !== undefined) return window;
      if (Date.now() > deadline) throw new Error(`no window "${title}", only: ${(await this.titles()).join(", ")}`);
    }
  }

  async #windows(title: string): Promise<readonly string[]> {
    const found = await this.#tool("search", "--onlyvisible", "--name", `^${title}`);
    return found.split("\n").filter((line) => line !== "");
  }

  /** xdotool exits with 1 also when it has found nothing. */
  async #tool(...args: readonly string[]): Promise<string> {
    const { output } = await runToEnd({
      command: ["xdotool", ...args],
      environment: { DISPLAY: this.display },
    });
    return output.trim();
  }
}

/** The frame buffer as Xvfb keeps it in a file: an X window dump, 32 bits a pixel, blue first. */
function decodeXwd(dump: Buffer): Picture {
  const field = (index: number): number => dump.readUInt32BE(index * 4);
  const [headerBytes, columns, rows, lineBytes, colours] = [field(0), field(4), field(5), field(12), field(19)];
  if (field(11) !== 32 || field(7) !== 0) throw new Error("Xvfb keeps its picture in a way that is not known here");
  const from = headerBytes + colours * 12;
  const rgb = Buffer.alloc(columns * rows * 3);
  for (let row = 0, to = 0; row < rows; row += 1) {
    for (let at = from + row * lineBytes, end = at + columns * 4; at < end; at += 4, to += 3) {
      rgb[to] = dump.readUInt8(at + 2);
      rgb[to + 1] = dump.readUInt8(at + 1);
      rgb[to + 2] = dump.readUInt8(at);
    }
  }
  return { width: columns, height: rows, rgb };
}

/** The share of the pixels, 0 to 1, that are not the same. */
export function difference(one: Picture, other: Picture): number {
  let count = 0;
  for (let at = 0; at < one.rgb.length; at += 3)
    if (one.rgb.compare(other.rgb, at, at + 3, at, at + 3) !== 0) count += 1;
  return (count * 3) / one.rgb.length;
}
