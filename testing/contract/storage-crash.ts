import { deepEqual, equal, ok } from "node:assert/strict";
import type { Store, StoreShape, Write } from "#kit/storage.ts";

export const crashShapes: readonly StoreShape[] = [
  { shape: "map", name: "sent", version: 1 },
  { shape: "archive", name: "messages", version: 1 },
  { shape: "table", name: "log", version: 1, columns: { n: "integer" }, key: ["n"], indexes: [] },
];

const owner = "a@b";

export function crashWrites(n: number): readonly Write[] {
  return [
    { op: "set", store: "sent", owner, key: `${n}`, value: "v".repeat(200) },
    { op: "append", store: "messages", owner, id: `${n}`, at: n, with: "c@d", value: "v".repeat(200) },
    { op: "insert", store: "log", row: { n } },
  ];
}

/** All that was acknowledged is there, and of every commit all or nothing. Returns the first number that is free. */
export async function checkAfterCrash(store: Store, acknowledged: readonly number[]): Promise<number> {
  await store.declare(crashShapes);
  const sent = [...((await store.load(owner)).get("sent")?.keys() ?? [])].map(Number).toSorted((a, b) => a - b);
  const there = new Set(sent);
  deepEqual(
    acknowledged.filter((n) => !there.has(n)),
    [],
    "acknowledged commits that are lost",
  );
  const archived: number[] = [];
  for (let after: string | undefined; ; after = `${archived.at(-1)}`) {
    const query = { max: 1_000, direction: "forward", ...(after === undefined ? {} : { after }) } as const;
    const page = await store.page("messages", owner, query);
    ok(page.found);
    archived.push(...page.rows.map(({ id }) => Number(id)));
    if (page.complete) break;
  }
  deepEqual(archived, sent);
  equal(
    (await store.select("log", { where: [{ column: "n", is: "in", values: sent }], limit: 10_000 })).length,
    sent.length,
  );
  return (sent.at(-1) ?? -1) + 1;
}
