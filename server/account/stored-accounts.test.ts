import assert from "node:assert/strict";
import { test } from "node:test";
import { domainOf, type BareJid } from "#protocol/jid/jid.ts";
import { StoreError, type StoreShape } from "#kit/storage.ts";
import { domainJid } from "#testing/addresses.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { silentLog } from "#testing/silent-log.ts";
import { openMemoryStore } from "../storage/memory-store.ts";
import { visitStoredAccounts, type StoredAccounts } from "./stored-accounts.ts";

const shape: StoreShape = { shape: "keyed", name: "left", version: 1 };
const [montague, capulet, verona] = ["montague.example", "capulet.example", "verona.example"].map(domainJid);
/** The hosts that are served. */
const served = [montague, capulet];
const refused = "cannot be read at present";

/** 250 accounts of each of two hosts, and two of one that is not served any more. */
async function stage() {
  const env = new VirtualEnv("stored accounts");
  const { store, faults } = openMemoryStore({ schedule: (run) => env.defer(run) });
  const owners = [montague, capulet].flatMap((domain) =>
    Array.from({ length: 250 }, (_, index) => `user${index}@${domain}`),
  );
  const all = [...owners, `watchman1@${verona}`, `watchman2@${verona}`];
  const declared = store.declare([shape]);
  await env.settle();
  await declared;
  const written = store.commit(all.map((owner) => ({ op: "set", store: shape.name, owner, key: "", value: "left" })));
  await env.settle();
  await written;
  const visited: string[] = [];
  let [underWay, underWayMax] = [0, 0];
  const walk = async (
    options: Partial<StoredAccounts<string>> = {},
    before: (address: BareJid) => void | Promise<void> = () => {},
  ) =>
    visitStoredAccounts<string>(
      {
        env,
        log: silentLog,
        store,
        hostOf: (domain) => (served.includes(domain) ? `host ${domain}` : undefined),
        stopped: () => false,
        ...options,
      },
      {
        storeName: shape.name,
        refused,
        visit: async (host, address) => {
          underWayMax = Math.max(underWayMax, ++underWay);
          try {
            await before(address);
            assert.equal(host, `host ${domainOf(address)}`);
            visited.push(address);
          } finally {
            underWay -= 1;
          }
        },
      },
    );
  return { env, faults, owners, visited, walk, underWayMax: () => underWayMax };
}

test("every account of a served host is visited once, a hundred at a time, and the others are counted", async () => {
  const { env, owners, visited, walk, underWayMax } = await stage();
  const walking = walk({}, () => Promise.resolve());
  await env.settle();
  assert.equal(await walking, 2);
  assert.deepEqual(visited.toSorted(), owners.toSorted());
  assert.equal(underWayMax(), 100);
});

test("of one host only its own are visited", async () => {
  const { env, owners, visited, walk } = await stage();
  const walking = walk({ domain: capulet });
  await env.settle();
  assert.equal(await walking, 0);
  assert.deepEqual(visited.toSorted(), owners.filter((owner) => owner.endsWith(`@${capulet}`)).toSorted());
});

test("what cannot be read is read again after five seconds, as often as it takes, and nobody is left out", async () => {
  const { env, faults, owners, visited, walk } = await stage();
  const told: string[] = [];
  faults.failReads("unavailable");
  const walking = walk({ log: { ...silentLog, debug: (_, text) => told.push(text) } });
  await env.advance(9_999);
  assert.deepEqual([visited.length, told], [0, [refused, refused]]);
  faults.failReads(undefined);
  await env.advance(1);
  assert.equal(await walking, 2);
  assert.deepEqual(visited.toSorted(), owners.toSorted());
});

test("a visit that the store refuses has its page visited once more, and those before it not", async () => {
  const { env, owners, visited, walk } = await stage();
  const [ofSecondPage] = owners.toSorted().slice(150);
  let refusals = 1;
  const walking = walk({}, (address) => {
    if (address !== ofSecondPage || refusals-- <= 0) return;
    throw new StoreError("full", "the disc is full");
  });
  await env.advance(4_999);
  assert.equal(visited.length, 199);
  await env.advance(1);
  assert.equal(await walking, 2);
  assert.deepEqual([...new Set(visited)].toSorted(), owners.toSorted());
  assert.equal(visited.length, owners.length + 99);
});

test("a bug in a visit ends it", async () => {
  const { env, walk } = await stage();
  const walking = assert.rejects(
    walk({}, () => {
      throw new Error("a bug");
    }),
    /a bug/u,
  );
  await env.settle();
  await walking;
});

test("once it is stopped no further page is read, also while it waits", async () => {
  for (const { failing, seen } of [
    { failing: false, seen: 100 },
    { failing: true, seen: 0 },
  ]) {
    const { env, faults, visited, walk } = await stage();
    let stopped = false;
    if (failing) faults.failReads("unavailable");
    const walking = walk({ stopped: () => stopped }, () => void (stopped = true));
    await env.settle();
    stopped = true;
    faults.failReads(undefined);
    await env.advance(5_000);
    assert.equal(await walking, undefined);
    assert.equal(visited.length, seen);
  }
});
