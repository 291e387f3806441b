import { spawnSync } from "node:child_process";
import { equal } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { playTroubles } from "./trouble-play.ts";

/*
 * A limit on the size of files is the nearest thing to a full disc that needs no privileges. The lab has a disc that is
 * really full, in disc.scenario.ts.
 */
for (const { name, toml, withoutArchive, chat } of [
  { name: "messages are refused like all that is to be kept", toml: "", withoutArchive: false, chat: "may-stop" },
  {
    name: "without an archive people chat on",
    toml: "[features.archive]\nenabled = false\n",
    withoutArchive: true,
    chat: "goes-on",
  },
] as const) {
  test(`a server whose files cannot grow refuses what it cannot keep, serves what it has, and recovers: ${name}`, async () => {
    const dir = mkdtempSync(join(tmpdir(), "balcony-trouble-"));
    try {
      const trouble = {
        begin: (pid: number) => Promise.resolve(limitFiles(pid, "40000")),
        end: (pid: number) => Promise.resolve(limitFiles(pid, "unlimited")),
        logIn: "works",
        chat,
        detail: /disk I\/O error/,
      } as const;
      await playTroubles({ dir, toml, withoutArchive, troubles: [trouble, trouble], seed: 1 });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
}

function limitFiles(pid: number, bytes: string): void {
  const done = spawnSync("prlimit", ["--pid", `${pid}`, `--fsize=${bytes}:unlimited`], { encoding: "utf8" });
  equal(done.status, 0, done.stderr || String(done.error));
}
