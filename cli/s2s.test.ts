import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine } from "#testing/command-line.ts";

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
    const told = await commandLine(line);
    assert.deepEqual({ code: told.code, out: told.out, err: told.err }, { code, out, err });
  });

test("on a terminal, s2s connect says what it waits for until the answer is there", async () => {
  const { err } = await commandLine("s2s connect montague.example", { typed: { isTTY: true } });
  assert.equal(
    err,
    "\r\u001b[2Klooking for montague.example, connecting, and waiting until it believes us …\r\u001b[2K",
  );
});
