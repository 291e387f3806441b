import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { on } from "#kit/events.ts";
import { reads } from "#kit/iq.ts";
import { sessionBound } from "#kit/lifecycle.ts";
import type { ServerModule } from "#kit/server-module.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { Note, noteRequest as note, noteSlot, notesModule, NS_NOTES, setsNote } from "#testing/scenario/notes.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

/** A feature that keeps a note, waits when told to wait, and breaks when told to break. */
function notes(gate: Promise<void>): ServerModule {
  const act = (value: string): undefined | Promise<undefined> => {
    if (value === "wait") return gate.then(() => undefined);
    if (value === "throw") throw new Error("broken");
    if (value === "reject") return Promise.reject(new Error("broken later"));
    return undefined;
  };
  return notesModule({
    iq: [
      reads(Note, ({ account, payload }) => {
        const answer = (): XmlElement => Note.build({ value: account.value(noteSlot).get() ?? "" });
        const waiting = act(payload.value);
        return waiting === undefined ? answer() : waiting.then(answer);
      }),
      setsNote(({ payload }) => act(payload.value)),
    ],
    guard: {
      inbound: (_account, stanza) => {
        if (stanza.element.child(NS_NOTES, "throw") !== undefined) throw new Error("a guard breaks down");
        return undefined;
      },
    },
    events: [
      on(sessionBound, () => {
        throw new Error("a listener breaks down");
      }),
    ],
  });
}

async function start(
  settings: { readonly mailboxStanzasMax?: number } = {},
): Promise<World & { readonly open: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const modules = [...instantMessaging, notes(promise)];
  return Object.assign(await startWorld({ accounts, modules, settings }), { open: resolve });
}

const message = (to: string, id: string): string =>
  `<message to='${to}' type='chat' id='${id}'><body>${id}</body></message>`;

/** What came, as "kind id" with the condition of an error. */
function came(client: ScriptedClient): readonly string[] {
  const told = client.pending.map((stanza) => {
    const error = stanza.child("jabber:client", "error")?.elements()[0]?.name;
    return [stanza.name, stanza.attr("id"), error].filter((part) => part !== undefined).join(" ");
  });
  client.ignoreAll();
  return told;
}

test("a write that waits keeps what comes behind it waiting; a read that waits does not [rfc6120-10.1-06]", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText(note("get", "1", "wait") + note("get", "2"));
  assert.deepEqual(came(client), ["iq 2"]);
  await client.sendText(note("set", "3", "wait") + note("get", "4"));
  assert.deepEqual(came(client), []);
  world.open();
  await world.settle();
  const told = came(client);
  assert.deepEqual(told.toSorted(), ["iq 1", "iq 3", "iq 4"]);
  assert.ok(told.indexOf("iq 3") < told.indexOf("iq 4"));
});

for (const [how, type] of [
  ["throw", "get"],
  ["throw", "set"],
  ["reject", "get"],
  ["reject", "set"],
] as const)
  test(`a handler of ${type} that breaks down (${how}) is told to its sender and to the log, and the account goes on`, async () => {
    await using world = await start();
    const client = await world.login(`${romeo}/orchard`);
    const before = errors(world);
    await client.sendText(note(type, "1", how) + note("set", "2", "kept") + note("get", "3"));
    assert.deepEqual(came(client).toSorted(), ["iq 1 internal-server-error", "iq 2", "iq 3"]);
    assert.equal(errors(world) - before, 1);
  });

test("a step that breaks down takes nothing along, and its sender is told to wait [rfc3920-9.3.3-06]", async () => {
  await using world = await start();
  const recipient = await world.login(`${juliet}/balcony`);
  const client = await world.login(`${romeo}/orchard`);
  const bad = message(recipient.jid, "1").replace("<body>", `<throw xmlns='${NS_NOTES}'/><body>`);
  await client.sendText(bad + message(recipient.jid, "2"));
  const told = client.pending.find((stanza) => stanza.attr("id") === "1");
  assert.equal(told?.child("jabber:client", "error")?.attr("type"), "wait");
  assert.deepEqual(came(client), ["message 1 internal-server-error"]);
  assert.deepEqual(came(recipient), ["message 2"]);
});

test("an answer leaves when what it tells is durable, and what comes later leaves behind it", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  const { commits } = world.store.health;
  await client.sendText(note("set", "1", "a") + message(client.jid, "2") + note("get", "3") + note("set", "4", "b"));
  assert.deepEqual(came(client), ["iq 1", "iq 3", "iq 4", "message 2"], "what it sends itself comes round later");
  assert.equal(world.store.health.commits - commits, 2);
});

test("a write that fails is told to who asked; what was sent behind it arrives, and the account has its old data", async () => {
  await using world = await start();
  const recipient = await world.login(`${juliet}/balcony`);
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText(`<enable xmlns='urn:xmpp:sm:3'/>${note("set", "0", "old")}`);
  client.ignoreAll();
  world.faults.failCommits("full");
  await client.sendText(`${note("set", "1", "new")}${message(recipient.jid, "2")}<r xmlns='urn:xmpp:sm:3'/>`);
  assert.deepEqual(came(recipient), ["message 2"], "nothing already accepted is lost");
  assert.ok(came(client).includes("iq 1 resource-constraint"));
  world.faults.failCommits(undefined);
  await client.sendText(note("get", "3"));
  assert.equal(
    client.pending
      .find((stanza) => stanza.attr("id") === "3")
      ?.elements()[0]
      ?.attr("value"),
    "old",
  );
  client.ignoreAll();
  await client.sendText(note("set", "4", "new") + note("get", "5"));
  assert.equal(
    client.pending
      .find((stanza) => stanza.attr("id") === "5")
      ?.elements()[0]
      ?.attr("value"),
    "new",
  );
});

test("what finds no room in a mailbox is returned, whether it arrives or is sent; the rest is handled", async () => {
  await using world = await start({ mailboxStanzasMax: 3 });
  const recipient = await world.login(`${juliet}/balcony`);
  const client = await world.login(`${romeo}/orchard`);
  await recipient.sendText(note("set", "0", "wait"));
  await client.sendText([1, 2, 3, 4, 5].map((id) => message(recipient.jid, String(id))).join(""));
  assert.deepEqual(came(client), ["message 4 resource-constraint", "message 5 resource-constraint"]);
  await recipient.sendText(note("get", "6"));
  assert.deepEqual(came(recipient), [], "even the refusal waits its turn");
  world.open();
  await world.settle();
  assert.deepEqual(came(recipient).toSorted(), [
    "iq 0",
    "iq 6 resource-constraint",
    "message 1",
    "message 2",
    "message 3",
  ]);
  assert.deepEqual(world.limitsHit, ["mailbox", "mailbox", "mailbox"]);
});

test("an account that cannot be read refuses, and is there again as soon as the store is", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  await world.advance(90_000);
  world.faults.failReads("unavailable");
  await client.sendText(message(juliet, "1"));
  assert.deepEqual(came(client), ["message 1 resource-constraint"]);
  const late = world.connect();
  await late.open("capulet.example");
  await late.sendText(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa("\0juliet\0juliet")}</auth>`,
  );
  assert.equal(late.pending.at(-1)?.elements()[0]?.name, "temporary-auth-failure");
  world.faults.failReads(undefined);
  await client.sendText(message(juliet, "2"));
  // That the whole store fails is told once, by who watches it, and not of every account.
  assert.deepEqual(
    world.log.flatMap(({ level, fields }) => (fields["account"] === juliet ? [level] : [])).slice(0, 1),
    ["debug"],
  );
  assert.deepEqual(came(client), []);
  const recipient = await world.login(`${juliet}/balcony`);
  await recipient.sendText("<presence/>");
  assert.deepEqual(came(recipient), ["presence", "message 2"]);
});

test("an answer comes through to a session whose account cannot be read; anything else is refused", async () => {
  await using world = await start();
  const romeos = await world.login(`${romeo}/orchard`);
  const juliets = await world.login(`${juliet}/balcony`);
  world.faults.failCommits("unavailable");
  world.faults.failReads("unavailable");
  await juliets.sendText(note("set", "1", "a"));
  assert.deepEqual(came(juliets), ["iq 1 resource-constraint"]);
  await romeos.sendText(`<iq type='result' id='2' to='${juliet}/balcony'/>`);
  await romeos.sendText(
    `<message type='error' id='3' to='${juliet}/balcony'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
  await romeos.sendText(
    `<message type='error' id='4' to='${juliet}/elsewhere'/><message id='5' to='${juliet}/balcony'/>`,
  );
  assert.deepEqual(came(juliets), ["iq 2", "message 3 gone"]);
  assert.deepEqual(came(romeos), ["message 5 resource-constraint"]);
});

test("a session that ends while its account cannot be read ends all the same, when it can", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  world.faults.failCommits("unavailable");
  world.faults.failReads("unavailable");
  await client.sendText(note("set", "1", "a"));
  assert.deepEqual(came(client), ["iq 1 resource-constraint"]);
  await client.close();
  await world.advance(3_000);
  assert.equal([...world.core.registry.sessions()].length, 1);
  world.faults.failCommits(undefined);
  world.faults.failReads(undefined);
  await world.advance(1_000);
  assert.equal([...world.core.registry.sessions()].length, 0);
  await world.advance(90_000);
  assert.equal(world.core.registry.size, 0);
});

test("addresses that were asked for while nothing could be read are not remembered", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  world.faults.failReads("unavailable");
  for (let name = 0; name < 50; name += 1) await client.sendText(message(`nobody${name}@capulet.example`, "1"));
  await world.advance(60_000);
  assert.equal(world.core.registry.size, 1);
});

function errors(world: World): number {
  return world.log.filter(({ level }) => level === "error").length;
}

test("what is read behind a write that fails is read again, and nobody is told what is not stored", async () => {
  await using world = await start();
  const client = await world.login(`${romeo}/orchard`);
  await client.sendText(note("set", "0", "old"));
  client.ignoreAll();
  world.faults.failCommits("full");
  await client.sendText(note("set", "1", "new") + note("get", "2"));
  const read = client.pending.find((stanza) => stanza.attr("id") === "2");
  assert.equal(read?.attr("type"), "result");
  assert.equal(read?.elements()[0]?.attr("value"), "old");
  assert.deepEqual(came(client).toSorted(), ["iq 1 resource-constraint", "iq 2"]);
});
