import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { commandLine } from "#testing/command-line.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-archive-"));
});
after(() => rm(directory, { recursive: true }));

const romeo = "romeo@montague.example";
const messages = ["1", "2", "3"].map((id) => ({
  id,
  at: `2026-11-0${id}T08:00:00.000Z`,
  with: id === "2" ? "nurse@capulet.example" : "juliet@capulet.example",
  xml: `<message from='${romeo}' type='chat'><body>No. ${id} &lt;3</body></message>`,
}));

function stage(): MemoryAdministration {
  const memory = new MemoryAdministration();
  memory.passwords.set(romeo, "old password");
  memory.archives.set(romeo, messages);
  return memory;
}

async function balcony(line: string, { memory = stage(), isTTY = false, typed: input = "" } = {}) {
  const { code, out, err } = await commandLine(line, {
    server: memory,
    directory,
    typed: { input, isTTY, env: { NO_COLOR: "1" } },
  });
  return { code, out, err, memory };
}

for (const { line, out, code = 0, err = "" } of [
  {
    line: `archive info ${romeo}`,
    out: "messages  3\nfirst     2026-11-01 08:00\nlast      2026-11-03 08:00\nkept      for ever (as for all)\nat most   all messages (as for all)\n",
  },
  {
    line: `archive quota ${romeo} --days 7 --messages 1`,
    out: "kept     7 days (for this account)\nat most  the newest 1 message (for this account)\n",
  },
  {
    line: `archive quota ${romeo} --days host`,
    out: "kept     for ever (as for all)\nat most  all messages (as for all)\n",
  },
  {
    line: `archive quota ${romeo} --days 36501`,
    code: 2,
    err: 'balcony: days: "36501" is neither a number up to 36500 nor "host"\n',
    out: "",
  },
  {
    line: `archive export ${romeo}`,
    out: messages.map((message) => `${JSON.stringify(message)}\n`).join(""),
  },
  {
    line: `archive export ${romeo} --json --with nurse@capulet.example`,
    out: `${JSON.stringify(messages[1])}\n`,
  },
  {
    line: `archive export ${romeo} --format text --with nurse@capulet.example`,
    out: `2026-11-02 08:00  ${romeo}: No. 2 <3\n`,
  },
  {
    line: `archive export ${romeo} --format xml --with nurse@capulet.example`,
    out:
      "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0'>\n<host jid='montague.example'>\n" +
      "<user name='romeo'>\n<archive xmlns='urn:xmpp:pie:0#mam'>\n" +
      "<result xmlns='urn:xmpp:mam:2' id='2'><forwarded xmlns='urn:xmpp:forward:0'>" +
      "<delay xmlns='urn:xmpp:delay' stamp='2026-11-02T08:00:00Z'/>" +
      `<message xmlns='jabber:client' from='${romeo}' type='chat'><body>No. 2 &lt;3</body></message>` +
      "</forwarded></result>\n</archive>\n</user>\n</host>\n</server-data>\n",
  },
  {
    line: `archive export ${romeo} --from yesterday`,
    code: 2,
    err: 'balcony: from: "yesterday" is not a date: write 2026-11-21, or 2026-11-21T08:30:00Z\n',
    out: "",
  },
  {
    line: "archive export nobody@montague.example",
    code: 1,
    err: "balcony: nobody@montague.example does not exist\n",
    out: "",
  },
  { line: `archive purge ${romeo} --yes`, out: "removed 3 messages of 1 account\n" },
  { line: `archive purge ${romeo} --yes --json`, out: '{"removed":3,"accounts":1}\n' },
  { line: "archive purge --host montague.example --yes", out: "removed 3 messages of 1 account\n" },
  {
    line: "archive purge --yes",
    code: 2,
    err: "balcony: name an account, or a host with --host\n",
    out: "",
  },
  {
    line: `archive purge ${romeo} --with nurse@capulet.example --before 2026-01-01`,
    code: 2,
    err:
      "balcony: Remove messages with nurse@capulet.example from before 2026-01-01 00:00 from the archive of " +
      `${romeo}? This cannot be undone. Say so with --yes.\n`,
    out: "",
  },
])
  test(`balcony ${line}`, async () => {
    const shown = await balcony(line);
    assert.deepEqual([shown.code, shown.out, shown.err], [code, out, err]);
  });

test("an export goes to a new file, whole or not at all, and only its owner can read it", async () => {
  const done = await balcony(`archive export ${romeo} -o all.jsonl`);
  assert.deepEqual([done.code, done.out], [0, `wrote 3 messages to ${join(directory, "all.jsonl")}\n`]);
  const lines = (await readFile(join(directory, "all.jsonl"), "utf8")).trimEnd().split("\n");
  assert.deepEqual(
    lines.map((text): unknown => JSON.parse(text)),
    messages,
  );
  const again = await balcony(`archive export ${romeo} -o all.jsonl`);
  assert.deepEqual([again.code, again.err], [1, `balcony: ${join(directory, "all.jsonl")} exists already\n`]);
  await writeFile(join(directory, "mine.jsonl"), "mine");
  assert.equal((await balcony(`archive export ${romeo} -o mine.jsonl`)).code, 1);
  assert.equal((await balcony("archive export nobody@montague.example -o none.jsonl")).code, 1);
  assert.equal((await balcony(`archive export ${romeo} -o missing/none.jsonl`)).code, 1);
  assert.deepEqual((await readdir(directory)).toSorted(), ["all.jsonl", "mine.jsonl"]);
  assert.equal(await readFile(join(directory, "mine.jsonl"), "utf8"), "mine");
});

test("how far it is goes to the terminal alone, on one line that ends empty", async () => {
  const shown = await balcony(`archive export ${romeo} -o shown.jsonl`, { isTTY: true });
  const first = "\r\u001b[2K1 of 3 messages, 33 %\r\u001b[2K2 of 3 messages, 67 %";
  assert.equal(shown.err.slice(0, first.length), first);
  assert.ok(shown.err.endsWith("\r\u001b[2K"));
  assert.match(shown.out, /^wrote 3 messages to /);
});

for (const { typed, left } of [
  { typed: "y\n", left: 0 },
  { typed: "no\n", left: 3 },
])
  test(`messages are removed once it is confirmed: ${JSON.stringify(typed)} leaves ${left}`, async () => {
    const { memory } = await balcony(`archive purge ${romeo}`, { isTTY: true, typed });
    assert.equal(memory.archives.get(romeo)?.length ?? 0, left);
  });
