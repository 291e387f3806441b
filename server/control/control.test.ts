import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { accountAddress, domainName } from "#kit/administration-values.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { LogFields } from "#kit/log.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { defaultConfig } from "../config/config.ts";
import { LogRing } from "../log-ring.ts";
import { connectControl, type RemoteAdministration } from "./control-client.ts";
import { AlreadyRunningError } from "./already-running-error.ts";
import { startControl } from "./control-server.ts";
import { ControlPathError, controlDirectory, controlSocket } from "./control-path.ts";
import { withFiles } from "./with-files.ts";

const romeo = accountAddress.parse("romeo@montague.example");
const never = new AbortController().signal;

let parent: string;
let dataDir: string;
let memory: MemoryAdministration;
let ring: LogRing;
let server: AsyncDisposable | undefined;
let logged: LogFields[];
let next = 0;

before(async () => {
  parent = await mkdtemp(join(tmpdir(), "balcony-control-"));
});

after(() => rm(parent, { recursive: true }));

beforeEach(async () => {
  dataDir = join(parent, String(next++));
  await mkdir(dataDir);
  memory = new MemoryAdministration();
  ring = new LogRing(100);
  logged = [];
  server = undefined;
});

afterEach(async () => server?.[Symbol.asyncDispose]());

async function start(): Promise<void> {
  const log = (fields: LogFields): void => void logged.push(fields);
  const administration = withFiles({
    server: memory,
    configFile: undefined,
    dataDir,
    config: () => defaultConfig(),
    features: [],
    running: { ring, reload: () => Promise.reject(new TypeError("a bug")) },
  });
  server = await startControl({ dataDir, administration, log: { debug: log, info: log, warn: log, error: log } });
}

async function client(): Promise<RemoteAdministration> {
  const administration = await connectControl(dataDir);
  assert(administration !== undefined);
  return administration;
}

describe("over the control socket", () => {
  test("an operation is done and answered", async () => {
    await start();
    await using administration = await client();
    assert.deepEqual(await administration.addAccount({ address: romeo, password: "wherefore art" }), {
      address: romeo,
    });
    assert.equal(memory.passwords.get(romeo), "wherefore art");
    assert.deepEqual(await administration.listAccounts({ host: domainName.parse("montague.example") }), {
      accounts: [{ address: romeo, sessions: 0 }],
      total: 1,
    });
  });

  test("a refusal keeps its code and its words", async () => {
    await start();
    await using administration = await client();
    await assert.rejects(administration.deleteAccount({ address: romeo }), (error) => {
      assert(error instanceof AdministrationError);
      assert.deepEqual([error.code, error.message], ["not-found", "romeo@montague.example does not exist"]);
      return true;
    });
  });

  test("a bug shows in the log, and to the client only as one", async () => {
    await start();
    await using administration = await client();
    await assert.rejects(administration.reloadConfig({}), { code: "internal" });
    assert.deepEqual(
      logged.map(({ operation }) => operation),
      ["reloadConfig"],
    );
  });

  test("a backup tells how far it is", async () => {
    await start();
    await using administration = await client();
    const items = await Array.fromAsync(administration.backup({ file: "/b.sqlite" }, never));
    assert.deepEqual(items, [
      { done: false, fraction: 0.5 },
      { done: true, bytes: 12 },
    ]);
  });

  test("a log is followed until the reader has enough, and then the server forgets the reader", async () => {
    await start();
    await using administration = await client();
    const seen: string[] = [];
    const line = (text: string) =>
      ring.add(`${JSON.stringify({ level: "info", time: "2026-11-21T04:00:00.000Z", text })}\n`);
    line("old");
    for await (const { text } of administration.tailLog({ lines: 10, level: "info", follow: true }, never)) {
      seen.push(text);
      if (text === "old") line("new");
      if (text === "new") break;
    }
    assert.deepEqual(seen, ["old", "new"]);
    await until(() => ring.followers === 0);
    assert.equal((await administration.status({})).pid, 4711, "the connection goes on");
  });

  test("a follower that goes away is forgotten", async () => {
    await start();
    const administration = await client();
    const iterator = administration.tailLog({ lines: 0, level: "info", follow: true }, never)[Symbol.asyncIterator]();
    const waiting = assert.rejects(Promise.resolve(iterator.next()), { code: "unavailable" });
    await until(() => ring.followers === 1);
    await administration[Symbol.asyncDispose]();
    await until(() => ring.followers === 0);
    await waiting;
  });

  test("requests of one connection are answered each for itself", async () => {
    await start();
    await using administration = await client();
    const results = await Promise.allSettled([
      administration.status({}),
      administration.deleteAccount({ address: romeo }),
      administration.addAccount({ address: romeo, password: "wherefore art" }),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });

  test("a server that stops in between is told as such", async () => {
    await start();
    await using administration = await client();
    await administration.status({});
    await server?.[Symbol.asyncDispose]();
    server = undefined;
    await assert.rejects(administration.status({}), { code: "unavailable" });
  });
});

describe("a request that is none", () => {
  for (const { name, line, says } of [
    { name: "no JSON", line: "{", says: undefined },
    { name: "another shape", line: '{"id":1,"do":"it"}', says: undefined },
    {
      name: "an unknown operation",
      line: '{"id":1,"operation":"toString","input":{}}',
      says: /does not know \\"toString\\"/,
    },
    {
      name: "a wrong argument",
      line: '{"id":1,"operation":"deleteAccount","input":{"address":"@"}}',
      says: /is not the address of an account/,
    },
    { name: "an argument too many", line: '{"id":1,"operation":"status","input":{"x":1}}', says: /"code":"invalid"/ },
    {
      name: "a short password",
      line: '{"id":1,"operation":"addAccount","input":{"address":"a@b.example","password":"short"}}',
      says: /at least 8 characters/,
    },
  ]) {
    test(`(${name}) is ${says === undefined ? "cut off" : "refused"}`, async () => {
      await start();
      const socket = connect(controlSocket(dataDir));
      socket.write(`${line}\n`);
      if (says === undefined) await once(socket, "close");
      else assert.match(String((await once(socket, "data"))[0]), says);
      socket.destroy();
    });
  }

  test("without an end is cut off before it fills the memory", async () => {
    await start();
    const socket = connect(controlSocket(dataDir));
    socket.on("error", () => {});
    socket.write("x".repeat(70_000));
    await once(socket, "close");
    assert.deepEqual(logged, [{ requestBytesMax: 65_536 }]);
  });

  test("more at a time than allowed are refused, the others go on", async () => {
    await start();
    const socket = connect(controlSocket(dataDir));
    const follow = { lines: 0, level: "info", follow: true };
    for (let id = 0; id < 9; id++) socket.write(`${JSON.stringify({ id, operation: "tailLog", input: follow })}\n`);
    assert.match(String((await once(socket, "data"))[0]), /^\{"id":8,"error":\{"code":"unavailable"/);
    assert.equal(ring.followers, 8);
    socket.destroy();
    await until(() => ring.followers === 0);
  });
});

describe("the socket", () => {
  test("is for its owner alone", async () => {
    await start();
    assert.equal((await stat(controlDirectory(dataDir))).mode & 0o777, 0o700);
    assert.equal((await stat(controlSocket(dataDir))).mode & 0o777, 0o600);
  });

  test("is not opened for a second server", async () => {
    await start();
    await assert.rejects(start(), AlreadyRunningError);
  });

  test("that a crash left behind is replaced", async () => {
    await mkdir(controlDirectory(dataDir), { mode: 0o700 });
    await writeFile(controlSocket(dataDir), "");
    await start();
    await using administration = await client();
    assert.equal((await administration.status({})).pid, 4711);
  });

  test("that is not there means that no server runs", async () => {
    assert.equal(await connectControl(dataDir), undefined);
  });

  for (const { name, prepare } of [
    {
      name: "others may enter",
      prepare: async (path: string) => {
        await mkdir(path);
        await chmod(path, 0o755);
      },
    },
    { name: "is a link", prepare: (path: string) => symlink(tmpdir(), path) },
  ]) {
    test(`is refused where its directory ${name}, by server and client`, async () => {
      await prepare(controlDirectory(dataDir));
      await assert.rejects(start(), ControlPathError);
      await assert.rejects(connectControl(dataDir), ControlPathError);
    });
  }

  test("is refused where its name is longer than the system takes", async () => {
    dataDir = join(dataDir, "x".repeat(120));
    await assert.rejects(start(), /too long a name/);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
