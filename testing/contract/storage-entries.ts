import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "#kit/storage.ts";
import { append, juliet, loaded, romeo, set } from "./storage-fixtures.ts";
import type { Fresh } from "./storage-fixtures.ts";

export function entryTests(fresh: Fresh): void {
  test("an owner loads all it has in keyed and map stores, and nothing of others", async () => {
    await using store = await fresh();
    await store.commit([
      set(romeo, "profile", "", "P"),
      set(romeo, "roster", juliet, "J"),
      set(romeo, "roster", "nurse@capulet.example", "N"),
      set(juliet, "profile", "", "other"),
      append(romeo, "1", 1, juliet),
    ]);
    const expected = { profile: { "": "P" }, roster: { [juliet]: "J", "nurse@capulet.example": "N" } };
    deepEqual(await loaded(store, romeo), expected);
    deepEqual(await loaded(store, "nobody@montague.example"), {});
  });

  test("a value is got, replaced, deleted and cleared", async () => {
    await using store = await fresh();
    await store.commit([
      set(romeo, "roster", "a", "1"),
      set(romeo, "roster", "b", "1"),
      set(romeo, "profile", "", "p"),
    ]);
    equal(await store.get("roster", romeo, "a"), "1");
    equal(await store.get("roster", juliet, "a"), undefined);
    await store.commit([set(romeo, "roster", "a", "2"), { op: "delete", store: "roster", owner: romeo, key: "b" }]);
    deepEqual(await loaded(store, romeo), { roster: { a: "2" }, profile: { "": "p" } });
    await store.commit([{ op: "clear", store: "roster", owner: romeo }, set(romeo, "roster", "c", "3")]);
    deepEqual(await loaded(store, romeo), { roster: { c: "3" }, profile: { "": "p" } });
  });

  test("the owners of a store are paged in order and by domain", async () => {
    await using store = await fresh();
    const owners = ["a@x.example", "b@x.example", "b@y.example", "c@xx.example", "x.example", "a.x.example"];
    const writes = owners.flatMap((owner) => [set(owner, "roster", "1", "v"), set(owner, "roster", "2", "v")]);
    await store.commit([...writes, set("z@x.example", "profile", "", "v"), append("m@x.example", "1", 1, "x")]);
    const sorted = ["a.x.example", "a@x.example", "b@x.example", "b@y.example", "c@xx.example", "x.example"];
    deepEqual(await store.owners("roster", { limit: 100 }), sorted);
    deepEqual(await store.owners("roster", { limit: 2 }), sorted.slice(0, 2));
    deepEqual(await store.owners("roster", { after: "a@x.example", limit: 2 }), sorted.slice(2, 4));
    deepEqual(await store.owners("roster", { limit: 9, domain: "x.example" }), [
      "a@x.example",
      "b@x.example",
      "x.example",
    ]);
    const afterA = { after: "a@x.example", limit: 1, domain: "x.example" };
    deepEqual(await store.owners("roster", afterA), ["b@x.example"]);
    deepEqual(await store.owners("messages", { limit: 9 }), ["m@x.example"]);
    deepEqual(await store.owners("offline", { limit: 9 }), []);
  });

  test("a wipe removes everything of the owner, in every store, and nothing of others", async () => {
    await using store = await fresh();
    const all = (owner: string): Write[] => [
      set(owner, "profile", "", "p"),
      set(owner, "roster", "a", "1"),
      append(owner, "1", 1, "x"),
      append(owner, "1", 1, "x", "offline"),
      { op: "upsert", store: "directory", row: { jid: owner, room: "r" } },
      { op: "upsert", store: "global", row: { name: owner } },
    ];
    await store.commit([...all(romeo), ...all(juliet)]);
    await store.commit([{ op: "wipe", owner: romeo }, set(romeo, "roster", "late", "1")]);
    deepEqual(await loaded(store, romeo), { roster: { late: "1" } });
    deepEqual(await loaded(store, juliet), { profile: { "": "p" }, roster: { a: "1" } });
    deepEqual(await store.owners("messages", { limit: 9 }), [juliet]);
    deepEqual(await store.owners("offline", { limit: 9 }), [juliet]);
    deepEqual(
      (await store.select("directory", { where: [], limit: 9 })).map(({ jid }) => jid),
      [juliet],
    );
    equal((await store.select("global", { where: [], limit: 9 })).length, 2);
  });
}
