import assert from "node:assert/strict";
import { test } from "node:test";
import { askedWithinMs } from "#im/messages/server.ts";
import { offlineMessages } from "#im/messages/slots.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";
import { NS_MAM } from "./elements.ts";

// Messages that wait and the archive: who reads it is not sent them once more, who does not misses none (XEP-0160, XEP-0313).

const romeo = "romeo@montague.example";
const nurse = "nurse@capulet.example";
const juliet = "juliet@capulet.example";

const chat = (body: string, more = ""): string =>
  `<message to='${juliet}' type='chat' id='${body}'><body>${body}</body>${more}</message>`;
const rsm = (inside: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${inside}</set>`;
const form = (name: string, value: string): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>${NS_MAM}</value></field>` +
  `<field var='${name}'><value>${value}</value></field></x>`;
const query = (inside = ""): string => `<iq type='set' id='q'><query xmlns='${NS_MAM}'>${inside}</query></iq>`;

/** She is away, and these are written to her. */
async function stage(
  bodies: readonly string[],
  options?: Readonly<Record<string, unknown>>,
): Promise<World & { sender: ScriptedClient }> {
  const world = await startWorld({ accounts: [romeo, juliet, nurse], ...(options === undefined ? {} : { options }) });
  const sender = await world.login(`${romeo}/orchard`);
  for (const body of bodies) await sender.sendText(chat(body));
  return Object.assign(world, { sender });
}

/** What came by itself: bodies. */
function sent(client: ScriptedClient): readonly string[] {
  return client.pending.flatMap((stanza) =>
    stanza.name === "message" ? (stanza.child("jabber:client", "body")?.text ?? []) : [],
  );
}

/** What came from the archive: bodies. */
function read(client: ScriptedClient): readonly string[] {
  return client.pending.flatMap((stanza) => {
    const [forwarded] = stanza.child(NS_MAM, "result")?.elements() ?? [];
    return (forwarded && forwardedStanza(forwarded)?.child("jabber:client", "body")?.text) ?? [];
  });
}

function waiting(world: World): number {
  return world.disk.archives.get(offlineMessages.name)?.get(juliet)?.size ?? 0;
}

/** A session of hers whose resource is known for reading the archive, or is not. */
async function comes(world: World, resource: string, known = false): Promise<ScriptedClient> {
  if (known) {
    const before = await world.login(`${juliet}/${resource}`);
    await before.sendText(query(rsm("<max>1</max><before/>")).replace("id='q'", "id='before'") + "</stream:stream>");
    await world.settle();
  }
  return world.login(`${juliet}/${resource}`);
}

test("who asks the archive and then comes is not sent what waited, and nobody else is once it has it [xep0313-6.1.1-10]", async () => {
  await using world = await stage(["1", "2"]);
  const client = await comes(world, "balcony");
  await client.sendText(query());
  await client.sendText("<presence/>");
  assert.deepEqual([read(client), sent(client)], [["1", "2"], []]);
  assert.equal(waiting(world), 0);
  const other = await comes(world, "chamber");
  await other.sendText("<presence/>");
  assert.deepEqual(sent(other), []);
  await world.sender.sendText(chat("3"));
  assert.deepEqual([sent(client), sent(other)], [["3"], ["3"]]);
});

test("with stream management it has it when it says so", async () => {
  await using world = await stage(["1", "2"]);
  const client = await comes(world, "balcony");
  await client.sendText(`<enable xmlns='urn:xmpp:sm:3' resume='true'/>${query()}<presence/>`);
  assert.deepEqual([read(client), sent(client)], [["1", "2"], []]);
  assert.equal(waiting(world), 2);
  await client.sendText("<a xmlns='urn:xmpp:sm:3' h='4'/>");
  assert.equal(waiting(world), 0);
});

test("who is known for asking has time to, and asks: nothing comes twice", async () => {
  await using world = await stage([]);
  await comes(world, "balcony", true);
  const client = await comes(world, "balcony");
  for (const body of ["1", "2"]) await world.sender.sendText(chat(body));
  await client.sendText("<presence/>");
  assert.deepEqual(sent(client), []);
  await world.advance(askedWithinMs - 1_000);
  await client.sendText(query());
  await world.advance(askedWithinMs);
  assert.deepEqual([read(client), sent(client), waiting(world)], [["1", "2"], [], 0]);
});

test("who is known for asking and does not gets all after a while", async () => {
  await using world = await stage([]);
  await comes(world, "balcony", true);
  for (const body of ["1", "2"]) await world.sender.sendText(chat(body));
  const client = await comes(world, "balcony");
  await client.sendText("<presence/>");
  const before = sent(client);
  await world.advance(askedWithinMs);
  assert.deepEqual([before, sent(client)], [[], ["1", "2"]]);
  assert.equal(waiting(world), 0);
});

test("who is not known for asking gets all at once, and what it asks for later as history", async () => {
  await using world = await stage(["1", "2"]);
  const client = await comes(world, "balcony");
  await client.sendText(`<presence/>${query()}`);
  assert.deepEqual(
    [sent(client), read(client)],
    [
      ["1", "2"],
      ["1", "2"],
    ],
  );
  assert.equal(waiting(world), 0);
});

test("what was not on the pages that it took waits for one that reads no archive", async () => {
  await using world = await stage(["1", "2", "3"]);
  const client = await comes(world, "balcony");
  await client.sendText(`${query(rsm("<max>1</max><before/>"))}<presence/>`);
  assert.deepEqual([read(client), sent(client), waiting(world)], [["3"], [], 2]);
  const other = await comes(world, "chamber");
  await other.sendText("<presence/>");
  assert.deepEqual(sent(other), ["1", "2"]);
  assert.equal(waiting(world), 0);
});

for (const { what, asked, flooded } of [
  { what: "of one person", asked: query(form("with", nurse)), flooded: ["1", "2"] },
  { what: "up to a time", asked: query(form("end", "2020-01-01T00:00:00Z")), flooded: ["1", "2", "3"] },
  { what: "how many there are", asked: query(rsm("<max>0</max>")), flooded: ["1", "2", "3"] },
  { what: "from a time on", asked: query(form("start", "2020-01-01T00:00:00Z")), flooded: [] },
])
  test(`who asks for messages ${what} is sent ${flooded.length} of those that wait`, async () => {
    await using world = await stage(["1", "2"]);
    const other = await world.login(`${nurse}/hall`);
    await other.sendText(chat("3"));
    const client = await comes(world, "balcony");
    await client.sendText(asked);
    await client.sendText("<presence/>");
    assert.deepEqual(sent(client), flooded);
  });

test("a question that fails is none", async () => {
  await using world = await stage(["1", "2"]);
  const client = await comes(world, "balcony");
  await client.sendText(`${query(rsm("<after>nowhere</after>"))}<presence/>`);
  assert.deepEqual([sent(client), waiting(world)], [["1", "2"], 0]);
});

test("what comes between its question and its presence is sent to it", async () => {
  await using world = await stage(["1"]);
  const client = await comes(world, "balcony");
  await client.sendText(query());
  await world.sender.sendText(chat("2"));
  await client.sendText("<presence/>");
  assert.deepEqual([read(client), sent(client), waiting(world)], [["1"], ["2"], 0]);
});

test("what waits and is in no archive is sent to everybody", async () => {
  await using world = await stage(["1"]);
  await world.sender.sendText(chat("2", "<no-permanent-store xmlns='urn:xmpp:hints'/>"));
  const client = await comes(world, "balcony", true);
  await client.sendText("<presence/>");
  assert.deepEqual(sent(client), ["2"], "at once");
  await client.sendText(query());
  assert.deepEqual(read(client), ["1"]);
  await world.advance(askedWithinMs);
  assert.deepEqual([sent(client), waiting(world)], [["2"], 0]);
});

test("a reader that goes without having taken its pages leaves them to who is there, or comes", async () => {
  await using world = await stage(["1", "2"]);
  const lost = await comes(world, "balcony");
  await lost.sendText(`<enable xmlns='urn:xmpp:sm:3' resume='true'/>${query()}<presence/>`);
  const there = await comes(world, "chamber");
  await there.sendText("<presence/>");
  assert.deepEqual(sent(there), [], "they are on the way to the other one");
  await lost.cut();
  await world.advance(700_000);
  assert.deepEqual([sent(there), waiting(world)], [["1", "2"], 0]);
});

test("what a cut session owes is not sent to a device that has read it meanwhile, and does not wait any more", async () => {
  await using world = await stage([]);
  const cut = await comes(world, "balcony");
  await cut.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>");
  await cut.cut();
  await world.sender.sendText(chat("1"));
  await world.advance(3_000);
  assert.equal(waiting(world), 1, "it is written down for it");
  const reader = await comes(world, "chamber");
  await reader.sendText(`${query()}<presence/>`);
  assert.deepEqual([read(reader), sent(reader), waiting(world)], [["1"], [], 1]);
  await world.advance(700_000);
  assert.deepEqual([sent(reader), waiting(world)], [[], 0]);
});

test("what a cut session owes and the other device has not read yet waits for that or goes to one that reads nothing", async () => {
  await using world = await stage([]);
  const cut = await comes(world, "balcony");
  await cut.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/><presence/>");
  const reader = await comes(world, "chamber");
  await reader.sendText(`${query()}<presence><priority>-1</priority></presence>`);
  await cut.cut();
  await world.sender.sendText(chat("1"));
  await world.advance(700_000);
  await reader.sendText("<presence/>");
  assert.deepEqual([sent(reader), waiting(world)], [["1"], 0]);
});

test("where no more may wait, the archive has what its readers will find there; without readers it goes back", async () => {
  for (const known of [true, false]) {
    await using world = await stage([], { "messages.offline_messages_max": 1 });
    if (known) await (await comes(world, "balcony", true)).close();
    for (const body of ["1", "2"]) await world.sender.sendText(chat(body));
    assert.deepEqual(
      world.sender.pending.map((stanza) => `${stanza.attr("type")} ${stanza.attr("id")}`),
      known ? [] : ["error 2"],
    );
    const client = await comes(world, "balcony");
    await client.sendText(query());
    assert.deepEqual(read(client), ["1", "2"]);
  }
});

test("names of readers are kept, no more than so many, the latest", async () => {
  await using world = await stage(["1"]);
  for (let number = 0; number < 40; number += 1) {
    const client = await comes(world, `device-${number}`);
    await client.sendText(`${query(rsm("<max>1</max>"))}</stream:stream>`);
    await world.advance(3_600_000);
  }
  const kept = [...(world.disk.entries.get(juliet)?.get("archive-readers")?.keys() ?? [])];
  assert.equal(kept.length, 30);
  assert.ok(kept.includes("device-39") && !kept.includes("device-0"));
});
