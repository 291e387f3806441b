import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { defaultConfig } from "#server/config/config.ts";
import { commands } from "#server/control/commands.ts";
import { withFiles } from "#server/control/with-files.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { runProgram } from "./program.ts";

const irc = "irc.montague.example";

function stage(): MemoryAdministration {
  const memory = new MemoryAdministration();
  memory.components.set(irc, { secret: "k3v9wq", name: "IRC" });
  return memory;
}

async function balcony(line: string, memory: MemoryAdministration) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    stdin: Object.assign(Readable.from([]), { isTTY: false }),
    stdout: { isTTY: false, write: (text: string) => out.push(text) },
    stderr: { isTTY: false, write: (text: string) => err.push(text) },
    env: { NO_COLOR: "1" },
    signal: new AbortController().signal,
  };
  const code = await runProgram(line.split(" "), {
    name: "balcony",
    version: "1.2.3",
    terminal,
    directory: "/",
    commands,
    local: [],
    connect: async () => ({
      ...withFiles({
        server: memory,
        configFile: undefined,
        config: () => defaultConfig(),
        features: [],
        running: undefined,
      }),
      [Symbol.asyncDispose]: async () => {},
    }),
  });
  return { code, out: out.join(""), err: err.join("") };
}

for (const { line, out = "", code = 0, err = "", left = [irc] } of [
  {
    line: "component add sms.montague.example --name Telephones",
    out: "added sms.montague.example\nsecret: k3v9wq\nit connects to 127.0.0.1:5347\n",
    left: [irc, "sms.montague.example"],
  },
  {
    line: `component add ${irc}`,
    code: 1,
    err: `balcony: ${irc} is a component already\n`,
  },
  {
    line: "component add me@montague.example",
    code: 2,
    err: 'balcony: domain: "me@montague.example" is not a domain name: write it as example.org\n',
  },
  {
    line: "component list",
    out: `COMPONENT             STATE  SINCE             FROM  WAITING  KEPT IN  NAME\n${irc}  away   2026-11-21 04:00  -     2        added    IRC\n`,
  },
  {
    line: `component secret ${irc}`,
    out: `secret: another\n${irc} stays connected; its program needs the new secret when it connects again\n`,
  },
  { line: "component secret sms.montague.example", code: 1, err: "balcony: sms.montague.example is no component\n" },
  { line: `component remove ${irc} --yes`, out: `removed ${irc}\n`, left: [] },
  {
    line: `component remove ${irc}`,
    code: 2,
    err: `balcony: Remove ${irc}? Say so with --yes.\n`,
  },
])
  test(`balcony ${line}`, async () => {
    const memory = stage();
    const told = await balcony(line, memory);
    assert.deepEqual(told, { code, out, err });
    assert.deepEqual([...memory.components.keys()], left);
  });

test("balcony component list, where there are none, says how to add one", async () => {
  const { out } = await balcony("component list", new MemoryAdministration());
  assert.match(out, /balcony component add DOMAIN/);
});
