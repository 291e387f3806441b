import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { defaultConfig } from "#server/config/config.ts";
import { commands } from "#server/control/commands.ts";
import { withFiles } from "#server/control/with-files.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { runProgram } from "./program.ts";

async function balcony(line: string) {
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
        server: new MemoryAdministration(),
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

for (const { line, out = "", code = 0, err = "" } of [
  {
    line: "s2s list",
    out:
      "DOMAIN            HOST             WAYS  STATE  OPENED BY  ADDRESS    SINCE             USED              UNPROVEN\n" +
      "montague.example  capulet.example  both  open   us         192.0.2.7  2026-11-21 04:10  2026-11-21 04:11  0\n" +
      "\n" +
      "DOMAIN          HOST             STATE    WAITING  NOT TRIED BEFORE  REASON\n" +
      "verona.example  capulet.example  failing  3        2026-11-21 04:12  verona.example:5269: connection refused\n",
  },
  {
    line: "s2s connect montague.example",
    out: "connected capulet.example with montague.example, stream k3v9wq\n",
  },
  {
    line: "s2s connect verona.example",
    code: 1,
    err: "balcony: verona.example cannot be reached: connection refused\n",
  },
  {
    line: "s2s connect me@montague.example",
    code: 2,
    err: 'balcony: domain: "me@montague.example" is not a domain name: write it as example.org\n',
  },
  { line: "s2s close montague.example", out: "closing 1 stream with montague.example\n" },
  { line: "s2s close verona.example", code: 1, err: "balcony: there is no stream with verona.example\n" },
])
  test(`balcony ${line}`, async () => {
    assert.deepEqual(await balcony(line), { code, out, err });
  });
