import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { Note, noteRequest, noteSlot, notesModule, setsNote } from "#testing/scenario/notes.ts";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";

test("what an account read of a write that fails while it is busy with something else is pushed to nobody", async () => {
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const notes = notesModule({
    iq: [
      setsNote(({ account, session }) => {
        // Handled next: it reads the note, takes its time, and then tells what it has read.
        account.post(async () => {
          const value = account.value(noteSlot).get() ?? "";
          await told;
          if (session === undefined) return;
          const push = xml(NS_CLIENT, "iq", { type: "set", id: "push", to: session.jid }, Note.build({ value }));
          session.send(stanzaOf("iq", push, account.jid, session.jid));
        });
        return undefined;
      }),
    ],
  });
  await using world = await startWorld({ accounts: [juliet], modules: [...instantMessaging, notes] });
  const client = await world.login(`${juliet}/balcony`);
  world.faults.failCommits("full");
  await client.sendText(noteRequest("set", "1", "not so"));
  assert.deepEqual(
    client.pending.map((stanza) => `${stanza.attr("id")} ${stanza.attr("type")}`),
    ["1 error"],
  );
  world.faults.failCommits(undefined);
  tell();
  await world.settle();
  assert.equal(client.pending.length, 1);
});
