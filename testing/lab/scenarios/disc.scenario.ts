import assert from "node:assert/strict";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { CrashClient } from "#testing/crash/crash-client.ts";
import { crashConfig } from "#testing/crash/crash-config.ts";
import { runCommand, ServerProcess, type ServerPlace } from "#testing/crash/server-process.ts";
import { playTroubles } from "#testing/crash/trouble-play.ts";
import { labDir, target } from "../lab.ts";
import { runOrThrow } from "../process.ts";

const mounted: string[] = [];
after(async () => {
  for (const path of mounted) await runOrThrow({ command: ["umount", path] });
});

/** A disc of our own, in memory, below a new directory. */
async function discOf(megabytes: number): Promise<{ readonly dir: string; readonly data: string }> {
  const dir = mkdtempSync(join(labDir, "disc-"));
  const data = join(dir, "data");
  mkdirSync(data);
  await mount("-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", data);
  mounted.push(data);
  return { dir, data };
}

async function mount(...args: readonly string[]): Promise<void> {
  await runOrThrow({ command: ["mount", ...args] });
}

const pieceBytes = 4_096;
/** A server that does not start, or does not end, is a failure, not a wait. */
const timeout = 300_000;

/** Takes all space that is left, while a server takes some too. */
function fill(data: string): void {
  const ballast = openSync(join(data, "ballast"), "w");
  try {
    for (;;) writeSync(ballast, Buffer.alloc(pieceBytes, 1));
  } catch (error) {
    assert.ok(error instanceof Error && "code" in error && error.code === "ENOSPC", String(error));
  } finally {
    closeSync(ballast);
  }
}

function empty(data: string): void {
  rmSync(join(data, "ballast"));
}

function placeOn({ dir, data }: { readonly dir: string; readonly data: string }): ServerPlace {
  const configFile = join(dir, "balcony.toml");
  writeFileSync(configFile, crashConfig());
  return { configFile, dataDir: data, compileCache: join(dir, "cache") };
}

async function withServer(place: ServerPlace, work: (port: number) => Promise<void>): Promise<void> {
  const server = new ServerProcess(place);
  try {
    await work(await server.started());
  } finally {
    server.kill();
    await server.ended;
  }
}

async function logIn(port: number): Promise<void> {
  const reactions = { message: () => {}, request: () => {}, acknowledged: () => {} };
  (await CrashClient.logIn(port, "romeo", reactions)).destroy();
}

// The others keep their data in their own ways.
if (target.name === "balcony") {
  test(
    "a disc that is full: the server refuses what it cannot keep, serves what it has, and recovers",
    { timeout },
    async () => {
      const { dir, data } = await discOf(64);
      const trouble = {
        begin: () => Promise.resolve(fill(data)),
        end: () => Promise.resolve(empty(data)),
        logIn: "works",
        chat: "may-stop", // the archive is on
        detail: /full/,
      } as const;
      await playTroubles({ dir, troubles: [trouble, trouble], seed: 1 });
    },
  );

  test("a disc that is full at the start: the server serves what it has all the same", { timeout }, async () => {
    const disc = await discOf(16);
    const place = placeOn(disc);
    await withServer(place, async (port) => {
      const client = await CrashClient.connect(port);
      await client.register("romeo");
      client.destroy();
    });
    fill(disc.data);
    await withServer(place, logIn);
    empty(disc.data);
    await withServer(place, logIn);
  });

  test("a disc that is mounted read-only stops the start with one message", { timeout }, async () => {
    const disc = await discOf(16);
    const place = placeOn(disc);
    await withServer(place, async (port) => {
      const client = await CrashClient.connect(port);
      await client.register("romeo");
      client.destroy();
    });
    await mount("-o", "remount,ro", disc.data);
    const { code, err } = await runCommand(place, "start");
    assert.equal(code, 1);
    assert.match(err, /read-only/);
    assert.equal(err.trim().split("\n").length, 1, err);
    await mount("-o", "remount,rw", disc.data);
    await withServer(place, logIn);
  });
}
