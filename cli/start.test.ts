import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { connect as connectTcp } from "node:net";
import { connect } from "node:tls";
import { z } from "zod";
import { lockSqliteFile } from "#server/storage/sqlite/sqlite-file.ts";
import { generateSelfSigned } from "#server/tls/self-signed.ts";
import { compileCacheFor } from "#testing/crash/server-process.ts";

const main = join(import.meta.dirname, "main.ts");
const jsonLine = z.looseObject({ text: z.string(), level: z.string() });

let directory: string;
let dataDir: string;
let config: string;
const children = new Set<ChildProcess>();
let next = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-start-"));
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
});

after(() => rm(directory, { recursive: true }));

/** A data directory and a balcony.toml of its own, with free ports on loopback. */
async function newPlace(more = ""): Promise<void> {
  dataDir = join(directory, `data${next}`);
  config = join(directory, `balcony${next++}.toml`);
  await writeFile(config, `http.enabled = false\n${more}\n${listener("client")}${listener("client-direct-tls")}`);
}

function listener(kind: string): string {
  return `[[listeners]]\nkind = "${kind}"\naddresses = ["127.0.0.1"]\nport = 0\n`;
}

interface Running {
  readonly child: ChildProcess;
  /** The log and what else is on the standard output, line by line. */
  readonly lines: string[];
  readonly errors: () => string;
  readonly ended: Promise<number | string | null>;
}

function launch(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args, "--config", config, "--data", dataDir], {
    env: { ...process.env, BALCONY_PROGRAM: "./balcony", NODE_COMPILE_CACHE: compileCacheFor(directory) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.add(child);
  const lines: string[] = [];
  let rest = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    child.emit("told");
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = once(child, "close").then(([code, signal]: (number | string | null)[]) => {
    children.delete(child);
    return code ?? signal ?? null;
  });
  return { child, lines, errors: () => errors, ended };
}

async function command(line: string, input = "") {
  const running = launch(...line.split(" "));
  running.child.stdin?.end(input);
  const code = await running.ended;
  return { code, out: running.lines.join("\n"), err: running.errors() };
}

async function started(): Promise<Running> {
  const running = launch("start");
  await logged(running, "started");
  return running;
}

/** Waits for an event in the log; fails when the server ends before. */
async function logged(running: Running, text: string) {
  const find = () => running.lines.map((line) => jsonLine.parse(JSON.parse(line))).find((line) => line.text === text);
  for (;;) {
    const line = find();
    if (line !== undefined) return line;
    const code = await Promise.race([once(running.child, "told"), running.ended.then(() => "ended" as const)]);
    if (code === "ended" && find() === undefined) assert.fail(`no "${text}" before the end: ${running.errors()}`);
  }
}

test("a server is started, administered, reloaded and stopped", async () => {
  await newPlace();
  assert.equal((await command("status")).code, 4);

  const server = await started();
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);

  const status = await command("status --json");
  assert.equal(status.code, 0);
  const found = z.object({ pid: z.int(), configFile: z.string() }).parse(JSON.parse(status.out));
  assert.deepEqual(found, { pid: server.child.pid, configFile: config });

  assert.equal((await command("user add romeo@localhost", "wherefore art\n")).code, 0);
  assert.match((await command("user add romeo@localhost", "wherefore art\n")).err, /romeo@localhost/);
  assert.match((await command("user list")).out, /^romeo@localhost +0/m);
  assert.match((await command("log tail")).out, /started/);

  const second = await command("start");
  assert.equal(second.code, 5);
  assert.match(second.err, /a server runs in .* already; see: \.\/balcony status/);
  assert.equal((await command("status")).code, 0, "the second server did no harm to the first");

  await writeFile(
    config,
    `${await readFile(config, "utf8")}\n[log]\nlevel = "debug"\n[limits.stream]\ndepth_max = 20\n`,
  );
  const reload = await command("config reload");
  assert.equal(reload.out, "changed: log.level\nwaits for a restart: limits.stream.depth_max");

  await writeFile(config, "[log]\nlevle = 1\n");
  const broken = await command("config reload");
  assert.equal(broken.code, 3);
  assert.match(broken.err, /balcony\d+\.toml:2: unknown key "levle" in \[log\]; did you mean "level"\?/);
  server.child.kill("SIGHUP");
  assert.equal((await logged(server, "not reloaded; the old configuration stays in force")).level, "error");

  server.child.kill("SIGTERM");
  assert.equal(await server.ended, 0);
  await logged(server, "stopped");
  assert.match(server.errors(), /Create a user +\.\/balcony user add romeo@localhost --config .* --data /);
  assert.match(server.errors(), /self-signed for localhost/);
  assert(!server.lines.join("\n").includes("wherefore"), "A52 the password is not in the log");
});

test("SIGHUP takes a renewed certificate over, and open connections stay", async () => {
  const files = { certificate: join(directory, "crt.pem"), key: join(directory, "key.pem") };
  const renew = async () => {
    const made = await generateSelfSigned("montague.example", Date.now());
    await writeFile(files.certificate, made.certificate);
    await writeFile(files.key, made.key);
  };
  await renew();
  await newPlace(`[[hosts]]\ndomain = "montague.example"\ncertificate = "crt.pem"\nkey = "key.pem"`);
  const server = await started();
  const status = await command("status --json");
  const { listeners } = z
    .object({ listeners: z.array(z.object({ kind: z.string(), port: z.int() })) })
    .parse(JSON.parse(status.out));
  const port = listeners.find(({ kind }) => kind === "client-direct-tls")?.port ?? 0;
  const fingerprint = async () => {
    const socket = connect({ port, host: "127.0.0.1", servername: "montague.example", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return { socket, fingerprint: socket.getPeerX509Certificate()?.fingerprint256 };
  };
  const old = await fingerprint();
  await renew();
  server.child.kill("SIGHUP");
  const line = await logged(server, "reloaded");
  assert.deepEqual(line["certificates"], ["montague.example"]);
  const fresh = await fingerprint();
  assert.notEqual(fresh.fingerprint, old.fingerprint);
  assert.equal(old.socket.destroyed, false);
  old.socket.destroy();
  fresh.socket.destroy();
  server.child.kill("SIGINT");
  assert.equal(await server.ended, 0);
});

test("hosts come and go while the server runs: by command, and by an edited file", async () => {
  await newPlace(`[[hosts]]\ndomain = "montague.example"`);
  const server = await started();
  const warning = server.lines.find((line) => line.includes("no other server can connect"));
  assert.match(warning ?? "", /"level":"warn".*"lines":\["\[\[listeners\]\]","kind = 'server'","port = 5269",/);
  const served = async () => {
    const status = await command("status --json");
    const { hosts } = z.object({ hosts: z.array(z.object({ domain: z.string() })) }).parse(JSON.parse(status.out));
    return hosts.map(({ domain }) => domain);
  };
  const added = await command("host add capulet.example --registration open");
  assert.equal(added.code, 0);
  assert.match(added.out, /^added capulet\.example to .*; the server serves it$/);
  assert.deepEqual(await served(), ["montague.example", "capulet.example"]);
  assert.equal((await command("user add juliet@capulet.example", "what is in a name\n")).code, 0);

  const unsure = await command("host remove capulet.example");
  assert.equal(unsure.code, 2);
  assert.match(unsure.err, /Remove capulet\.example\? 1 account will not be reachable; .* Say so with --yes\./);
  const removed = await command("host remove capulet.example --yes");
  assert.match(removed.out, /^removed capulet\.example from .*; 1 account kept in the store$/);
  assert.deepEqual(await served(), ["montague.example"]);

  await writeFile(config, `${await readFile(config, "utf8")}\n[[hosts]]\ndomain = "capulet.example"\n`);
  assert.equal((await command("config reload")).out, "new certificate: capulet.example\nhost added: capulet.example");
  assert.match((await command("user list capulet.example")).out, /^juliet@capulet\.example/m);

  const wiped = await command("host remove capulet.example --wipe --yes --json");
  assert.equal(z.object({ deleted: z.int() }).parse(JSON.parse(wiped.out)).deleted, 1);
  const last = await command("host remove montague.example --yes");
  assert.equal(last.code, 1);
  assert.match(last.err, /montague\.example is the only host/);
  server.child.kill("SIGTERM");
  assert.equal(await server.ended, 0);
});

test("a second signal ends it at once, whatever it still waits for", async () => {
  await newPlace("shutdown.seconds_max = 300\nlimits.stream.negotiation_seconds_max = false");
  const server = await started();
  const status = z
    .object({ listeners: z.array(z.object({ port: z.int() })) })
    .parse(JSON.parse((await command("status --json")).out));
  // A client that opened a stream and does not answer the closing tag is what a polite stop waits for.
  const client = connectTcp(status.listeners[0]?.port ?? 0, "127.0.0.1");
  client.on("error", () => {});
  client.write(
    "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  );
  await once(client, "data");
  server.child.kill("SIGTERM");
  await logged(server, "stopping");
  server.child.kill("SIGTERM");
  assert.equal(await server.ended, "SIGTERM");
  client.destroy();
});

test("without a running server, accounts are made in its store, which it finds when it starts", async () => {
  await newPlace();
  assert.equal((await command("user add romeo@localhost", "wherefore art\n")).code, 0);
  const notRunning = await command("user sessions");
  assert.equal(notRunning.code, 4);
  assert.match(notRunning.err, /the server does not run; start it with: balcony start/);
  const server = await started();
  assert.match((await command("user list")).out, /^romeo@localhost /m);
  server.child.kill("SIGTERM");
  assert.equal(await server.ended, 0);
});

test("a command waits for a store that is another's for a moment, and so does a server", async () => {
  await newPlace();
  assert.equal((await command("user add romeo@localhost", "wherefore art\n")).code, 0);
  const told = "Another server or a command works on the store; waiting for it.\n";
  const lock = lockSqliteFile(join(dataDir, "balcony.sqlite"));
  const waiting = launch("user", "list");
  const server = launch("start");
  while (waiting.errors() !== told) await once(waiting.child.stderr ?? assert.fail(), "data");
  await logged(server, "another server or a command works on the store; waiting for it");
  lock[Symbol.dispose]();
  // Whichever of them has it first: over the control socket, or ahead of the server.
  assert.equal(await waiting.ended, 0, waiting.errors());
  assert.match(waiting.lines.join("\n"), /^romeo@localhost /m);
  await logged(server, "started");
  server.child.kill("SIGTERM");
  assert.equal(await server.ended, 0);
});

for (const { name, text, code, says } of [
  {
    name: "wrong configuration",
    text: "[log]\nlevel = 'loud'",
    code: 3,
    says: /balcony\d+\.toml:\d+: log\.level is "loud"/,
  },
  {
    name: "certificate that is not there",
    text: '[[hosts]]\ndomain = "montague.example"\ncertificate = "no.pem"\nkey = "no.pem"',
    code: 3,
    says: /montague\.example: cannot read the certificate .*no\.pem: there is no such file/,
  },
  { name: "damaged database", text: 'storage.file = "damaged.sqlite"', code: 1, says: /damaged\.sqlite/ },
]) {
  test(`a ${name} stops the start with one message`, async () => {
    await writeFile(
      join(directory, "damaged.sqlite"),
      "this is no database, but it is long enough to be looked at".repeat(100),
    );
    await newPlace(text);
    const { code: found, err } = await command("start");
    assert.equal(found, code, err);
    assert.match(err, says);
    assert.equal(err.trim().split("\n").length, 1, err);
  });
}
