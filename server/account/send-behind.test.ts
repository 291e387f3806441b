import assert from "node:assert/strict";
import { test } from "node:test";
import { SettlementTracker, type Settlement } from "#kit/settlement.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import { StoreError } from "#kit/storage.ts";
import { anyJid, bareJid } from "#testing/addresses.ts";
import { Batches } from "./batches.ts";
import type { CarriedRows } from "./carried-rows.ts";
import { handOverBehind, sendBehind } from "./send-behind.ts";
import { temporaryStore } from "./temporary-store.ts";

const jid = bareJid("romeo@montague.example");
const rows: CarriedRows = { writes: [], ended: () => undefined };

/** An account that has written something, and what becomes of what it sends. */
function writing() {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stage = {
    crashed: (_: unknown, cause: unknown) => assert.fail(String(cause)),
    storeFailed: () => undefined,
    handOver: () => void said.push("handed over"),
    unwritten: () => void said.push("told that it is not written"),
  };
  const batches = new Batches({ jid, store: { ...temporaryStore, commit: () => promise }, stage }, () => undefined);
  batches.add({ op: "set", store: "note", owner: jid, key: "", value: "1" });
  return {
    batches,
    said,
    sender: { host: { route: () => void said.push("sent") }, stage },
    end: async (how: "done" | "failed"): Promise<void> => {
      batches.commit();
      if (how === "done") resolve();
      else reject(new StoreError("full", "the disc was told to fail"));
      await new Promise((next) => setImmediate(next));
    },
  };
}

const stanzaOfType = (type: string, settlement?: Settlement): Stanza =>
  makeStanza("message", { from: jid, to: anyJid("juliet@capulet.example"), type, settlement });

for (const { type, end, what } of [
  { type: "chat", end: "done", what: "sent" },
  { type: "chat", end: "failed", what: "told that it is not written" },
  { type: "error", end: "done", what: "sent" },
  { type: "error", end: "failed", what: "sent" },
] as const)
  test(`a stanza of type ${type} behind a write that is ${end} is ${what}, and not before`, async () => {
    const { batches, said, sender, end: endWith } = writing();
    sendBehind(sender, batches, stanzaOfType(type));
    assert.deepEqual(said, []);
    await endWith(end);
    assert.deepEqual(said, [what]);
  });

for (const end of ["done", "failed"] as const)
  test(`what is handed over with its rows behind a write that is ${end} is handed over, and held until then`, async () => {
    const { batches, said, sender, end: endWith } = writing();
    const settled: boolean[] = [];
    const settlement = new SettlementTracker(() => void settled.push(true)).next();
    handOverBehind(sender, batches, stanzaOfType("chat", settlement), rows);
    settlement.release();
    assert.deepEqual([said, settled], [[], []]);
    await endWith(end);
    assert.deepEqual([said, settled], [["handed over"], [true]]);
  });
