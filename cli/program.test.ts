import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { commands } from "#server/control/commands.ts";
import { LogRing } from "#server/log-ring.ts";
import { commandLine } from "#testing/command-line.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { localCommands } from "./local-commands.ts";

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-cli-"));
});

after(() => rm(directory, { recursive: true }));

interface Call {
  readonly line: string;
  /** What is piped in, or typed where `isTTY` is set. */
  readonly input?: string;
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command line against a server in memory. */
async function balcony({ line, env = {}, ...typed }: Call, memory = new MemoryAdministration()) {
  const ring = new LogRing(10);
  ring.add('{"level":"info","time":"2026-11-21T04:00:00.000Z","text":"listening","port":5222}\n');
  ring.add('{"level":"warn","time":"2026-11-21T04:00:01.000Z","text":"odd","from":"a b"}\n');
  const report = {
    changed: ["log.level"],
    restartNeeded: ["listeners"],
    problems: [],
    hosts: { added: [], removed: [] },
    certificates: [],
  };
  const told = await commandLine(line, {
    server: memory,
    directory,
    running: { ring, reload: () => Promise.resolve(report) },
    local: (terminal) => localCommands({ terminal, program: "balcony", start: async () => 0, compile: async () => {} }),
    typed: { ...typed, env },
  });
  return { ...told, memory };
}

const withRomeo = () => {
  const memory = new MemoryAdministration();
  memory.passwords.set("romeo@montague.example", "old password");
  memory.sessions.set("romeo@montague.example", ["orchard", "tomb"]);
  return memory;
};

describe("every command", () => {
  const administrative = commands.map(({ path, takes }) => ({ line: path.join(" "), takes }));
  const local = [{ line: "start" }, { line: "init" }, { line: "check", takes: "[domain]" }];
  for (const { line, takes = "" } of [...administrative, ...local]) {
    test(`${line} --help explains itself with examples`, async () => {
      const { code, out } = await balcony({ line: `${line} --help` });
      assert.equal(code, 0);
      assert.equal(/^Usage: balcony (.*)/u.exec(out)?.[1], `${line} [options] ${takes}`.trimEnd());
      assert.match(out, /\nExamples:\n {2}balcony /);
      assert.match(out, /--config <file>[^]*--data <directory>[^]*--json/);
    });
  }

  test("has arguments that are described, and examples that begin with its own name", async () => {
    for (const { path, load } of commands) {
      const command = await load();
      for (const [name, schema] of Object.entries(command.arguments)) {
        assert(Object(schema).description, `${path.join(" ")} ${name}`);
      }
      for (const { line } of command.examples) assert(line.startsWith(path[0]), line);
    }
  });

  test("has a name of its own", () => {
    const names = commands.map(({ path }) => path.join(" "));
    assert.equal(new Set(names).size, names.length);
  });
});

describe("results are shown for people and as JSON:", () => {
  const cases: readonly { readonly line: string; readonly human: RegExp; readonly json: unknown }[] = [
    {
      line: "user list",
      human: /^ACCOUNT +SESSIONS[^\n]*\nromeo@montague\.example +2 /,
      json: { accounts: [{ address: "romeo@montague.example", sessions: 2 }], total: 1 },
    },
    {
      line: "user list capulet.example",
      human: /^no accounts; create one with: balcony user add/,
      json: { accounts: [], total: 0 },
    },
    {
      line: "user sessions romeo@montague.example",
      human: /^SESSION [^]*romeo@montague\.example\/orchard +connected/,
      json: {
        sessions: ["orchard", "tomb"].map((resource) => ({
          address: `romeo@montague.example/${resource}`,
          state: "connected",
        })),
        total: 2,
      },
    },
    { line: "user kick romeo@montague.example", human: /^2 sessions ended\n$/, json: { ended: 2 } },
    {
      line: "user delete romeo@montague.example --yes",
      human: /^deleted romeo@montague\.example; 2 sessions ended\n$/,
      json: { address: "romeo@montague.example", sessionsEnded: 2 },
    },
    {
      line: "invite montague.example --uses 3",
      human: /^link +xmpp:montague\.example\?register/,
      json: {
        token: "token0",
        uri: "xmpp:montague.example?register;preauth=token0",
        expiresAt: "2026-11-28T04:00:00.000Z",
        usesMax: 3,
      },
    },
    {
      line: "host list",
      human: /^HOST +ACCOUNTS +SESSIONS +REGISTRATION +CERTIFICATE\nmontague\.example +1 +0 +closed/,
      json: {
        hosts: ["montague.example", "capulet.example"].map((domain) => ({
          domain,
          accounts: domain === "montague.example" ? 1 : 0,
          sessions: 0,
          registration: "closed",
        })),
      },
    },
    {
      line: "certificate list",
      human:
        /montague\.example +montague\.example +acme +Authority +90 days +failed once, again 2027-01-20 04:00\n.*\nmontague\.example: the firewall/,
      json: {
        certificates: ["montague.example", "capulet.example"].map((domain) => ({
          domain,
          names: [domain],
          source: "acme",
          issuer: "Authority",
          expiresAt: "2027-02-19T04:00:00.000Z",
          days: 90,
          renewal: { dueAt: "2027-01-20T04:00:00.000Z", underWay: false, failures: 1, reason: "the firewall" },
        })),
      },
    },
    {
      line: "config reload",
      human: /^changed: log\.level\nwaits for a restart: listeners\n$/,
      json: {
        changed: ["log.level"],
        restartNeeded: ["listeners"],
        problems: [],
        hosts: { added: [], removed: [] },
        certificates: [],
      },
    },
    {
      line: "log tail --level warn",
      human: /^2026-11-21T04:00:01\.000Z WARN {2}odd from="a b"\n$/,
      json: { time: "2026-11-21T04:00:01.000Z", level: "warn", text: "odd", fields: { from: "a b" } },
    },
    {
      line: "log tail -n 1",
      human: /^[^\n]* odd [^\n]*\n$/,
      json: { time: "2026-11-21T04:00:01.000Z", level: "warn", text: "odd", fields: { from: "a b" } },
    },
  ];
  for (const { line, human, json } of cases) {
    test(line, async () => {
      const shown = await balcony({ line }, withRomeo());
      assert.equal(shown.err, "");
      assert.equal(shown.code, 0);
      assert.match(shown.out, human);
      const { out } = await balcony({ line: `${line} --json` }, withRomeo());
      assert.deepEqual(JSON.parse(out), json);
    });
  }

  test("backup gives one JSON a line, and a file name that is absolute", async () => {
    const { out, memory } = await balcony({ line: "backup copy.sqlite --json" });
    assert.deepEqual(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).done),
      [false, true],
    );
    assert.deepEqual(memory.backups, [join(directory, "copy.sqlite")]);
  });

  test("config show is a balcony.toml", async () => {
    const { out } = await balcony({ line: "config show" });
    const file = join(directory, "shown.toml");
    await writeFile(file, out);
    const { code, err } = await balcony({ line: `check --no-dns --config ${file} --data ${directory}` });
    assert.deepEqual({ err, code: code === 0 || code === 1 }, { err: "", code: true });
  });
});

describe("status", () => {
  test("of a server that is well", async () => {
    const { code, out } = await balcony({ line: "status" });
    assert.equal(code, 0);
    assert.match(out, /^server +running, version 0\.0\.0, process 4711/);
    assert.match(out, /montague\.example +0 +88 days/);
  });
  test("of a server whose store fails has exit code 1", async () => {
    const memory = new MemoryAdministration();
    memory.isStoreWell = false;
    const { code, out } = await balcony({ line: "status" }, memory);
    assert.equal(code, 1);
    assert.match(out, /store +sqlite, the disc is full/);
  });
});

describe("a password", () => {
  const add = "user add juliet@capulet.example";
  const password = (memory: MemoryAdministration) => memory.passwords.get("juliet@capulet.example");

  for (const { name, input, expected } of [
    { name: "is the first line of what is piped in", input: "wherefore art\nthou\n", expected: "wherefore art" },
    { name: "may lack the end of its line", input: "wherefore art", expected: "wherefore art" },
    { name: "may come from Windows", input: "wherefore art\r\n", expected: "wherefore art" },
    { name: "keeps its spaces and its letters", input: "  ροδιά 🌹  \n", expected: "  ροδιά 🌹  " },
  ]) {
    test(name, async () => {
      const { code, memory } = await balcony({ line: add, input });
      assert.equal(code, 0);
      assert.equal(password(memory), expected);
    });
  }

  test("is asked for twice on a terminal, and not shown", async () => {
    const typed = "wherefore art";
    const { code, out, err, raw, memory } = await balcony({ line: add, isTTY: true, input: `${typed}\r${typed}\r` });
    assert.equal(code, 0);
    assert.equal(password(memory), typed);
    assert.equal(err, "New password: \nOnce more: \n");
    assert.doesNotMatch(out, /wherefore/);
    assert.deepEqual(raw, [true, false]);
  });

  test("can be corrected while it is typed", async () => {
    const { memory } = await balcony({
      line: add,
      isTTY: true,
      input: "oops\u0015wherefore axx\u007f\brt\rwherefore art\r",
    });
    assert.equal(password(memory), "wherefore art");
  });

  for (const { name, input, says } of [
    { name: "typed in two ways", input: "wherefore art\rwherefore art?\r", says: /not the same; nothing was changed/ },
    { name: "given up with Ctrl-C", input: "where\u0003", says: /given up/ },
    { name: "too short", input: "short\rshort\r", says: /at least 8 characters/ },
  ]) {
    test(`${name} is refused, and the terminal is as before`, async () => {
      const { code, err, raw, memory } = await balcony({ line: add, isTTY: true, input });
      assert.equal(code, 2);
      assert.match(err, says);
      assert.deepEqual(raw, [true, false]);
      assert.equal(password(memory), undefined);
    });
  }

  test("that is missing on standard input is refused", async () => {
    const { code, err } = await balcony({ line: add });
    assert.equal(code, 2);
    assert.match(err, /standard input has no password; or use --generate/);
  });

  test("is made up strong with --generate, another one each time, and shown once", async () => {
    const made = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { out, memory } = await balcony({ line: `${add} --generate` });
      const [, shown] = /^password: ([a-z2-9]{5}(?:-[a-z2-9]{5}){4})$/m.exec(out) ?? [];
      assert.equal(shown, password(memory));
      made.add(shown ?? "");
    }
    assert.equal(made.size, 20);
    const { out } = await balcony({ line: `${add} --generate --json` });
    assert.match(JSON.parse(out).password, /^[a-z2-9-]{29}$/);
  });

  test("cannot be given on the command line, where others could read it", async () => {
    const { code } = await balcony({ line: `${add} --password wherefore-art` });
    assert.equal(code, 2);
  });
});

describe("what cannot be undone is asked first", () => {
  const line = "user delete romeo@montague.example";
  test("yes does it", async () => {
    const { code, memory } = await balcony({ line, isTTY: true, input: "y\n" }, withRomeo());
    assert.equal(code, 0);
    assert.equal(memory.passwords.size, 0);
  });
  for (const input of ["\n", "n\n", "yesterday\n"]) {
    test(`${JSON.stringify(input)} does not`, async () => {
      const { code, err, memory } = await balcony({ line, isTTY: true, input }, withRomeo());
      assert.equal(code, 2);
      assert.match(err, /Delete romeo@montague\.example and all its data\?/);
      assert.equal(memory.passwords.size, 1);
    });
  }
  test("without a terminal it takes --yes", async () => {
    const { code, err, memory } = await balcony({ line }, withRomeo());
    assert.equal(code, 2);
    assert.match(err, /--yes/);
    assert.equal(memory.passwords.size, 1);
  });
});

describe("exit codes and messages:", () => {
  for (const { line, code, says } of [
    { line: "usr list", code: 2, says: /unknown command 'usr'[^]*user/ },
    { line: "user list --hots x", code: 2, says: /unknown option '--hots'/ },
    { line: "user add", code: 2, says: /missing required argument 'address'/ },
    { line: "user list a.example b.example", code: 2, says: /too many arguments/ },
    {
      line: "user delete nobody --yes",
      code: 2,
      says: /address: "nobody" is not the address of an account: write it as name@domain/,
    },
    { line: "user delete mercutio@montague.example --yes", code: 1, says: /mercutio@montague\.example does not exist/ },
    { line: "invite", code: 2, says: /say for which host: montague\.example, capulet\.example/ },
    { line: "invite montague.example --uses many", code: 2, says: /uses: / },
    { line: "log tail --level loud", code: 2, says: /level: / },
    {
      line: "check --config /nowhere/b.toml",
      code: 3,
      says: /\/nowhere\/b\.toml: there is no such file; make one with: balcony init/,
    },
  ]) {
    test(`${line} gives ${code}`, async () => {
      const result = await balcony({ line });
      assert.equal(result.code, code);
      assert.match(result.err, says);
      assert.equal(result.out, "");
    });
  }

  test("errors are JSON where the result would have been", async () => {
    const { err } = await balcony({ line: "user delete mercutio@montague.example --yes --json" });
    assert.deepEqual(JSON.parse(err), {
      error: { code: "not-found", message: "mercutio@montague.example does not exist" },
    });
  });
});

describe("colours", () => {
  for (const { name, isTTY, env, coloured } of [
    { name: "are for a terminal", isTTY: true, env: {}, coloured: true },
    { name: "not for a pipe", isTTY: false, env: {}, coloured: false },
    { name: "not where NO_COLOR is set", isTTY: true, env: { NO_COLOR: "1" }, coloured: false },
    { name: "not on a dumb terminal", isTTY: true, env: { TERM: "dumb" }, coloured: false },
  ]) {
    test(name, async () => {
      const { out } = await balcony({ line: "status", isTTY, env });
      assert.equal(out.includes("\u001b["), coloured);
    });
  }
});

test("--config and --data say where, before and after the command", async () => {
  for (const line of ["user list --config c.toml --data d"]) {
    const { places } = await balcony({ line });
    assert.deepEqual(places, [
      { configFile: join(directory, "c.toml"), dataDir: join(directory, "d"), options: " --config c.toml --data d" },
    ]);
  }
  const { places } = await balcony({ line: "user list" });
  assert.deepEqual(places, [{ configFile: undefined, dataDir: join(directory, "data"), options: "" }]);
});

test("init writes a balcony.toml that check finds right, and never over another", async () => {
  const file = join(directory, "balcony.toml");
  const line = `init --config ${file} --domain montague.example --registration invite`;
  const first = await balcony({ line });
  assert.deepEqual({ code: first.code, out: first.out }, { code: 0, out: `wrote ${file}; next: balcony check\n` });
  const text = await readFile(file, "utf8");
  assert.match(text, /\n\[\[hosts\]\]\ndomain = "montague\.example"\n/);
  assert.equal((await stat(file)).mode & 0o007, 0);
  const second = await balcony({ line });
  assert.equal(second.code, 1);
  assert.match(second.err, /is there already; nothing was changed/);
  assert.equal(await readFile(file, "utf8"), text);
  const wrong = await balcony({ line: "init --domain a@b" });
  assert.equal(wrong.code, 2);
});

for (const { line, code, out = "", err = "" } of [
  { line: "help user add", code: 0, out: "user add [options] <address>" },
  { line: "user help add", code: 0, out: "user add [options] <address>" },
  { line: "help start", code: 0, out: "start [options]" },
  { line: "help invite", code: 0, out: "invite [options] [command]" },
  { line: "invite --help", code: 0, out: "invite [options] [command]" },
  { line: "help user ad", code: 2, err: "user [options] [command]" },
  { line: "help usr", code: 2, err: "[options] [command]" },
])
  test(`balcony ${line} shows the usage of ${out === "" ? "what there is" : "it"}`, async () => {
    const shown = await balcony({ line });
    const usage = (text: string) => /^Usage: balcony (.*)/u.exec(text)?.[1] ?? "";
    assert.deepEqual([shown.code, usage(shown.out), usage(shown.err)], [code, out, err]);
  });

test("a list says of every command and every group what it is", async () => {
  const groups = new Set(commands.flatMap(({ path: [first, ...rest] }) => (rest.length > 0 ? [first] : [])));
  for (const line of ["help", ...[...groups].map((group) => `help ${group}`)]) {
    const { out } = await balcony({ line });
    const [list = ""] = (out.split("\nCommands:\n")[1] ?? "").split("\n\n");
    const names = list.split("\n").filter((text) => /^ {2}\S/u.test(text));
    assert.ok(names.length > 1, line);
    for (const text of names) assert.match(text, /^ {2}\S+(?: \S+)* {2,}\w+ /u);
  }
});

test("--version and help", async () => {
  assert.equal((await balcony({ line: "--version" })).out, "1.2.3\n");
  const { out, code } = await balcony({ line: "help" });
  assert.equal(code, 0);
  assert.match(out, /Exit codes:\n {2}0 {2}done/);
});
