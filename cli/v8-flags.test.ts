import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { v8Flags } from "./v8-flags.ts";

for (const { flags, what, complains } of [
  { flags: v8Flags, what: "knows the flags that are set", complains: false },
  { flags: ["--no-such-flag"], what: "says so where it does not know one", complains: true },
])
  test(`V8 ${what}`, () => {
    const { stderr, status } = spawnSync(process.execPath, ["-e", settingAll(flags)], { encoding: "utf8" });
    assert.equal(status, 0);
    assert.equal(stderr !== "", complains, stderr);
  });

function settingAll(flags: readonly string[]): string {
  return `for (const flag of ${JSON.stringify(flags)}) require("node:v8").setFlagsFromString(flag);`;
}
