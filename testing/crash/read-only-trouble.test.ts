import { equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CrashClient } from "./crash-client.ts";
import { crashConfig } from "./crash-config.ts";
import { compileCacheFor, runCommand, ServerProcess, type ServerPlace } from "./server-process.ts";

const dir = mkdtempSync(join(tmpdir(), "balcony-read-only-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const configFile = join(dir, "balcony.toml");
writeFileSync(configFile, crashConfig());

/** Root may write anywhere, unless these two of its privileges are taken away. */
const asAnybody =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] : ([] as const);

const placeNamed = (name: string): ServerPlace => ({
  configFile,
  dataDir: join(dir, name),
  compileCache: compileCacheFor(dir),
  prefix: asAnybody,
});

/** A data directory in which a server has run, with an account. */
async function used(name: string, end: "stopped" | "killed"): Promise<ServerPlace> {
  const place = placeNamed(name);
  const server = new ServerProcess(place);
  const client = await CrashClient.connect(await server.started());
  await client.register("romeo");
  client.destroy();
  if (end === "stopped") await server.stop();
  else {
    server.kill();
    await server.ended;
  }
  return place;
}

async function refusesToStart(place: ServerPlace, says: RegExp): Promise<void> {
  const { code, err } = await runCommand(place, "start");
  equal(code, 1, err);
  match(err, says);
  equal(err.trim().split("\n").length, 1, err);
}

async function startsWithRomeo(place: ServerPlace): Promise<void> {
  const server = new ServerProcess(place);
  try {
    const reactions = { message: () => {}, request: () => {}, acknowledged: () => {} };
    (await CrashClient.logIn(await server.started(), "romeo", reactions)).destroy();
  } finally {
    await server.stop();
  }
}

test("a data directory that cannot be made stops the start with one message", async () => {
  mkdirSync(join(dir, "closed"), { mode: 0o500 });
  await refusesToStart(placeNamed("closed/data"), /cannot make the data directory .*EACCES/);
});

for (const { name, end, file, mode } of [
  { name: "the data directory", end: "stopped", file: "", mode: 0o700 },
  { name: "the database file", end: "stopped", file: "balcony.sqlite", mode: 0o600 },
  { name: "the write-ahead log of a server that was killed", end: "killed", file: "balcony.sqlite-wal", mode: 0o600 },
] as const)
  test(`not writable: ${name}; the start is stopped, and later all is as before`, async () => {
    const place = await used(`${end}-${file}`, end);
    const path = join(place.dataDir, file);
    chmodSync(path, 0o500);
    const before = readdirSync(place.dataDir);
    await refusesToStart(place, /cannot open .*balcony\.sqlite: .* may not be written to by this user/);
    equal(readdirSync(place.dataDir).join(), before.join(), "nothing was made beside it");
    chmodSync(path, mode);
    await startsWithRomeo(place);
  });

test("a server whose data directory becomes unwritable while it runs goes on with the files that it has", async () => {
  const place = placeNamed("running");
  const server = new ServerProcess(place);
  const port = await server.started();
  chmodSync(place.dataDir, 0o500);
  const client = await CrashClient.connect(port);
  await client.register("romeo");
  client.destroy();
  equal((await runCommand(place, "status")).code, 0);
  ok(server.errors.length === 0, server.log);
  server.kill();
  await server.ended;
  await refusesToStart(place, /may not be written to by this user/);
  chmodSync(place.dataDir, 0o700);
  await startsWithRomeo(place);
});
