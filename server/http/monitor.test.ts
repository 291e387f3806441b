import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { silentLog } from "#testing/silent-log.ts";
import { startMonitor, type Health, type Monitor } from "./monitor.ts";

const well: Health = { store: { ok: true }, listeners: { ok: true }, hosts: { ok: true } };
let health: () => Health = () => well;
let monitor: Monitor;

before(async () => {
  monitor = await startMonitor({
    address: "127.0.0.1",
    port: 0,
    log: silentLog,
    health: () => health(),
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "balcony_sessions 3\n" }),
  });
});

test("it can be told not to listen for a while, and is there again at the same port", async () => {
  monitor.pause();
  await assert.rejects(ask("/health"), /ECONNREFUSED/);
  await monitor.resume();
  assert.equal((await ask("/health")).status, 200);
});

after(() => monitor[Symbol.asyncDispose]());

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: string;
}

/** A request as it is written, without anybody's tidying of the path. */
function ask(path: string, options: { readonly method?: string; readonly host?: string } = {}): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method = "GET", host = `127.0.0.1:${monitor.port}` } = options;
  const outgoing = request({ port: monitor.port, host: "127.0.0.1", path, method, headers: { host }, agent: false });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => (body += text));
    response.on("end", () => resolve({ status: response.statusCode, type: response.headers["content-type"], body }));
  });
  outgoing.end();
  return promise;
}

test("GET /health answers 200 while all is well", async () => {
  health = () => well;
  const { status, type, body } = await ask("/health");
  assert.deepEqual(
    { status, type, body: JSON.parse(body) },
    {
      status: 200,
      type: "application/json",
      body: { ok: true, ...well },
    },
  );
});

for (const part of ["store", "listeners", "hosts"] as const) {
  test(`GET /health answers 503 when the ${part} fail`, async () => {
    health = () => ({ ...well, [part]: { ok: false, detail: "disc full" } });
    const { status, body } = await ask("/health");
    assert.equal(status, 503);
    assert.deepEqual(JSON.parse(body), { ok: false, ...well, [part]: { ok: false, detail: "disc full" } });
  });
}

test("GET /health answers 500 when even asking fails, and tells nothing of why", async () => {
  health = () => {
    throw new Error("postgresql://balcony:secret@db/");
  };
  assert.deepEqual(await ask("/health"), { status: 500, type: "text/plain; charset=utf-8", body: "failed\n" });
});

test("GET /metrics answers in Prometheus' form, HEAD without a body", async () => {
  const metrics = { status: 200, type: "text/plain; version=0.0.4", body: "balcony_sessions 3\n" };
  assert.deepEqual(await ask("/metrics"), metrics);
  assert.deepEqual(await ask("/metrics", { method: "HEAD" }), { ...metrics, body: "" });
});

for (const path of [
  "/",
  "/health/",
  "//health",
  "/health?x",
  "/x/../health",
  "/%68ealth",
  "/%u002e%u002e/metrics",
  "*",
]) {
  test(`A46 ${path} does not exist`, async () => assert.equal((await ask(path)).status, 404));
}

for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
  test(`${method} is not allowed`, async () => assert.equal((await ask("/metrics", { method })).status, 405));
}

for (const { host, status } of [
  { host: "localhost", status: 200 },
  { host: "[::1]:5280", status: 200 },
  { host: "attacker.example", status: 403 },
  { host: "127.0.0.1.attacker.example", status: 403 },
]) {
  test(`a request that calls this machine ${host} gets ${status}`, async () =>
    assert.equal((await ask("/metrics", { host })).status, status));
}

test("a connection is for one question, and those that are open end with the monitor", async () => {
  const other = await startMonitor({
    address: "127.0.0.1",
    port: 0,
    log: silentLog,
    health: () => well,
    metrics: async () => ({ contentType: "text/plain", text: "" }),
  });
  const asking = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const heard = await said(other.port, asking + asking);
  assert.equal(heard.match(/HTTP\/1\.1 200/g)?.length, 1);
  const open = said(other.port, "GET /met");
  await said(other.port, asking);
  await other[Symbol.asyncDispose]();
  assert.equal(await open, "");
});

/** All that comes back on one connection until it ends. */
function said(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  let heard = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (heard += piece));
  socket.on("error", () => {}).on("close", () => resolve(heard));
  return promise;
}
