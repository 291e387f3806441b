import { equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startPostgresServer } from "#testing/postgres-server.ts";
import { CrashClient } from "./crash-client.ts";
import { crashConfig } from "./crash-config.ts";
import { compileCacheFor, runCommand, ServerProcess } from "./server-process.ts";
import { playTroubles } from "./trouble-play.ts";

const postgres = await startPostgresServer();
const dir = mkdtempSync(join(tmpdir(), "balcony-postgres-"));
after(async () => {
  await postgres[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

const { host, user, database } = postgres.connection;

function storage(schemaOwner = user): string {
  const url = `postgresql://${schemaOwner}@localhost/${database}?host=${encodeURIComponent(host)}`;
  return `\n[storage]\nkind = "postgresql"\nurl = "${url}"\n`;
}

function placeOf(name: string, toml: string) {
  const place = { configFile: join(dir, `${name}.toml`), dataDir: join(dir, name), compileCache: compileCacheFor(dir) };
  writeFileSync(place.configFile, toml);
  return place;
}

test("a server keeps its accounts in the PostgreSQL database that balcony.toml names", async () => {
  const place = placeOf("named", crashConfig() + storage());
  const password = "password of paris";
  // Without a running server the command opens the database itself.
  const added = await runCommand({ ...place, input: `${password}\n` }, "user", "add", "paris@localhost");
  equal(added.code, 0, added.err);
  const server = new ServerProcess(place);
  try {
    const client = await CrashClient.logIn(await server.started(), "paris", {
      message: () => {},
      request: () => {},
      acknowledged: () => {},
    });
    client.destroy();
    const { out } = await runCommand(place, "status", "--json");
    match(out, /"store":\{"kind":"postgresql","ok":true\}/);
    match((await runCommand(place, "user", "list")).out, /^paris@localhost/m);
    const second = await runCommand(placeOf("second", crashConfig() + storage()), "start");
    equal(second.code, 1);
    match(second.err, /another server works on the schema "balcony" of this PostgreSQL database/);
  } finally {
    await server.stop();
  }
  const checked = await runCommand(place, "check", "--json");
  match(checked.out, /postgresql/i);
});

for (const { name, toml, says } of [
  { name: "a user that does not exist", toml: storage("nobody-we-know"), says: /PostgreSQL: .*"nobody-we-know".*/ },
  {
    name: "a server that does not run",
    toml: `\n[storage]\nkind = "postgresql"\nurl = "postgresql://balcony@127.0.0.1:1/balcony"\n`,
    says: /PostgreSQL: .*ECONNREFUSED/,
  },
])
  test(`${name} stops the start with one message`, async () => {
    const { code, err } = await runCommand(placeOf("wrong", crashConfig() + toml), "start");
    equal(code, 1);
    match(err, says);
    equal(err.trim().split("\n").length, 1, err);
  });

test("a server whose PostgreSQL is killed and started again says so, refuses, recovers by itself and loses nothing", async () => {
  const trouble = {
    begin: () => postgres.murder(),
    end: () => postgres.start(),
    logIn: "refused",
    chat: "may-stop",
    detail: /PostgreSQL/,
  } as const;
  const place = join(dir, "trouble");
  await playTroubles({ dir: place, toml: storage(), troubles: [trouble, trouble], seed: 1 });
});
