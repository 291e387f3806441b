import assert from "node:assert/strict";
import { test } from "node:test";
import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { attr } from "#protocol/xml/schema-fields.ts";
import { writes } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { accountValue, json } from "#kit/slots.ts";
import { stanzaOf } from "#kit/stanza.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const NS = "urn:test";
const Note = element(NS, "note", { value: attr("value", text) });
const noteSlot = accountValue<string>("note", 1, json());

test("what an account read of a write that fails while it is busy with something else is pushed to nobody", async () => {
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const notes = serverModule({
    name: "notes",
    implements: [],
    slots: [noteSlot],
    start: () => ({
      iq: [
        writes(Note, ({ account, session, payload }) => {
          account.value(noteSlot).set(payload.value);
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
    }),
  });
  await using world = await startWorld({ accounts: [juliet], modules: [...instantMessaging, notes] });
  const client = await world.login(`${juliet}/balcony`);
  world.faults.failCommits("full");
  await client.sendText(`<iq type='set' id='1'><note xmlns='${NS}' value='not so'/></iq>`);
  assert.deepEqual(
    client.pending.map((stanza) => `${stanza.attr("id")} ${stanza.attr("type")}`),
    ["1 error"],
  );
  world.faults.failCommits(undefined);
  tell();
  await world.settle();
  assert.equal(client.pending.length, 1);
});
