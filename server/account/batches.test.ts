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
  const write = (id: string): void =>
    batches.add({ op: "append", store: "archive", owner: juliet(), id, at: 0, with: id, value: id });
  const work = (id: string, act: () => void = () => undefined): void => {
    write(id);
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
  return { batches, commits, said, write, work, end, tell };
}

function juliet(): BareJid {
  const jid = parseJid("juliet@capulet.example");
  assert.ok(jid !== undefined);
  return bareOf(jid);
}

test("what was read behind a batch that fails is not confirmed, also where a later one fails before it is asked", async () => {
  const { batches, said, write, work, end, tell } = scripted();
  work("1");
  write("2");
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
    const { batches, write, end } = scripted();
    const ends: unknown[] = [];
    batches.take({ writes: [], ended: (failure) => void ends.push(failure?.cause) });
    write("1");
    batches.commit();
    assert.deepEqual(ends, []);
    await end(1, how);
    assert.deepEqual(ends, told);
  }
});

test("who reads an archive waits until the rows that other owners commit are given back, however", () => {
  for (const failure of [undefined, { cause: lost }]) {
    const { batches, said, write } = scripted();
    batches.whenGivenBack(() => said.push("nothing is lent"));
    write("1");
    const rows = batches.lend();
    batches.whenGivenBack(() => said.push("it is back"));
    assert.deepEqual(said, ["nothing is lent"]);
    rows.ended(failure);
    assert.deepEqual(said, ["nothing is lent", "it is back"]);
  }
});

test("a hibernating session's row joins a batch only where it tells nothing that other batches write", async () => {
  const { batches, write, work, end } = scripted();
  const may = (): string => (["message", "push", "else"] as const).filter((tells) => batches.mayJoin(tells)).join(" ");
  assert.equal(may(), "message", "nothing is being written: a message is its own row");
  write("1");
  assert.equal(may(), "message push else", "what causes it is being filled");
  batches.commit();
  assert.equal(may(), "", "what causes it is on its way already");
  batches.endWork();
  assert.equal(may(), "message");
  write("2");
  assert.equal(may(), "message push", "anything else may tell what the first batch writes");
  batches.add({ op: "set", store: "notes", owner: juliet(), key: "2", value: "2" });
  assert.equal(may(), "message push else", "values fail where those fail that they may be made of");
  batches.commit();
  batches.endWork();
  await end(1, "fail");
  assert.equal(may(), "", "what was read since may not be what is stored");
  await end(2, "done");
  work("3");
  batches.readAnew();
  assert.equal(may(), "message");
});

/** A batch each, as `work`, that writes a value. */
function valueWork({ batches }: ReturnType<typeof scripted>, key: string, act: () => void = () => undefined): void {
  batches.add({ op: "set", store: "notes", owner: juliet(), key, value: key });
  act();
  batches.commit();
  batches.endWork();
}

/** The keys of what each commit writes. */
function written({ commits }: ReturnType<typeof scripted>): readonly string[] {
  return commits.map(({ writes }) => writes.map((write) => ("key" in write ? write.key : "row")).join(" "));
}

test("values wait for those that are under way, together, and rows do not", async () => {
  const scene = scripted();
  const { work, end } = scene;
  valueWork(scene, "1");
  work("row");
  valueWork(scene, "2");
  valueWork(scene, "3");
  work("row");
  assert.deepEqual(written(scene), ["1", "row"]);
  await end(1, "done");
  assert.deepEqual(written(scene), ["1", "row", "2 3 row"]);
  valueWork(scene, "4");
  await end(3, "done");
  assert.deepEqual(written(scene), ["1", "row", "2 3 row", "4"]);
  assert.equal(scene.batches.isQuiet, false);
  await end(2, "done");
  await end(4, "done");
  assert.equal(scene.batches.isQuiet, true);
});

test("values behind others that fail fail with them, unwritten, until what is stored has been read", async () => {
  const scene = scripted();
  const { batches, said, end, tell, work } = scene;
  valueWork(scene, "1", () => tell("1"));
  const carried: unknown[] = [];
  batches.take({ writes: [], ended: (failure) => void carried.push(failure?.cause) });
  valueWork(scene, "2", () => tell("2"));
  tell("what 1 and 2 say");
  await end(1, "fail");
  assert.deepEqual(said, ["not 1", "not 2", "not what 1 and 2 say"]);
  assert.deepEqual(carried, [lost]);
  valueWork(scene, "3", () => tell("3"));
  await end(1, "fail");
  work("row");
  assert.deepEqual(said.slice(3), ["not 3"]);
  assert.deepEqual(written(scene), ["1", "row"]);
  await end(2, "done");
  assert.deepEqual([batches.isQuiet, batches.mustSettle], [true, true]);
  batches.readAnew();
  assert.equal(batches.mustSettle, false);
  valueWork(scene, "4", () => tell("4"));
  await end(3, "done");
  assert.deepEqual(written(scene), ["1", "row", "4"]);
  assert.deepEqual(said.slice(4), ["4"]);
});

test("a row that fails takes no values along", async () => {
  const scene = scripted();
  const { work, end } = scene;
  work("row");
  await end(1, "fail");
  valueWork(scene, "1");
  assert.deepEqual(written(scene), ["row", "1"]);
});

test("what a work does that writes nothing is no consequence of the values of others that still wait", async () => {
  const scene = scripted();
  const { batches, said, end } = scene;
  valueWork(scene, "1");
  valueWork(scene, "2", () =>
    batches.whenDurable(
      () => said.push("2"),
      () => said.push("not 2"),
    ),
  );
  batches.whenDurable(
    () => said.push("something else"),
    () => said.push("not something else"),
  );
  batches.endWork();
  await end(1, "fail");
  assert.deepEqual(said, ["not 2", "something else"]);
});

test("who reads waits until what was written is on its way, and no longer", async () => {
  const scene = scripted();
  const { batches, said, end } = scene;
  assert.equal(batches.flush(), undefined);
  valueWork(scene, "1");
  assert.equal(batches.flush(), undefined, "it is on its way");
  valueWork(scene, "2");
  void batches.flush()?.then(() => said.push("read"));
  assert.deepEqual(said, []);
  await end(1, "done");
  assert.deepEqual([said, written(scene)], [["read"], ["1", "2"]]);
});

test("others commit rows, never values, nor what hibernating sessions owe, nor anything while it is not known what is stored", async () => {
  const scene = scripted();
  const { batches, write, end } = scene;
  assert.equal(batches.canLend, false, "there is nothing");
  write("row");
  assert.equal(batches.canLend, true);
  const rows = batches.lend();
  batches.add({ op: "append", store: "owed-stanzas", owner: juliet(), id: "1", at: 0, with: "1", value: "1" });
  assert.equal(batches.canLend, false);
  batches.commit();
  valueWork(scene, "1", () => assert.equal(batches.canLend, false));
  await end(2, "fail");
  write("row");
  assert.equal(batches.canLend, false);
  assert.equal(batches.mustSettle, false, "who commits for it may wait for the same");
  rows.ended();
  assert.equal(batches.mustSettle, true);
});
