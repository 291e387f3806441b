import assert from "node:assert/strict";
import { test } from "node:test";
import type { BareJid } from "#protocol/jid/jid.ts";
import { parseJid, bareOf } from "#protocol/jid/jid.ts";
import { StoreError, type Write } from "#kit/storage.ts";
import { Batches } from "./batches.ts";
import { temporaryStore } from "./temporary-store.ts";

const lost = new StoreError("unavailable", "the disc was told to fail");

/** Batches whose commits end when they are told to, by their numbers. */
function scripted() {
  const commits: { readonly done: () => void; readonly fail: () => void; readonly writes: readonly Write[] }[] = [];
  const crashes: unknown[] = [];
  const batches = new Batches(
    {
      jid: juliet(),
      store: {
        ...temporaryStore,
        commit: (writes) =>
          new Promise((resolve, reject) => commits.push({ writes, done: resolve, fail: () => reject(lost) })),
      },
      stage: { crashed: (_, cause) => void crashes.push(cause), storeFailed: () => undefined },
    },
    () => undefined,
  );
  const said: string[] = [];
  const work = (key: string, act: () => void = () => undefined): void => {
    batches.add({ op: "set", store: "notes", owner: juliet(), key, value: key });
    act();
    batches.commit();
    batches.endWork();
  };
  const end = async (number: number, how: "done" | "fail"): Promise<void> => {
    commits[number - 1]?.[how]();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(crashes, []);
  };
  /** Says what was read where that is confirmed. */
  const tell = (what: string): void =>
    batches.whenConfirmed(
      () => said.push(what),
      () => said.push(`not ${what}`),
    );
  return { batches, commits, said, work, end, tell };
}

function juliet(): BareJid {
  const jid = parseJid("juliet@capulet.example");
  assert.ok(jid !== undefined);
  return bareOf(jid);
}

test("what was read behind a batch that fails is not confirmed, also where a later one fails before it is asked", async () => {
  const { batches, said, work, end, tell } = scripted();
  work("1");
  batches.add({ op: "set", store: "notes", owner: juliet(), key: "2", value: "2" });
  const rows = batches.lend();
  batches.endWork();
  tell("what 1 and 2 say");
  work("3");
  await end(1, "fail");
  await end(2, "fail");
  assert.deepEqual(said, [], "what others commit for it has not ended");
  rows.ended();
  assert.deepEqual(said, ["not what 1 and 2 say"]);
});

test("what was read ahead of the first batch that fails is confirmed", async () => {
  const { said, work, end, tell } = scripted();
  work("1");
  tell("what 1 says");
  work("2");
  await end(2, "fail");
  assert.deepEqual(said, []);
  await end(1, "done");
  assert.deepEqual(said, ["what 1 says"]);
});

test("what a batch of its own causes is told with that batch, whatever became of earlier ones", async () => {
  const { batches, said, work, end, tell } = scripted();
  work("1");
  work("2", () => tell("what 2 says"));
  await end(1, "fail");
  await end(2, "done");
  assert.deepEqual([said, batches.hasFailed], [["what 2 says"], true]);
});

test("a sender whose rows another owner commits hears how that ended, and only then", async () => {
  for (const [how, told] of [
    ["done", [undefined]],
    ["fail", [lost]],
  ] as const) {
    const { batches, end } = scripted();
    const ends: unknown[] = [];
    batches.take({ writes: [], ended: (failure) => void ends.push(failure?.cause) });
    batches.add({ op: "set", store: "notes", owner: juliet(), key: "1", value: "1" });
    batches.commit();
    assert.deepEqual(ends, []);
    await end(1, how);
    assert.deepEqual(ends, told);
  }
});

test("who reads an archive waits until the rows that other owners commit are given back, however", () => {
  for (const failure of [undefined, { cause: lost }]) {
    const { batches, said } = scripted();
    batches.whenGivenBack(() => said.push("nothing is lent"));
    batches.add({ op: "set", store: "notes", owner: juliet(), key: "1", value: "1" });
    const rows = batches.lend();
    batches.whenGivenBack(() => said.push("it is back"));
    assert.deepEqual(said, ["nothing is lent"]);
    rows.ended(failure);
    assert.deepEqual(said, ["nothing is lent", "it is back"]);
  }
});

test("a hibernating session's row joins a batch only where it tells nothing that other batches write", async () => {
  const { batches, work, end } = scripted();
  const may = (): string => (["message", "push", "else"] as const).filter((tells) => batches.mayJoin(tells)).join(" ");
  assert.equal(may(), "message", "nothing is being written: a message is its own row");
  batches.add({ op: "set", store: "notes", owner: juliet(), key: "1", value: "1" });
  assert.equal(may(), "message push else", "what causes it is being filled");
  batches.commit();
  assert.equal(may(), "", "what causes it is on its way already");
  batches.endWork();
  assert.equal(may(), "message");
  batches.add({ op: "set", store: "notes", owner: juliet(), key: "2", value: "2" });
  assert.equal(may(), "message push", "anything else may tell what the first batch writes");
  batches.commit();
  batches.endWork();
  await end(1, "fail");
  assert.equal(may(), "", "what was read since may not be what is stored");
  await end(2, "done");
  work("3");
  batches.readAnew();
  assert.equal(may(), "message");
});

test("what hibernating sessions owe is elsewhere until the last owner who commits it gives it back, however", () => {
  const { batches } = scripted();
  const lend = (store: string): ReturnType<Batches["lend"]> => {
    batches.add({ op: "append", store, owner: juliet(), id: "1", at: 0, with: "1", value: "1" });
    return batches.lend();
  };
  lend("archive");
  assert.equal(batches.owesElsewhere, false);
  const [one, other] = [lend("owed-stanzas"), lend("owed-stanzas")];
  one.ended();
  assert.equal(batches.owesElsewhere, true);
  other.ended({ cause: lost });
  assert.equal(batches.owesElsewhere, false);
});
