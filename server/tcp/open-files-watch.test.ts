import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { OpenFilesWatch } from "./open-files-watch.ts";

interface Fixture {
  readonly env: VirtualEnv;
  readonly log: string[];
  readonly done: string[];
  readonly watch: OpenFilesWatch;
  readonly system: { canOpenFile: boolean; canListen: boolean };
}

function fixture(): Fixture {
  const env = new VirtualEnv("files");
  const log: string[] = [];
  const done: string[] = [];
  const system = { canOpenFile: true, canListen: true };
  const tell = (_: object, text: string): void => void log.push(text);
  const watch = new OpenFilesWatch({
    env,
    log: { debug: tell, info: tell, warn: tell, error: tell },
    canOpenFile: () => system.canOpenFile,
  });
  watch.add({
    pause: () => void done.push("pause"),
    resume: async () => {
      if (!system.canListen) throw new Error("EMFILE");
      done.push("resume");
    },
  });
  return { env, log, done, watch, system };
}

test("A11 nothing listens while there are no files, the log hears of it once a second, and then all listen again", async () => {
  const { env, log, done, watch, system } = fixture();
  await env.advance(10_000);
  assert.deepEqual([done, log], [[], []]);
  system.canOpenFile = false;
  await env.advance(5_000);
  assert.equal(log.length, 5);
  assert.ok(watch.exhausted);
  system.canOpenFile = true;
  await env.advance(5_000);
  assert.equal(log.length, 6, log.join("\n"));
  assert.deepEqual([...new Set(done)], ["pause", "resume"]);
  assert.equal(done.filter((what) => what === "resume").length, 1);
});

test("A11 a port that cannot be had again at once is asked for every second", async () => {
  const { env, log, done, system } = fixture();
  Object.assign(system, { canOpenFile: false, canListen: false });
  await env.advance(1_000);
  system.canOpenFile = true;
  await env.advance(3_000);
  assert.deepEqual(done, ["pause"]);
  assert.equal(log.filter((line) => line.startsWith("cannot listen again")).length, 3);
  system.canListen = true;
  await env.advance(1_000);
  assert.deepEqual(done, ["pause", "resume"]);
});

test("a watch that has ended wakes nobody up", async () => {
  const { env, done, watch, system } = fixture();
  system.canOpenFile = false;
  await env.advance(1_000);
  watch[Symbol.dispose]();
  system.canOpenFile = true;
  await env.advance(5_000);
  assert.deepEqual(done, ["pause"]);
});
