import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { startControl } from "#server/control/control-server.ts";
import { withFiles } from "#server/control/with-files.ts";
import { defaultConfig } from "#server/config/config.ts";
import { compileCacheFor } from "#testing/crash/server-process.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { silentLog } from "#testing/silent-log.ts";

const root = join(import.meta.dirname, "..");

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-loaded-"));
});

after(() => rm(directory, { recursive: true }));

/** Has a process say at its end what it has loaded: a line each, behind this word. */
const word = "loaded ";
const recorder = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  import { writeFileSync } from "node:fs";
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  process.on("exit", () => writeFileSync(2, loaded.map((url) => "\\n${word}" + url).join("")));
`)}`;

/** The modules that Node.js loads when it is called like this, from the root of the project or as packages; and how it ends. */
async function loadedBy(
  args: readonly string[],
): Promise<{ readonly loaded: readonly string[]; readonly code: unknown; readonly said: string }> {
  const child = spawn(process.execPath, ["--import", recorder, ...args], {
    cwd: root,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCacheFor(directory) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "close");
  const said = await text(child.stderr);
  const [code] = await ended;
  const loaded = said
    .split("\n")
    .filter((line) => line.startsWith(word))
    .map((line) => line.slice(word.length))
    .map((url) => url.replace(/^.*\/node_modules\//u, "").replace(`file://${root}/`, ""));
  return { loaded, code, said };
}

/** What a program loads which imports these files. */
async function loadedWith(...files: readonly string[]): Promise<readonly string[]> {
  const program = `for (const file of ${JSON.stringify(files)}) await import(file); process.exit();`;
  const { loaded, code, said } = await loadedBy(["--input-type=module", "-e", program]);
  assert.equal(code, 0, said);
  return loaded;
}

function packagesOf(loaded: readonly string[]): ReadonlySet<string> {
  return new Set(loaded.map((name) => /^(?:@[^/]+\/)?[^/]+/u.exec(name)?.[0] ?? name));
}

/** What only some configurations use, or what only some hours of a server do. */
const others = [
  "acme-client",
  "axios",
  "node-forge",
  "pg",
  "prom-client",
  "@opentelemetry/api",
  "@peculiar/x509",
  "reflect-metadata",
  "node:http",
  "node:https",
] as const;

test("a server with its default configuration loads nothing that it does not use", async () => {
  const loaded = await loadedWith(
    "./cli/start.ts",
    "#server/storage/sqlite/sqlite-store.ts",
    "#server/http/monitor.ts",
  );
  const packages = packagesOf(loaded);
  assert.deepEqual(
    others.filter((name) => packages.has(name)),
    [],
  );
  assert.ok(loaded.length < 900, `${loaded.length} modules`);
  assert.ok(packages.has("zod") && loaded.includes("server/server.ts"), "what it uses is seen");
});

test("a thread of SQLite loads what reads and writes rows, and no library", async () => {
  const thread = new Set(
    await loadedWith("#server/storage/sqlite/sqlite-writer.ts", "#server/storage/sqlite/sqlite-text-index.ts"),
  );
  assert.ok(thread.has("server/storage/sqlite/sqlite-writer.ts"));
  const libraries = [...packagesOf([...thread])].filter((name) => !/^(?:node:|protocol$|kit$|server$)/u.test(name));
  assert.deepEqual(libraries, []);
  assert.ok(thread.size < 60, `${thread.size} modules`);
});

/** What a server is made of, and what reads its configuration. */
const ofTheServer =
  /^(?:im|xep|kit\/(?:host|server-module)|server\/(?!control\/|version\.ts$|(?:config\/config|tls\/certificate)-error\.ts$)|pino|smol-toml|node:sqlite)/u;

test("help loads no command, and a command that asks a server loads none of its parts", async () => {
  const dataDir = join(directory, "data");
  await mkdir(dataDir, { mode: 0o700 });
  const server = new MemoryAdministration();
  const [config, features] = [() => defaultConfig(), []];
  const administration = withFiles({ server, configFile: undefined, dataDir, config, features, running: undefined });
  const stopped = join(dataDir, "stopped");
  await using _control = await startControl({ dataDir, administration, log: silentLog });
  for (const { line, code, modulesMax, has } of [
    { line: ["--help"], code: 0, modulesMax: 40, has: "server/control/commands.ts" },
    { line: ["user", "--help"], code: 0, modulesMax: 40, has: "server/control/commands.ts" },
    { line: ["status", "--data", dataDir], code: 0, modulesMax: 200, has: "server/control/commands/status.ts" },
    { line: ["status", "--data", stopped], code: 4, modulesMax: 200, has: "server/control/commands/status.ts" },
    { line: ["user", "list", "--data", dataDir], code: 0, modulesMax: 200, has: "server/control/commands/users.ts" },
  ]) {
    const shown = `balcony ${line.join(" ")}`;
    const { loaded, code: found, said } = await loadedBy(["cli/main.ts", ...line]);
    assert.equal(found, code, said);
    assert.deepEqual(
      loaded.filter((name) => ofTheServer.test(name)),
      [],
      shown,
    );
    assert.ok(loaded.length < modulesMax, `${shown}: ${loaded.length} modules`);
    const commandFiles = loaded.filter((name) => name.startsWith("server/control/commands"));
    assert.deepEqual(commandFiles, [...new Set(["server/control/commands.ts", has])], shown);
  }
});
