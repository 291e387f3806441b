import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";
import { NS_CARBONS } from "./elements.ts";
import { carbons } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const garden = `${romeo}/garden`;
const home = `${romeo}/home`;
const balcony = `${juliet}/balcony`;
const enable = `<iq type='set' id='c1'><enable xmlns='${NS_CARBONS}'/></iq>`;
const disable = `<iq type='set' id='c2'><disable xmlns='${NS_CARBONS}'/></iq>`;
const body = "<body>What man art thou?</body>";

interface Cast {
  readonly world: World;
  readonly garden: ScriptedClient;
  readonly home: ScriptedClient;
  readonly balcony: ScriptedClient;
}

/** Romeo with two devices, of which `home` has carbons on, and Juliet with one. */
async function cast(options: { readonly on?: readonly ("garden" | "home")[] } = {}): Promise<Cast> {
  const world = await startWorld({ accounts: [romeo, juliet], modules: [...instantMessaging, carbons] });
  const clients = {
    garden: await world.login(garden),
    home: await world.login(home),
    balcony: await world.login(balcony),
  };
  await befriend(clients.garden, clients.balcony);
  await clients.home.sendText("<presence><priority>-1</priority></presence>");
  for (const name of options.on ?? ["home"]) {
    await clients[name].sendText(enable);
    assert.equal(clients[name].pending.at(-1)?.attr("type"), "result");
  }
  for (const client of Object.values(clients)) client.ignoreAll();
  return { world, ...clients };
}

/** What copies a client got: which way the messages went, and what they are. */
function copies(client: ScriptedClient): readonly { readonly way: string; readonly message: XmlElement }[] {
  return client.pending.flatMap((stanza) => {
    const carbon = stanza.elements().find(({ ns }) => ns === NS_CARBONS);
    const envelope = carbon?.firstElement;
    const message = envelope === undefined ? undefined : forwardedStanza(envelope);
    return carbon === undefined || message === undefined ? [] : [{ way: carbon.name, message }];
  });
}

test("what a user's other device receives is copied [xep0280-7-01] [xep0280-7-02] [xep0280-7-03] [xep0280-7-04] [xep0297-3.2-07]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.balcony.sendText(`<message to='${garden}' type='chat' id='1'>${body}<thread>t</thread></message>`);
  people.garden.receives(
    `<message from='${balcony}' to='${garden}' type='chat' id='1'>${body}<thread>t</thread></message>`,
  );
  people.home.receives(
    `<message from='${romeo}' to='${home}' type='chat'><received xmlns='${NS_CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>` +
      `<message xmlns='jabber:client' from='${balcony}' to='${garden}' type='chat' id='1'>${body}<thread>t</thread></message>` +
      `</forwarded></received></message>`,
  );
  for (const client of [people.home, people.garden, people.balcony]) client.receivesNothing();
});

test("what a user's other device sends is copied, whether that one has carbons or not [xep0280-8-01] [xep0280-8-02] [xep0280-8-03] [xep0280-8-04]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.garden.sendText(`<message to='${balcony}' type='chat' id='1'>${body}</message>`);
  people.balcony.receives(`<message from='${garden}' to='${balcony}' type='chat' id='1'>${body}</message>`);
  people.home.receives(
    `<message from='${romeo}' to='${home}' type='chat'><sent xmlns='${NS_CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>` +
      `<message xmlns='jabber:client' from='${garden}' to='${balcony}' type='chat' id='1'>${body}</message></forwarded></sent></message>`,
  );
  for (const client of [people.home, people.garden, people.balcony]) client.receivesNothing();
});

test("nobody gets a copy of what it sent or was sent itself [xep0280-7-05] [xep0280-8-05]", async () => {
  const { world, ...people } = await cast({ on: ["garden", "home"] });
  await using _ = world;
  await people.garden.sendText(`<message to='${balcony}' type='chat'>${body}</message>`);
  people.garden.receivesNothing();
  people.home.ignoreAll();
  await people.balcony.sendText(`<message to='${garden}' type='chat'>${body}</message>`);
  assert.equal(people.garden.pending.length, 1);
  assert.deepEqual(copies(people.garden), []);
});

test("a message to one's own account reaches every device once", async () => {
  const { world, ...people } = await cast({ on: ["garden", "home"] });
  await using _ = world;
  await people.garden.sendText(`<message to='${romeo}' type='chat'>${body}</message>`);
  assert.deepEqual(
    [people.garden.pending.length, copies(people.garden).length],
    [1, 0],
    "it is the most available one",
  );
  assert.deepEqual(
    copies(people.home).map(({ way }) => way),
    ["received"],
  );
});

test("carbons go on and off as often as one likes, and each request succeeds [xep0280-10.1-01] [xep0280-10.1-02] [xep0280-10.1-03] [xep0280-10.1-04] [xep0280-10.1-05]", async () => {
  const { world, ...people } = await cast({ on: [] });
  await using _ = world;
  for (const [request, on] of [
    [disable, false],
    [enable, true],
    [enable, true],
    [disable, false],
    [disable, false],
    [enable, true],
  ] as const) {
    await people.home.sendText(request);
    assert.equal(people.home.next().attr("type"), "result");
    await people.balcony.sendText(`<message to='${garden}' type='chat'>${body}</message>`);
    assert.equal(copies(people.home).length, on ? 1 : 0);
    people.home.ignoreAll();
  }
});

test("nobody switches another account's carbons [xep0280-4.1-01] [xep0280-5.1-01]", async () => {
  const { world, ...people } = await cast({ on: [] });
  await using _ = world;
  await people.balcony.sendText(enable.replace("<iq ", `<iq to='${romeo}' `));
  assert.equal(people.balcony.next().attr("type"), "error");
  await people.balcony.sendText(`<message to='${garden}' type='chat'>${body}</message>`);
  people.home.receivesNothing();
});

const muc = "http://jabber.org/protocol/muc#user";
for (const { what, message, sent, received } of [
  {
    what: "chat without a body",
    message: "<message type='chat'><x xmlns='urn:example:x'/></message>",
    sent: true,
    received: true,
  },
  { what: "S12 normal with a body", message: `<message>${body}</message>`, sent: true, received: true },
  {
    what: "normal without a body",
    message: "<message><x xmlns='urn:example:x'/></message>",
    sent: false,
    received: false,
  },
  { what: "headline", message: `<message type='headline'>${body}</message>`, sent: false, received: false },
  {
    what: "S12 groupchat [xep0280-6.1-01]",
    message: `<message type='groupchat'>${body}</message>`,
    sent: false,
    received: false,
  },
  {
    what: "receipt",
    message: "<message><received xmlns='urn:xmpp:receipts' id='1'/></message>",
    sent: true,
    received: true,
  },
  {
    what: "chat state",
    message: "<message type='headline'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    sent: true,
    received: true,
  },
  {
    what: "marker",
    message: "<message><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>",
    sent: true,
    received: true,
  },
  {
    what: "direct invitation [xep0280-6.1-02]",
    message: "<message><x xmlns='jabber:x:conference' jid='r@muc.example'/></message>",
    sent: true,
    received: true,
  },
  {
    what: "mediated invitation [xep0280-6.1-03]",
    message: `<message><x xmlns='${muc}'><invite/></x></message>`,
    sent: true,
    received: true,
  },
  {
    what: "private message of an occupant [xep0280-6.1-07]",
    message: `<message type='chat'>${body}<x xmlns='${muc}'/></message>`,
    sent: false,
    received: false,
  },
  {
    what: "S12 private [xep0280-9-02] [xep0280-9-03]",
    message: `<message type='chat'>${body}<private xmlns='${NS_CARBONS}'/></message>`,
    sent: false,
    received: false,
  },
  {
    what: "S12 no-copy [xep0280-9-01]",
    message: `<message type='chat'>${body}<no-copy xmlns='urn:xmpp:hints'/></message>`,
    sent: false,
    received: false,
  },
] as const)
  test(`${what}: ${sent ? "" : "not "}copied when sent, ${received ? "" : "not "}when received [xep0280-6-01] [xep0280-6-02] [xep0280-6.2-01]`, async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await people.garden.sendText(message.replace("<message", `<message to='${balcony}'`));
    assert.deepEqual(
      copies(people.home).map(({ way }) => way),
      sent ? ["sent"] : [],
    );
    people.home.ignoreAll();
    await people.balcony.sendText(message.replace("<message", `<message to='${garden}'`));
    assert.deepEqual(
      copies(people.home).map(({ way }) => way),
      received ? ["received"] : [],
    );
  });

test("a private message to an occupant is copied to the devices that are in the room [xep0280-6.1-04] [xep0280-6.1-05]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  const whisper = `<message to='${balcony}' type='chat'>${body}<x xmlns='${muc}'/></message>`;
  await people.garden.sendText(whisper);
  people.home.receivesNothing();
  await people.home.sendText(`<presence to='${balcony}'/>`);
  await people.garden.sendText(whisper);
  assert.deepEqual(
    copies(people.home).map(({ way }) => way),
    ["sent"],
  );
});

test("an error is copied when what it answers was, which it need not tell itself [xep0280-10.3-02]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.garden.sendText(`<message to='${balcony}' type='chat' id='copied'>${body}</message>`);
  await people.garden.sendText(`<message to='${balcony}' id='other'><x xmlns='urn:example:x'/></message>`);
  people.home.ignoreAll();
  for (const id of ["copied", "other", "unheard-of"])
    await people.balcony.sendText(
      `<message to='${garden}' type='error' id='${id}'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
    );
  assert.deepEqual(
    copies(people.home).map(({ message }) => message.attr("id")),
    ["copied"],
  );
});

test("the error of a copy goes nowhere [xep0280-10.3-01]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.balcony.sendText(`<message to='${garden}' type='chat' id='1'>${body}</message>`);
  people.garden.ignoreAll();
  await people.home.sendText(
    `<message to='${romeo}' type='error' id='1'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
  people.balcony.receivesNothing();
  people.garden.receivesNothing();
});

for (const way of ["sent", "received"])
  test(`A38 a forged carbon (${way}) never arrives, from strangers or from oneself, and none is made of it`, async () => {
    const { world, ...people } = await cast({ on: ["garden", "home"] });
    await using _ = world;
    const forged =
      `<message to='${romeo}' type='chat'>${body}<${way} xmlns='${NS_CARBONS}'><forwarded xmlns='urn:xmpp:forward:0'>` +
      `<message xmlns='jabber:client' from='nurse@capulet.example/x' to='${garden}'><body>Go</body></message></forwarded></${way}></message>`;
    await people.balcony.sendText(forged);
    people.garden.receives(`<message from='${balcony}' to='${romeo}' type='chat'>${body}</message>`);
    assert.deepEqual(
      copies(people.home).map(({ message }) => message.child(NS_CARBONS, way)),
      [undefined],
    );
    people.home.ignoreAll();
    await people.home.sendText(forged);
    people.garden.receives(`<message from='${home}' to='${romeo}' type='chat'>${body}</message>`);
  });

test("S12 a copy that its device never takes is neither kept nor returned", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await people.home.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await people.home.cut();
  people.balcony.ignoreAll();
  await people.balcony.sendText(`<message to='${garden}' type='chat'>${body}</message>`);
  people.garden.ignoreAll();
  await world.advance(700_000);
  for (const client of [people.balcony, people.garden])
    assert.deepEqual(
      client.pending.filter(({ name }) => name === "message"),
      [],
    );
  const again = await world.login(home);
  await again.sendText("<presence/>");
  assert.deepEqual(
    again.pending.filter(({ name }) => name === "message"),
    [],
  );
});

test("of three devices each has a message once, cut and resumed or not", async () => {
  const { world, ...people } = await cast({ on: ["garden", "home"] });
  await using _ = world;
  await people.home.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const id = people.home.next().attr("id") ?? "";
  await people.home.cut();
  for (const number of ["1", "2", "3"])
    await people.balcony.sendText(`<message to='${romeo}' type='chat' id='${number}'>${body}</message>`);
  assert.deepEqual(
    people.garden.pending.map((stanza) => stanza.attr("id")),
    ["1", "2", "3"],
  );
  people.home.reconnect();
  await people.home.authenticate("romeo", "montague.example", "romeo");
  await people.home.sendText(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`);
  assert.deepEqual(
    copies(people.home).map(({ message }) => message.attr("id")),
    ["1", "2", "3"],
  );
});

test("what is kept because no device takes it is not copied, and comes once", async () => {
  const { world, ...people } = await cast({ on: ["garden", "home"] });
  await using _ = world;
  await people.garden.sendText("<presence type='unavailable'/>");
  people.home.ignoreAll();
  people.garden.ignoreAll();
  await people.balcony.sendText(`<message to='${romeo}' type='chat' id='1'>${body}</message>`);
  assert.deepEqual([...people.home.pending, ...people.garden.pending], []);
  await people.home.sendText("<presence><priority>1</priority></presence>");
  await world.settle();
  assert.deepEqual(
    people.home.pending
      .filter(({ name }) => name === "message")
      .map((stanza) => [stanza.attr("from"), stanza.attr("id")]),
    [[balcony, "1"]],
  );
});
