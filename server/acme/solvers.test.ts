import assert from "node:assert/strict";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import { makeChallengeCertificate } from "./certificate-request.ts";
import { dnsHookSolver } from "./dns-hook.ts";
import { httpListenerSolver, webrootSolver } from "./http-solver.ts";
import { AcmeError } from "./solver.ts";
import { SharedChallenges } from "../tls/shared-challenges.ts";
import { tlsAlpnSolver } from "./tls-alpn-solver.ts";

const challenge = { name: "example.org", token: "token-of-the-authority", keyAuthorization: "token.thumbprint" };
const addresses = ["127.0.0.1"];
const { signal } = new AbortController();
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-acme-"));
});

after(() => rm(directory, { recursive: true }));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("http-01 shows one file to whoever asks for it, nothing else, and only meanwhile", async () => {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}/.well-known/acme-challenge`;
  {
    await using _shown = await httpListenerSolver({ addresses, port }).present(challenge, signal);
    assert.equal(await (await fetch(`${base}/${challenge.token}`)).text(), challenge.keyAuthorization);
    for (const path of ["", "/other", `/${challenge.token}/..`])
      assert.equal((await fetch(base + path)).status, 404, path);
    assert.equal((await fetch(`${base}/${challenge.token}`, { method: "POST" })).status, 404);
  }
  await assert.rejects(fetch(`${base}/${challenge.token}`));
});

test("a port that another program has is told with the key that would change it", async () => {
  await using taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await assert.rejects(httpListenerSolver({ addresses, port }).present(challenge, signal), (error) => {
    assert(error instanceof AcmeError);
    assert.match(error.message, /another program has this port; .* \(\[acme\] http_port\)/);
    return true;
  });
});

test("the files of a webroot come and go, and one that cannot be written to says so", async () => {
  const file = join(directory, ".well-known", "acme-challenge", challenge.token);
  {
    await using _shown = await webrootSolver(directory).present(challenge, signal);
    assert.equal(await readFile(file, "utf8"), challenge.keyAuthorization);
  }
  await assert.rejects(readFile(file), { code: "ENOENT" });
  await writeFile(join(directory, "no-directory"), "");
  await assert.rejects(
    webrootSolver(join(directory, "no-directory")).present(challenge, signal),
    /cannot write .*\(\[acme\] webroot\)/,
  );
});

test("tls-alpn-01 shows its certificate to who speaks acme-tls/1, and nothing to others", async () => {
  const port = await freePort();
  const place = { addresses, port, shared: new SharedChallenges(), directPorts: [5223] };
  await using _shown = await tlsAlpnSolver(place, makeChallengeCertificate).present(challenge, signal);
  const shake = async (protocols: string[]): Promise<X509Certificate | undefined> => {
    const socket = connect({
      port,
      host: "127.0.0.1",
      servername: challenge.name,
      ALPNProtocols: protocols,
      rejectUnauthorized: false,
    });
    try {
      await once(socket, "secureConnect");
      assert.equal(socket.alpnProtocol, "acme-tls/1");
      return socket.getPeerX509Certificate();
    } finally {
      socket.destroy();
    }
  };
  const shown = await shake(["acme-tls/1"]);
  assert.equal(shown?.subjectAltName, "DNS:example.org");
  // id-pe-acmeIdentifier (1.3.6.1.5.5.7.1.31), critical, RFC 8737 §3.
  const identifier = Buffer.from("06082b0601050507011f0101ff0422", "hex");
  assert.ok(shown.raw.includes(identifier));
  await assert.rejects(shake(["xmpp-client"]));
});

async function hook(name: string, script: string): Promise<string> {
  const program = join(directory, name);
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return program;
}

test("the program for dns-01 gets its arguments as they are, a small environment, and is called again to clean up", async () => {
  const calls = join(directory, "calls");
  const program = await hook(
    "hook",
    `for word in "$@"; do echo "$word"; done >>'${calls}'; env | cut -d= -f1 >>'${calls}.env'`,
  );
  process.env["SECRET_OF_THE_SERVER"] = "hunter2";
  const cleanups: string[] = [];
  const solver = dnsHookSolver({ program, secondsMax: 20, cleanupFailed: (reason) => cleanups.push(reason) });
  {
    // An authority cannot make a shell do anything.
    await using _made = await solver.present({ ...challenge, keyAuthorization: "$(touch x); 'y'" }, signal);
  }
  delete process.env["SECRET_OF_THE_SERVER"];
  const words = ["example.org", "_acme-challenge.example.org", "$(touch x); 'y'"];
  assert.deepEqual((await readFile(calls, "utf8")).trim().split("\n"), ["present", ...words, "cleanup", ...words]);
  assert.doesNotMatch(await readFile(`${calls}.env`, "utf8"), /SECRET/);
  assert.deepEqual(cleanups, []);
});

for (const { name, script, says } of [
  {
    name: "fails",
    script: "echo no such zone >&2; exit 3",
    says: /present ended with exit code 3, saying: no such zone/,
  },
  { name: "is killed", script: "kill -9 $$", says: /present ended with SIGKILL/ },
  { name: "takes too long", script: "sleep 60 & wait", says: /present was killed after 1 seconds/ },
]) {
  test(`a program for dns-01 that ${name} is an error that says so, and what it may have left is cleaned up`, async () => {
    const cleaned = join(directory, `cleaned-${name}`);
    const program = await hook(`hook-${name}`, `if [ "$1" = cleanup ]; then touch '${cleaned}'; exit 0; fi\n${script}`);
    const solver = dnsHookSolver({ program, secondsMax: 1, cleanupFailed: assert.fail });
    await assert.rejects(solver.present(challenge, signal), says);
    await readFile(cleaned);
  });
}

test("a program for dns-01 that is not there, or cannot clean up, is told", async () => {
  const missing = dnsHookSolver({ program: join(directory, "missing"), secondsMax: 1, cleanupFailed: () => {} });
  await assert.rejects(missing.present(challenge, signal), /cannot be run: .*ENOENT/);
  const failures: string[] = [];
  const program = await hook("hook-dirty", '[ "$1" = present ]');
  const dirty = dnsHookSolver({ program, secondsMax: 20, cleanupFailed: (reason) => failures.push(reason) });
  await (await dirty.present(challenge, signal))[Symbol.asyncDispose]();
  assert.equal(failures.length, 1);
  assert.match(failures[0] ?? "", /cleanup ended with exit code 1/);
});

test("a program for dns-01 ends when the server stops", async () => {
  await mkdir(join(directory, "stops"));
  const program = await hook("hook-stops", 'if [ "$1" = present ]; then sleep 60; fi');
  const stopping = new AbortController();
  const made = dnsHookSolver({ program, secondsMax: 60, cleanupFailed: () => {} }).present(challenge, stopping.signal);
  setTimeout(() => stopping.abort(), 50);
  await assert.rejects(made, /because the server stops/);
});
