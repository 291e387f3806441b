import assert from "node:assert/strict";
import { test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { noteRequest, notesModule, setsNote } from "#testing/scenario/notes.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const modules = [...instantMessaging, notesModule({ iq: [setsNote()] })];
/** A commit waits for its turn, and then for the disc. */
const discMs = 100;
const commitMs = 2 * discMs;

function came(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) => `${stanza.name} ${stanza.attr("id")} ${stanza.attr("type")}`);
}

test("what comes while values are written that had to wait for others is no consequence of them: it arrives though they fail", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], modules });
  const reader = await world.login(`${romeo}/orchard`);
  const writer = await world.login(`${juliet}/balcony`);
  world.slowDisc(discMs);
  for (const id of ["first", "second"]) await reader.sendText(noteRequest("set", id, id));
  await world.advance(commitMs);
  assert.deepEqual(came(reader), ["iq first result"], "the second is on its way only now");
  world.faults.failCommits("full");
  await writer.sendText(`<message to='${reader.jid}' type='headline' id='later'><body>later</body></message>`);
  await world.advance(commitMs);
  assert.deepEqual(came(reader), ["iq first result", "iq second error", "message later headline"]);
  assert.deepEqual(came(writer), []);
});
