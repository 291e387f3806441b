import assert from "node:assert/strict";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openLog, type LogSettings } from "./log.ts";

const settings: LogSettings = { level: "info", format: "json", rememberedLinesMax: 100 };

function collect(changes: Partial<LogSettings> = {}, isTTY = false) {
  const lines: string[] = [];
  const server = openLog({ ...settings, ...changes }, { isTTY, write: (line: string) => void lines.push(line) });
  return { ...server, lines };
}

function withoutTime(line: string | undefined): unknown {
  const { time, ...rest }: { time?: unknown } = Object(JSON.parse(line ?? "null"));
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return rest;
}

test("an event is one line of JSON with its fields", () => {
  const { log, lines } = collect();
  log.info({ stream: "k3v9", jid: "romeo@montague.example/orchard" }, "session bound");
  assert.equal(lines.length, 1);
  assert.deepEqual(withoutTime(lines[0]), {
    level: "info",
    stream: "k3v9",
    jid: "romeo@montague.example/orchard",
    text: "session bound",
  });
});

test("A52 secrets never reach the log, whatever field they come in", () => {
  const { log, lines } = collect({ level: "debug" });
  const secret = "hunter2-AHJvbWVvAGh1bnRlcjI=";
  const cause = new Error(`cannot reach postgresql://balcony:${secret}@db/balcony`);
  const attempts: readonly Record<string, unknown>[] = [
    { password: secret },
    { newPassword: secret },
    { request: { password: secret, PASSWD: secret } },
    { sasl: { payload: secret, initialResponse: secret } },
    { saslPayload: secret, challenge: secret, response: secret },
    { token: secret, inviteToken: secret, accessToken: secret },
    { secret, componentSecret: secret, nonce: secret, verifier: secret, subject: secret, bytes: secret },
    { key: secret, storedKey: secret, serverKey: secret, salt: secret, proof: secret },
    { headers: { authorization: secret, cookie: secret } },
    { url: `postgresql://balcony:${secret}@db/balcony` },
    { error: cause },
    { error: new Error("wrapped", { cause }) },
    { element: { name: "auth", text: secret }, xml: `<auth>${secret}</auth>`, stanza: secret, body: secret },
    {
      session: new (class Session {
        readonly password = secret;
        readonly inner = { text: secret };
      })(),
    },
    { list: [{ credentials: { deep: secret } }] },
    { map: new Map([["password", secret]]) },
    { handler: () => secret },
    { deep: { er: { and: { deeper: { still: secret } } } } },
  ];
  for (const fields of attempts) log.error(fields, "something happened");
  assert.equal(lines.length, attempts.length);
  assert.deepEqual(
    lines.filter((line) => line.includes("hunter2")),
    [],
  );
});

test("an error keeps what helps: name, message, code, place and cause", () => {
  const { log, lines } = collect();
  log.warn({ error: Object.assign(new TypeError("outer", { cause: new Error("inner") }), { code: "EX" }) }, "failed");
  const line = lines[0] ?? "";
  for (const part of ['"name":"TypeError"', '"message":"outer"', '"code":"EX"', '"message":"inner"', "log.test.ts"]) {
    assert(line.includes(part), `${part} in ${line}`);
  }
});

test("a field that a peer made long is cut", () => {
  const { log, lines } = collect();
  log.info({ to: "x".repeat(100_000), list: Array.from({ length: 1000 }, () => "item") }, "odd");
  assert((lines[0]?.length ?? Infinity) < 3_000);
});

test("what a peer sends cannot make a second line or colour the terminal, in neither format", () => {
  for (const format of ["json", "pretty"] as const) {
    const { log, lines } = collect({ format });
    log.info({ from: 'a\n{"level":"error"}\u001b[2J\u202e' }, "text\r\nwith breaks");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^[^\n]*\n$/);
    if (format === "pretty") assert.doesNotMatch(lines[0]?.trimEnd() ?? "\r", /[\p{Cc}\p{Cf}]/u);
  }
});

for (const { format, isTTY, isPretty } of [
  { format: "auto", isTTY: true, isPretty: true },
  { format: "auto", isTTY: false, isPretty: false },
  { format: "pretty", isTTY: false, isPretty: true },
  { format: "json", isTTY: true, isPretty: false },
] as const) {
  test(`format ${format} is ${isPretty ? "pretty" : "json"} ${isTTY ? "on" : "off"} a terminal`, () => {
    const { log, lines } = collect({ format }, isTTY);
    log.info({ stream: "k3v9", text2: "two words" }, "hello");
    const line = lines[0] ?? "";
    assert.equal(line.startsWith("{"), !isPretty);
    // oxlint-disable-next-line no-control-regex -- colours begin with one
    assert.equal(/\u001b\[/.test(line), isPretty && isTTY);
    if (isPretty && !isTTY) assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} INFO  hello stream=k3v9 text2="two words"\n$/);
  });
}

test("the level decides what is written, and can change", () => {
  const { log, lines, setLevel } = collect({ level: "warn" });
  log.info({}, "not yet");
  setLevel("debug");
  log.debug({}, "now");
  assert.deepEqual(lines.map(withoutTime), [{ level: "debug", text: "now" }]);
});

test("a file that was moved away is opened anew", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-log-"));
  const file = join(directory, "logs", "balcony.log");
  {
    using server = openLog({ ...settings, file });
    server.log.info({}, "before");
    await rename(file, `${file}.1`);
    server.reopen();
    server.log.info({}, "after");
  }
  assert.deepEqual(withoutTime(await readFile(`${file}.1`, "utf8")), { level: "info", text: "before" });
  assert.deepEqual(withoutTime(await readFile(file, "utf8")), { level: "info", text: "after" });
  await rm(directory, { recursive: true });
});
