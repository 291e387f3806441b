import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "#kit/storage.ts";
import { append, failsWith, ids, insert, juliet, loaded, romeo, set } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

export function commitTests(fresh: Fresh): void {
  test("a commit that fails leaves nothing behind and does not touch the others of its group", async () => {
    await using store = await fresh();
    await store.commit([insert(romeo, "r", "Verona", 17)]);
    const results = await Promise.allSettled([
      store.commit([set(romeo, "roster", "first", "1")]),
      store.commit([set(romeo, "roster", "lost", "1"), append(romeo, "lost", 1, "x"), insert(romeo, "r", "Mantua", 1)]),
      store.commit([set(romeo, "roster", "third", "1"), insert(juliet, "r", "Verona", 13)]),
    ]);
    deepEqual(
      results.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
    ok(results[1]?.status === "rejected" && failsWith("conflict")(results[1].reason));
    deepEqual(await loaded(store, romeo), { roster: { first: "1", third: "1" } });
    deepEqual(await store.owners("messages", { limit: 9 }), []);
    const rows = await store.select("directory", { where: [], orderBy: ["jid"], limit: 9 });
    deepEqual(
      rows.map(({ jid, city }) => [jid, city]),
      [
        [juliet, "Verona"],
        [romeo, "Verona"],
      ],
    );
    equal(store.health.state, "ok");
    equal(store.health.failures, 1);
    equal(store.health.lastError?.kind, "conflict");
  });

  test("two inserts of one key in one commit or one group conflict", async () => {
    await using store = await fresh();
    await rejects(store.commit([insert(romeo, "r", "a", 1), insert(romeo, "r", "b", 1)]), failsWith("conflict"));
    const group = await Promise.allSettled([
      store.commit([insert(romeo, "r", "first", 1)]),
      store.commit([insert(romeo, "r", "second", 1)]),
    ]);
    deepEqual(
      group.map(({ status }) => status),
      ["fulfilled", "rejected"],
    );
    deepEqual(
      (await store.select("directory", { where: [], limit: 9 })).map(({ city }) => city),
      ["first"],
    );
  });

  test("the commits of one turn are one group", async () => {
    await using store = await fresh();
    const before = store.health;
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.commit([set(romeo, "roster", `k${n}`, "v")])));
    const after = store.health;
    deepEqual([after.commits - before.commits, after.groups - before.groups], [100, 1]);
    equal(after.commitsPending, 0);
  });

  test("the commits that come while a group is written are the next group", async () => {
    await using store = await fresh();
    const first = store.commit([set(romeo, "roster", "first", "v")]);
    while (store.health.groups === 0) await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
    const later = Array.from({ length: 10 }, (_, n) => store.commit([set(romeo, "roster", `k${n}`, "v")]));
    await Promise.all([first, ...later]);
    equal(store.health.groups, 2);
  });

  test("a group is no larger than its bounds", async () => {
    await using store = await fresh({ bounds: { groupCommitsMax: 4, groupCharsMax: 100 } });
    await Promise.all(Array.from({ length: 10 }, (_, n) => store.commit([set(romeo, "roster", `k${n}`, "v")])));
    equal(store.health.groups, 3);
    await Promise.all(
      Array.from({ length: 3 }, (_, n) => store.commit([set(romeo, "roster", `k${n}`, "v".repeat(60))])),
    );
    equal(store.health.groups, 6);
  });

  test("commits and reads beyond the bounds are refused at once, and succeed later", async () => {
    await using store = await fresh({ bounds: { commitsPendingMax: 3, charsPendingMax: 1000, readsPendingMax: 2 } });
    const commits = await Promise.allSettled(
      Array.from({ length: 5 }, () => store.commit([set(romeo, "roster", "k", "v")])),
    );
    deepEqual(
      commits.map((result) => (result.status === "fulfilled" ? "" : result.reason.kind)),
      ["", "", "", "too-busy", "too-busy"],
    );
    const reads = await Promise.allSettled(Array.from({ length: 3 }, () => store.load(romeo)));
    deepEqual(
      reads.map((result) => (result.status === "fulfilled" ? "" : result.reason.kind)),
      ["", "", "too-busy"],
    );
    await rejects(store.commit([set(romeo, "roster", "k", "v".repeat(1001))]), failsWith("too-busy"));
    await store.commit([set(romeo, "roster", "k", "w")]);
    equal(await store.get("roster", romeo, "k"), "w");
  });
}

export function orderTests(fresh: Fresh): void {
  test("commits are applied in the order of the calls", async () => {
    await using store = await fresh();
    const value = (n: number): Write => set(romeo, "roster", "k", String(n));
    const done: number[] = [];
    const commits: (readonly Write[])[] = [
      [value(1), value(2)],
      [{ op: "delete", store: "roster", owner: romeo, key: "k" }],
      [value(3), { op: "clear", store: "roster", owner: romeo }, set(romeo, "roster", "other", "kept")],
      [append(romeo, "a", 1, "x"), { op: "remove", store: "messages", owner: romeo, ids: ["a"] }],
      [append(romeo, "b", 1, "x"), { op: "truncate", store: "messages", owner: romeo }, append(romeo, "c", 3, "x")],
      [
        { op: "upsert", store: "global", row: { name: "n", n: 1 } },
        { op: "upsert", store: "global", row: { name: "n", n: 2 } },
      ],
      [
        { op: "deleteRows", store: "global", where: [] },
        { op: "insert", store: "global", row: { name: "n", n: 3 } },
      ],
      [{ op: "wipe", owner: juliet }, value(4)],
    ];
    await Promise.all(commits.map((writes, n) => store.commit(writes).then(() => done.push(n))));
    deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7]);
    deepEqual(await loaded(store, romeo), { roster: { other: "kept", k: "4" } });
    deepEqual(ids(await store.page("messages", romeo, { max: 9, direction: "forward" })), ["c"]);
    deepEqual(await store.select("global", { where: [], limit: 9 }), [{ name: "n", n: 3 }]);
  });

  test("a read that is called after a commit sees it", async () => {
    await using store = await fresh();
    for (let round = 0; round < 3; round++) {
      const writes = [
        set(romeo, "roster", "k", String(round)),
        append(romeo, `${round}`, round, "x"),
        insert(romeo, `r${round}`, "c", 1),
      ];
      const commit = store.commit(writes);
      const [entries, value, page, owners, rows] = await Promise.all([
        loaded(store, romeo),
        store.get("roster", romeo, "k"),
        store.page("messages", romeo, { max: 9, direction: "forward" }),
        store.owners("roster", { limit: 9 }),
        store.select("directory", { where: [], limit: 9 }),
      ]);
      await commit;
      deepEqual([entries, value], [{ roster: { k: String(round) } }, String(round)]);
      deepEqual([ids(page).length, owners, rows.length], [round + 1, [romeo], round + 1]);
    }
    void store.commit([{ op: "wipe", owner: romeo }]);
    deepEqual(await store.select("directory", { where: [], limit: 9 }), []);
    deepEqual(await loaded(store, romeo), {});
  });

  test("a read that waits for a commit which fails is answered from before it", async () => {
    await using store = await fresh();
    await store.commit([insert(romeo, "r", "a", 1)]);
    const failing = store.commit([set(romeo, "roster", "k", "v"), insert(romeo, "r", "b", 1)]);
    const [read, failure] = await Promise.allSettled([loaded(store, romeo), failing]);
    deepEqual([read.status === "fulfilled" && read.value, failure.status], [{}, "rejected"]);
  });
}
