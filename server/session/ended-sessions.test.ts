import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { EndedSessions } from "./ended-sessions.ts";

test("A12 so many ended sessions are remembered at most: the oldest is forgotten", () => {
  const jid = parseJid("romeo@montague.example");
  assert.ok(jid !== undefined);
  const account = bareOf(jid);
  const ended = new EndedSessions();
  for (let session = 0; session <= 10_000; session += 1) ended.remember(account, `id${session}`, session);
  assert.deepEqual(
    ["id0", "id1", "id10000"].map((id) => ended.handledBy(account, id)),
    [undefined, 1, 10_000],
  );
});
