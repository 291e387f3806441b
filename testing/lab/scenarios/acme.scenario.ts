import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import { execFile } from "node:child_process";
import { balconyListens } from "../balcony-process.ts";
import { labDir } from "../lab.ts";
import { serverAddress } from "../network.ts";
import { Pebble } from "../pebble.ts";
import { Daemon } from "../process.ts";

const launcher = new URL("../../../balcony", import.meta.url).pathname;
const waitMsMax = 60_000;
/** What is shown of a log when something did not happen. */
const logCharsMax = 3_000;

/** A server of its own, which asks pebble for certificates. */
class Served implements AsyncDisposable {
  readonly dir: string;
  readonly #daemon: Daemon;

  private constructor(dir: string, daemon: Daemon) {
    this.dir = dir;
    this.#daemon = daemon;
  }

  static async start(config: string, directPort = 5223): Promise<Served> {
    const dir = await mkdtemp(join(labDir, "server-acme-"));
    await writeFile(join(dir, "balcony.toml"), config);
    const place = ["--config", join(dir, "balcony.toml"), "--data", join(dir, "data")];
    const daemon = await Daemon.start({
      command: [launcher, "start", ...place],
      logFile: join(dir, "server.log"),
      listens: balconyListens({ dir, address: serverAddress }, [5222, directPort]),
    });
    return new Served(dir, daemon);
  }

  async command(
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
    const { promise, resolve } = Promise.withResolvers<{ code: number; out: string; err: string }>();
    const place = ["--config", join(this.dir, "balcony.toml"), "--data", join(this.dir, "data")];
    const child = execFile(launcher, [...words, ...place], (_, out, err) =>
      resolve({ code: child.exitCode ?? 1, out, err }),
    );
    return promise;
  }

  log(): Promise<string> {
    return readFile(join(this.dir, "server.log"), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
  }
}

function config(pebble: Pebble, acme: string, hosts = '[[hosts]]\ndomain = "ours.test"\nacme = true\n'): string {
  return `${hosts}
[[listeners]]
kind = "client"
addresses = ["${serverAddress}"]
port = 5222
[[listeners]]
kind = "client-direct-tls"
addresses = ["${serverAddress}"]
port = 5223
[http]
enabled = false
# Connections that are only looked at stay as long as a test looks at them.
[limits.stream]
negotiation_seconds_max = 600
[log]
level = "debug"
format = "json"
[acme]
terms_agreed = true
directory = "${pebble.directory}"
authorities = "${pebble.authority}"
addresses = ["${serverAddress}"]
${acme}
`;
}

async function shown(
  name = "ours.test",
  port = 5223,
): Promise<{ readonly socket: TLSSocket; readonly names: string; readonly issuer: string; readonly serial: string }> {
  const socket = connect({ host: serverAddress, port, servername: name, rejectUnauthorized: false });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  const certificate = socket.getPeerX509Certificate();
  return {
    socket,
    names: certificate?.subjectAltName ?? "",
    issuer: certificate?.issuer ?? "",
    serial: certificate?.serialNumber ?? "",
  };
}

/** Once a certificate is shown that pebble has issued, other than one before. */
async function issued(
  server: Served,
  name = "ours.test",
  not = "",
  port = 5223,
): Promise<{ readonly names: string; readonly serial: string }> {
  for (const end = Date.now() + waitMsMax; Date.now() < end; await sleep(200)) {
    const { socket, issuer, names, serial } = await shown(name, port);
    socket.destroy();
    if (issuer.includes("Pebble") && serial !== not) return { names, serial };
  }
  throw new Error(
    `no certificate of pebble is shown for ${name}; the log ends with\n${(await server.log()).slice(-logCharsMax)}`,
  );
}

/** Once somebody has changed something. */
async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (const end = Date.now() + waitMsMax; Date.now() < end; await sleep(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen`);
}

describe("certificates by ACME", () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await Pebble.start({ validSeconds: 7_776_000 });
  });
  after(() => pebble[Symbol.asyncDispose]());

  test("a host and its sub-domains get one by http-01, streams stay, and what is kept is for the server's eyes only", async () => {
    const hosts =
      '[[hosts]]\ndomain = "ours.test"\nacme = true\nacme_names = ["conference.ours.test", "bücher.ours.test"]\n';
    await using server = await Served.start(config(pebble, 'challenge = "http-01"', hosts));
    const early = await shown();
    const { names } = await issued(server);
    assert.deepEqual(names.split(", ").toSorted(), [
      "DNS:conference.ours.test",
      "DNS:ours.test",
      "DNS:xn--bcher-kva.ours.test",
    ]);
    const below = await shown("conference.ours.test");
    assert.match(below.issuer, /Pebble/);
    below.socket.destroy();
    assert.equal(early.socket.destroyed, false);
    const directory = join(server.dir, "data", "acme");
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    const kept = await readdir(directory);
    for (const file of kept) assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600, file);
    assert.ok(kept.some((file) => /^account-[0-9a-f]{16}\.key\.pem$/.test(file)));
    const list = await server.command("certificate", "list");
    assert.match(list.out, /ours\.test .*acme +Pebble Intermediate CA .*(89|90) days +\d{4}-\d{2}-\d{2}/);
    assert.doesNotMatch(await server.log(), /BEGIN [A-Z ]*PRIVATE KEY/);
    await assert.rejects(fetch(`http://${serverAddress}/`), "port 80 is open only while the authority is expected");
    early.socket.destroy();
  });

  test("a name that cannot be proven says why and what to do, the old certificate stays, and a renewal goes on afterwards", async () => {
    await using server = await Served.start(config(pebble, "http_port = 80"));
    const { serial } = await issued(server);
    const edit = async (from: string, to: string) => {
      const file = join(server.dir, "balcony.toml");
      await writeFile(file, (await readFile(file, "utf8")).replace(from, to));
      assert.equal((await server.command("config", "reload")).code, 0);
    };
    await edit("http_port = 80", "http_port = 8099");
    const failed = await server.command("certificate", "renew", "ours.test");
    assert.equal(failed.code, 1);
    assert.match(failed.out, /the authority could not see that ours\.test is ours: .*connection refused/i);
    assert.match(
      failed.out,
      /port 80 of every address that DNS has for ours\.test must lead to port 8099 of this machine/,
    );
    assert.match((await server.command("certificate", "list")).out, /failed once, again \d{4}/);
    assert.match(await server.log(), /no new certificate could be had; what there is stays in use/);
    assert.equal((await issued(server)).serial, serial);
    await edit("http_port = 8099", "http_port = 80");
    const renewed = await server.command("certificate", "renew", "ours.test");
    assert.equal(renewed.code, 0, renewed.out);
    assert.match(
      renewed.out,
      /ours\.test: proving ours\.test by http-01\n.*\n.*\n.*issued, good until \d{4}.*\n.*a new certificate is in use/,
    );
    await issued(server, "ours.test", serial);
    assert.doesNotMatch((await server.command("certificate", "list")).out, /failed/);
  });

  test("a failed attempt is remembered over a restart, so that an authority is not asked too often", async () => {
    const toml = config(pebble, "http_port = 8099");
    const server = await Served.start(toml);
    const failures = await until(async () => {
      const text = await readFile(join(server.dir, "data", "acme", "ours.test.failures.json"), "utf8").catch(() => "");
      return text === "" ? undefined : text;
    }, "a failure");
    await server[Symbol.asyncDispose]();
    assert.equal(Object(JSON.parse(failures)).count, 1);
    const place = ["--config", join(server.dir, "balcony.toml"), "--data", join(server.dir, "data")];
    await using _again = await Daemon.start({
      command: [launcher, "start", ...place],
      logFile: join(server.dir, "again.log"),
      listens: balconyListens({ dir: server.dir, address: serverAddress }, [5223]),
    });
    const { out } = await server.command("certificate", "list");
    assert.match(out, /ours\.test .*self-signed .*failed once, again/);
    assert.doesNotMatch(await readFile(join(server.dir, "again.log"), "utf8"), /ordering a certificate/);
  });

  test("by tls-alpn-01", async () => {
    await using server = await Served.start(config(pebble, 'challenge = "tls-alpn-01"'));
    assert.equal((await issued(server)).names, "DNS:ours.test");
  });

  test("by tls-alpn-01 on a port where clients come as well, and these notice nothing", async () => {
    const toml = config(pebble, 'challenge = "tls-alpn-01"').replace("port = 5223", "port = 443");
    await using server = await Served.start(toml, 443);
    const first = await issued(server, "ours.test", "", 443);
    const progress = { isOver: false };
    const renewing = server.command("certificate", "renew", "ours.test").finally(() => (progress.isOver = true));
    const serials = new Set<string>();
    while (!progress.isOver) {
      const { socket, issuer, serial } = await shown("ours.test", 443);
      socket.destroy();
      assert.match(issuer, /Pebble/);
      serials.add(serial);
      await sleep(20);
    }
    const { code, out } = await renewing;
    assert.equal(code, 0, out);
    assert.ok(serials.has(first.serial), "clients came while the name was being proven");
    await issued(server, "ours.test", first.serial, 443);
  });

  test("by dns-01, with a program that makes the records and takes them away, and for all sub-domains at once", async () => {
    const { program, calls } = await pebble.dnsHook();
    const hosts = '[[hosts]]\ndomain = "ours.test"\nacme = true\nacme_names = ["*.ours.test"]\n';
    await using server = await Served.start(config(pebble, `challenge = "dns-01"\ndns_hook = "${program}"`, hosts));
    assert.deepEqual((await issued(server)).names.split(", ").toSorted(), ["DNS:*.ours.test", "DNS:ours.test"]);
    const called = (await readFile(calls, "utf8")).trim().split("\n");
    assert.equal(called.length, 4);
    for (const [at, line] of called.entries())
      assert.match(line, /^(present|cleanup) ours\.test _acme-challenge\.ours\.test [\w-]{43}$/, String(at));
  });

  for (const { name, script, says } of [
    {
      name: "fails",
      script: "#!/bin/sh\necho no such zone >&2\nexit 7\n",
      says: /ended with exit code 7, saying: no such zone/,
    },
    { name: "hangs", script: "#!/bin/sh\nsleep 600\n", says: /was killed after 1 seconds/ },
  ]) {
    test(`a program for dns-01 that ${name} is told with what it says`, async () => {
      const program = join(pebble.dir, `hook-${name}`);
      await writeFile(program, script, { mode: 0o755 });
      const acme = `challenge = "dns-01"\ndns_hook = "${program}"\ndns_hook_seconds_max = 1`;
      await using server = await Served.start(config(pebble, acme));
      const failed = await server.command("certificate", "renew", "ours.test");
      assert.equal(failed.code, 1);
      assert.match(failed.out, says);
      const { socket, issuer } = await shown();
      socket.destroy();
      assert.match(issuer, /self-signed/);
    });
  }

  test("by files that another web server shows", async () => {
    const webroot = join(pebble.dir, "webroot");
    await mkdir(webroot);
    await using web = createServer((request, response) => {
      readFile(join(webroot, new URL(request.url ?? "/", "http://x").pathname)).then(
        (file) => response.end(file),
        () => response.writeHead(404).end(),
      );
    });
    web.listen(80, serverAddress);
    await once(web, "listening");
    await using server = await Served.start(config(pebble, `webroot = "${webroot}"`));
    await issued(server);
    assert.deepEqual(await readdir(join(webroot, ".well-known", "acme-challenge")), []);
  });

  test("a host that is added while the server runs gets one too", async () => {
    await using server = await Served.start(config(pebble, ""));
    await issued(server);
    assert.equal((await server.command("host", "add", "second.test", "--acme")).code, 0);
    assert.equal((await issued(server, "second.test")).names, "DNS:second.test");
  });
});

describe("certificates by ACME that are good for half a minute", () => {
  test("are renewed in time by themselves, and open streams notice nothing; without the authority the last one stays", async () => {
    const pebble = await Pebble.start({ validSeconds: 30 });
    await using server = await Served.start(config(pebble, ""));
    const first = await issued(server);
    const open = await shown();
    const second = await issued(server, "ours.test", first.serial);
    assert.notEqual(second.serial, first.serial);
    assert.equal(open.socket.destroyed, false);
    open.socket.destroy();
    await pebble[Symbol.asyncDispose]();
    await until(
      async () => /cannot reach the authority at localhost:14000: .*ECONNREFUSED/.test(await server.log()) || undefined,
      "an attempt without an authority",
    );
    const last = await shown();
    last.socket.destroy();
    assert.match(last.issuer, /Pebble/);
  });
});
