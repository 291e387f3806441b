import assert from "node:assert/strict";
import { test } from "node:test";
import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr } from "#protocol/xml/schema-fields.ts";
import { writes } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { accountValue, json } from "#kit/slots.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const NS = "urn:test";
const Note = element(NS, "note", { value: attr("value", text) });
const noteSlot = accountValue<string>("note", 1, json());
const notes = serverModule({
  name: "notes",
  implements: [],
  slots: [noteSlot],
  start: () => ({
    iq: [
      writes(Note, ({ account, payload }) => {
        account.value(noteSlot).set(payload.value);
        return undefined;
      }),
    ],
  }),
});
/** A commit waits for its turn, and then for the disc. */
const discMs = 100;
const commitMs = 2 * discMs;

function came(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) => `${stanza.name} ${stanza.attr("id")} ${stanza.attr("type")}`);
}

test("what comes while values are written that had to wait for others is no consequence of them: it arrives though they fail", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet], modules: [...instantMessaging, notes] });
  const reader = await world.login(`${romeo}/orchard`);
  const writer = await world.login(`${juliet}/balcony`);
  world.slowDisc(discMs);
  for (const id of ["first", "second"])
    await reader.sendText(`<iq type='set' id='${id}'><note xmlns='${NS}' value='${id}'/></iq>`);
  await world.advance(commitMs);
  assert.deepEqual(came(reader), ["iq first result"], "the second is on its way only now");
  world.faults.failCommits("full");
  await writer.sendText(`<message to='${reader.jid}' type='headline' id='later'><body>later</body></message>`);
  await world.advance(commitMs);
  assert.deepEqual(came(reader), ["iq first result", "iq second error", "message later headline"]);
  assert.deepEqual(came(writer), []);
});
