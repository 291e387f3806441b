import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownRows, unwrittenRowsMax, type KnownRow } from "./known-rows.ts";

/** Drives one row. `write`, `written 1`, …: batches of each write, in their order; so with removals. */
function after(events: readonly string[]): KnownRows {
  const rows = new KnownRows();
  const batches: KnownRow[] = [];
  const removals: KnownRow[] = [];
  const secures = new Set<KnownRow>();
  let ended = (): void => assert.fail("nobody reads");
  for (const event of events) {
    const [what, number = 1] = event.split(" ");
    const batch = batches[Number(number) - 1];
    const removal = removals[Number(number) - 1];
    const known = rows.get("n");
    if (what === "write") batches.push(rows.write("n", false).row);
    else if (what === "secure") {
      const { row } = rows.write("n", true);
      row.owing += 1;
      batches.push(row);
      secures.add(row);
    } else if (what === "written" && batch !== undefined) rows.written("n", batch);
    else if (what === "unwritten" && batch !== undefined) rows.unwritten("n", batch, secures.has(batch));
    else if (what === "lend") rows.lend("n");
    else if (what === "claim") rows.claim("n", false);
    else if (what === "drop") rows.drop("n");
    else if (what === "take") (rows.drop("n") ?? assert.fail()).taken = true;
    else if (what === "wait" && known !== undefined) rows.wait("n", known);
    else if (what === "leave") removals.push(rows.leave("n").row);
    else if (what === "removed" && removal !== undefined) rows.removed("n", removal);
    else if (what === "notRemoved" && removal !== undefined) rows.notRemoved("n", removal);
    else if (what === "read") ended = rows.beginReading();
    else if (what === "readEnds") ended();
    else assert.fail(event);
  }
  return rows;
}

function shown(rows: KnownRows): string {
  const row = rows.get("n");
  if (row === undefined) return "not known";
  assert.equal(rows.unwanted.has("n"), row.fate === "unwanted");
  assert.equal(rows.extra, row.extra ? 1 : 0);
  return `${row.fate}${row.owing > 0 ? `, owed by ${row.owing}` : ""}${row.extra ? ", extra" : ""}${row.taken ? ", taken" : ""}`;
}

for (const { events, is } of [
  { events: ["write"], is: "wanted" },
  { events: ["write", "written"], is: "not known" },
  { events: ["write", "unwritten"], is: "unwanted" },
  // It was lent as somebody read it, and its sender is told that it failed.
  { events: ["write", "lend", "unwritten"], is: "unwanted, owed by 1" },
  { events: ["write", "lend", "unwritten", "drop"], is: "unwanted" },
  { events: ["write", "lend", "written"], is: "wanted, owed by 1" },
  // It is not there for nothing: another batch has it, or had.
  { events: ["secure", "secure", "unwritten", "written 2"], is: "wanted, owed by 1, extra" },
  { events: ["secure", "secure", "written", "unwritten 2"], is: "wanted, owed by 1, extra" },
  { events: ["secure", "secure", "unwritten", "unwritten 2"], is: "unwanted" },
  { events: ["secure", "lend", "unwritten"], is: "unwanted, owed by 1" },
  { events: ["secure", "lend", "unwritten", "secure"], is: "wanted, owed by 2, extra" },
  // Some client has it: it waits for nobody, though the session whose batch failed tries again.
  { events: ["secure", "secure", "written", "take", "unwritten 2"], is: "unwanted, taken" },
  { events: ["secure", "secure", "written", "take", "unwritten 2", "secure"], is: "wanted, owed by 1, extra, taken" },
  { events: ["secure", "secure", "written", "take", "unwritten 2", "write"], is: "wanted" },
  { events: ["secure", "secure", "written", "drop", "unwritten 2"], is: "not known" },
  { events: ["secure", "written", "drop", "wait"], is: "not known" },
  { events: ["secure", "drop", "wait"], is: "wanted" },
  { events: ["secure", "drop", "wait", "written"], is: "not known" },
  // What is to be after all is another row, whatever becomes of what was begun with the former.
  { events: ["write", "unwritten", "write"], is: "wanted" },
  { events: ["write", "unwritten", "leave", "write", "removed"], is: "wanted" },
  { events: ["write", "unwritten", "leave", "write", "notRemoved"], is: "wanted" },
  { events: ["write", "unwritten", "leave", "write", "notRemoved", "written 2"], is: "not known" },
  { events: ["write", "leave", "write", "unwritten", "written 2"], is: "not known" },
  { events: ["write", "leave", "unwritten"], is: "leaving" },
  { events: ["lend", "leave", "secure"], is: "wanted, owed by 2, extra" },
  { events: ["leave", "removed"], is: "not known" },
  { events: ["leave", "notRemoved"], is: "unwanted" },
  { events: ["leave", "notRemoved", "leave", "removed 2"], is: "not known" },
  { events: ["lend"], is: "wanted, owed by 1" },
  { events: ["lend", "lend", "drop"], is: "wanted, owed by 1" },
  { events: ["leave", "lend"], is: "leaving" },
  { events: ["leave", "notRemoved", "lend"], is: "unwanted" },
  // Who says that it owes it no more, and was not known to, says nothing.
  { events: ["write", "drop"], is: "wanted" },
  { events: ["claim"], is: "wanted, owed by 1, extra" },
  { events: ["lend", "claim"], is: "wanted, owed by 2" },
  { events: ["leave", "claim"], is: "leaving, owed by 1" },
  { events: ["leave", "notRemoved", "claim"], is: "wanted, owed by 1, extra" },
  // What is being read may still have it.
  { events: ["read", "leave", "removed"], is: "leaving" },
  { events: ["read", "leave", "removed", "readEnds"], is: "not known" },
  { events: ["read", "leave", "removed", "write", "readEnds"], is: "wanted" },
])
  test(`a row after ${events.join(", ")} is ${is}`, () => {
    const rows = after(events);
    assert.equal(shown(rows), is);
    assert.equal(rows.isWanted("n"), !/unwanted|leaving/.test(is));
    assert.equal(rows.waits("n"), is === "wanted" || is === "not known");
  });

test("rows that fail one after the other are known up to a bound", () => {
  const rows = new KnownRows();
  for (let at = 0; at < unwrittenRowsMax + 10; at += 1)
    assert.equal(rows.unwritten(`n${at}`, rows.write(`n${at}`, false).row, false), true);
  assert.equal(rows.unwanted.size, unwrittenRowsMax);
  assert.equal(rows.get(`n${unwrittenRowsMax}`), undefined);
});
