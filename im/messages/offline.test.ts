import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend } from "#testing/scenario/contacts.ts";
import { keptMessages, offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const accounts = [romeoJid, julietJid];

async function available(world: World, jid: string): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText("<presence/>");
  client.ignoreAll();
  return client;
}

test("a message to somebody who is away is kept, delivered at the next log-in with its time, and then forgotten [xep0160-2-01] [xep0160-2-02] [xep0160-3-03] [xep0203-2-02] [xep0203-2-03]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const romeo = await available(world, `${romeoJid}/orchard`);
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='1'><body>Art thou there?</body></message>`);
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='2'><body>I shall wait.</body></message>`);
  romeo.receivesNothing();
  assert.equal(await offlineRows(world, julietJid), 2);

  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<presence/>");
  juliet.receives(`<presence from='${julietJid}/balcony' to='${julietJid}'/>`);
  for (const [id, body] of [
    ["1", "Art thou there?"],
    ["2", "I shall wait."],
  ])
    juliet.receives(
      `<message to='${julietJid}' type='chat' id='${id}' from='${romeoJid}/orchard'><body>${body}</body>` +
        `<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='2026-01-01T00:00:00Z'>Offline Storage</delay></message>`,
    );
  assert.deepEqual(await keptMessages(world, julietJid), []);
  const second = await available(world, `${julietJid}/chamber`);
  second.receivesNothing();
});

const notKept: readonly {
  readonly name: string;
  readonly stanza: string;
  readonly bounced?: "to friends" | "to all";
}[] = [
  {
    name: "a chat state alone [xep0160-3-03]",
    stanza: `<message to='${julietJid}' type='chat' id='x'><composing xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread></message>`,
    bounced: "to friends",
  },
  {
    name: "a headline [xep0160-3-05]",
    stanza: `<message to='${julietJid}' type='headline' id='x'><body>News</body></message>`,
  },
  {
    name: "a message that asks not to be stored",
    stanza: `<message to='${julietJid}' type='chat' id='x'><body>Psst</body><no-store xmlns='urn:xmpp:hints'/></message>`,
    bounced: "to friends",
  },
  {
    name: "a groupchat message [xep0160-3-04]",
    stanza: `<message to='${julietJid}' type='groupchat' id='x'><body>All</body></message>`,
    bounced: "to all",
  },
  {
    name: "an error [xep0160-3-06]",
    stanza: `<message to='${julietJid}' type='error' id='x'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  },
];

for (const sender of ["a friend", "a stranger"])
  for (const { name, stanza, bounced } of notKept)
    test(`${name} of ${sender} is not kept offline (S34)${bounced === "to friends" ? " [rfc6121-11-02] [rfc6121-8.1-01]" : ""}`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const romeo = await available(world, `${romeoJid}/orchard`);
      if (sender === "a friend") {
        const juliet = await world.login(`${julietJid}/balcony`);
        await befriend(romeo, juliet);
        await juliet.close();
        romeo.ignoreAll();
      }
      await romeo.sendText(stanza);
      assert.deepEqual(await keptMessages(world, julietJid), []);
      // To strangers an error would say that nobody is there, and its absence that somebody is. [rfc6121-11-02]
      const told = bounced === "to all" || (bounced === "to friends" && sender === "a friend");
      if (told) {
        const error = romeo.next();
        assert.deepEqual([error.attr("type"), error.attr("from")], ["error", julietJid]);
        assert.equal(error.elements()[0]?.elements()[0]?.name, "service-unavailable");
      }
      romeo.receivesNothing();
    });

const kept = {
  "an encrypted chat message without a body": "type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'/>",
  "a receipt": "type='chat'><received xmlns='urn:xmpp:receipts' id='1'/>",
  "a chat state that asks to be stored":
    "type='chat'><gone xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/>",
  "a normal message that is all payload [xep0160-3-01] [xep0160-3-02]":
    "><x xmlns='jabber:x:conference' jid='hall@rooms.example'/>",
};

for (const [name, rest] of Object.entries(kept))
  test(`${name} is kept offline`, async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const romeo = await available(world, `${romeoJid}/orchard`);
    await romeo.sendText(`<message to='${julietJid}' ${rest}</message>`);
    romeo.receivesNothing();
    assert.equal(await offlineRows(world, julietJid), 1);
  });

test("a resource of negative priority gets no messages for the account, and none of the offline ones", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const juliet = await world.login(`${julietJid}/sleeping`);
  await juliet.sendText("<presence><priority>-1</priority></presence>");
  juliet.ignoreAll();
  const romeo = await available(world, `${romeoJid}/orchard`);
  await romeo.sendText(`<message to='${julietJid}' type='chat'><body>Wake</body></message>`);
  juliet.receivesNothing();
  assert.equal(await offlineRows(world, julietJid), 1);
  await juliet.sendText("<presence><priority>1</priority></presence>");
  assert.equal(juliet.next().name, "presence");
  assert.equal(juliet.next().child("jabber:client", "body")?.text, "Wake");
});

test("beyond its bound the offline store returns messages to their senders [xep0160-1-01] [xep0160-2-01]", async () => {
  await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": 2 } });
  const romeo = await available(world, `${romeoJid}/orchard`);
  for (const id of ["1", "2", "3"])
    await romeo.sendText(`<message to='${julietJid}' type='chat' id='${id}'><body>${id}</body></message>`);
  romeo.receives(
    `<message from='${julietJid}' to='${romeoJid}/orchard' type='error' id='3'>` +
      `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
  assert.equal(await offlineRows(world, julietJid), 2);
});

test("messages leave in the order in which they came, also where the clock is set back and the server restarted", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const say = async (id: string): Promise<void> => {
    const romeo = await available(world, `${romeoJid}/orchard`);
    await romeo.sendText(`<message to='${julietJid}' type='chat' id='${id}'><body>${id}</body></message>`);
    await romeo.close();
  };
  await say("1");
  world.env.setClock(-3_600_000);
  await say("2");
  for (const id of ["3", "4"]) {
    await world.restart();
    await say(id);
  }
  const juliet = await world.login(`${julietJid}/balcony`);
  await juliet.sendText("<presence/>");
  const came = juliet.pending.filter(({ name }) => name === "message").map((message) => message.attr("id"));
  assert.deepEqual(came, ["1", "2", "3", "4"]);
});

test("what finds no room is returned also where the archive's row of it cannot be written", async () => {
  await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": 0 } });
  const romeo = await available(world, `${romeoJid}/orchard`);
  world.faults.failCommits("unavailable");
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='1'><body>Hm</body></message>`);
  const error = romeo.next();
  assert.deepEqual([error.attr("id"), error.attr("type"), error.attr("from")], ["1", "error", julietJid]);
  romeo.receivesNothing();
});

test("when the disc is full a message is returned with resource-constraint, and reading goes on", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const romeo = await available(world, `${romeoJid}/orchard`);
  world.faults.failCommits("full");
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='1'><body>Hm</body></message>`);
  romeo.receives(
    `<message from='${julietJid}' to='${romeoJid}/orchard' type='error' id='1'><error type='wait'>` +
      `<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
      `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></message>`,
  );
  await romeo.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  assert.equal(romeo.next().attr("type"), "result");
  world.faults.failCommits(undefined);
  await romeo.sendText(`<message to='${julietJid}' type='chat' id='2'><body>Now</body></message>`);
  romeo.receivesNothing();
  assert.equal(await offlineRows(world, julietJid), 1);
});
