import type { Condition, Store, Write } from "#kit/storage.ts";

type Pick = (below: number) => number;

/** Commits over few owners, keys and ids, so that they meet. The same seed gives the same commits. */
export function randomCommits(seed: number, count: number): readonly (readonly Write[])[] {
  const pick = generator(seed);
  return Array.from({ length: count }, () => Array.from({ length: 1 + pick(4) }, () => randomWrite(pick)));
}

const numberedMax = 6_000;

/** Always the same commits, each of which leaves its number in the table "global" if it is made. */
export function numberedCommits(): readonly (readonly Write[])[] {
  return randomCommits(1, numberedMax).map((writes, number) => [
    ...writes,
    { op: "upsert", store: "global", row: { name: "number", n: number } },
  ]);
}

/** Reads of everything that such commits may have left. */
export function randomReads(seed: number): readonly ((store: Store) => Promise<unknown>)[] {
  const pick = generator(seed * 31);
  const reads: ((store: Store) => Promise<unknown>)[] = [];
  for (const owner of owners) {
    reads.push((store) => store.load(owner));
    for (let n = 0; n < 4; n++) {
      const query = {
        max: pick(4),
        direction: oneOf(pick, ["forward", "backward"] as const),
        countRows: true,
        ...(pick(2) === 0 ? {} : { after: oneOf(pick, idsInUse) }),
        ...(pick(3) > 0 ? {} : { before: oneOf(pick, idsInUse) }),
        ...(pick(2) === 0 ? {} : { with: oneOf(pick, peers) }),
        ...(pick(2) === 0 ? {} : { start: pick(10) }),
        ...(pick(2) === 0 ? {} : { end: pick(10) }),
        ...(pick(4) > 0 ? {} : { ids: [oneOf(pick, idsInUse), oneOf(pick, idsInUse)] }),
      };
      const text = Array.from({ length: 1 + pick(2) }, () => oneOf(pick, words)).join(" ");
      const searched = { ...query, text: pick(3) === 0 ? `"${text}"` : text };
      reads.push(
        (store) => store.page("messages", owner, query),
        (store) => store.page("messages", owner, searched),
      );
    }
  }
  reads.push(
    (store) => store.owners("roster", { limit: 10 }),
    (store) => store.owners("messages", { limit: 10 }),
  );
  for (let n = 0; n < 6; n++) {
    const query = {
      where: randomConditions(pick),
      orderBy: oneOf(pick, [[], ["age"], ["city", "age"]]),
      limit: 1 + pick(9),
    };
    const descending = pick(2) === 0;
    reads.push((store) => store.select("directory", { ...query, descending }));
  }
  return reads;
}

const owners = ["a@x", "b@x", "c@y"];
const keys = ["", "k", "é", "😀"];
const idsInUse = ["1", "2", "3", "4", "5", "6"];
const peers = ["p@q", "p@q/r", "p@q/s", "p@qq"];
const words = ["rose", "Rosé", "name", "thorn"];
const cities = ["", "Bonn", "Rom", "Rome"];

function randomWrite(pick: Pick): Write {
  const owner = oneOf(pick, owners);
  const store = oneOf(pick, ["roster", "blocklist"]);
  const key = oneOf(pick, keys);
  const id = oneOf(pick, idsInUse);
  const row = { jid: owner, room: oneOf(pick, ["1", "2"]), city: oneOf(pick, cities), age: pick(5) };
  switch (pick(16)) {
    case 0:
    case 1:
      return { op: "delete", store, owner, key };
    case 2:
      return { op: "clear", store, owner };
    case 3:
    case 4:
    case 5:
    case 6:
      return {
        op: "append",
        store: "messages",
        owner,
        id,
        at: pick(10),
        with: oneOf(pick, peers),
        value: `<m><body>${Array.from({ length: pick(5) }, () => oneOf(pick, words)).join(" ")}</body></m>`,
      };
    case 7:
      return { op: "remove", store: "messages", owner, ids: [id, oneOf(pick, idsInUse)] };
    case 8:
      return { op: "truncate", store: "messages", owner, ...(pick(4) === 0 ? {} : { before: pick(8) }) };
    case 9:
      return { op: "insert", store: "directory", row };
    case 10:
    case 11:
      return { op: "upsert", store: "directory", row };
    case 12:
      return { op: "deleteRows", store: "directory", where: randomConditions(pick) };
    case 13:
      return pick(4) === 0 ? { op: "wipe", owner } : { op: "set", store: "profile", owner, key: "", value: "p" };
    default:
      return { op: "set", store, owner, key, value: `v${pick(1000)}` };
  }
}

function randomConditions(pick: Pick): readonly Condition[] {
  return Array.from({ length: 1 + pick(2) }, (): Condition => {
    switch (pick(4)) {
      case 0:
        return { column: "city", is: "prefix", value: oneOf(pick, ["", "R", "Rom", "B"]) };
      case 1:
        return { column: "age", is: oneOf(pick, ["<", "<=", ">", ">="] as const), value: pick(5) };
      case 2:
        return { column: "city", is: "in", values: [oneOf(pick, cities), oneOf(pick, cities)] };
      default:
        return { column: "jid", is: "=", value: oneOf(pick, owners) };
    }
  });
}

function oneOf<T>(pick: Pick, list: readonly [T, ...T[]] | readonly T[]): T {
  const chosen = list[pick(list.length)];
  if (chosen === undefined) throw new RangeError("an empty list");
  return chosen;
}

/** Mulberry32: small, and good enough to mix writes. */
function generator(seed: number): Pick {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
