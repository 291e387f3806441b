import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { offlineMessages } from "#im/messages/slots.ts";
import { befriend } from "#testing/scenario/contacts.ts";
import { bodies } from "#testing/scenario/devices.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { NS_OFFLINE } from "./elements.ts";
import { namedMax } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const chat = (body: string): string =>
  `<message to='${juliet}' type='chat' id='${body}'><body>${body}</body></message>`;

/** Three messages wait for her; one device of hers has logged in. */
async function stage(options: Readonly<Record<string, unknown>> = {}): Promise<{
  readonly world: World;
  readonly sender: ScriptedClient;
  readonly client: ScriptedClient;
}> {
  const world = await startWorld({ accounts: [romeo, juliet], options });
  const sender = await world.login(`${romeo}/orchard`);
  for (const body of ["1", "2", "3"]) await sender.sendText(chat(body));
  return { world, sender, client: await world.login(`${juliet}/balcony`) };
}

async function ask(client: ScriptedClient, type: "get" | "set", payload: string, to = ""): Promise<XmlElement> {
  await client.sendText(`<iq type='${type}' id='q'${to}>${payload}</iq>`);
  const reply = client.pending.at(-1);
  assert.ok(reply?.name === "iq" && reply.attr("id") === "q", "the result comes last");
  return reply;
}

const disco = (kind: "info" | "items"): string =>
  `<query xmlns='http://jabber.org/protocol/disco#${kind}' node='${NS_OFFLINE}'/>`;
const offline = (inside: string): string => `<offline xmlns='${NS_OFFLINE}'>${inside}</offline>`;
const item = (action: string, node: string): string => `<item action='${action}' node='${node}'/>`;
const condition = (reply: XmlElement): string | undefined => reply.child("jabber:client", "error")?.firstElement?.name;

async function names(client: ScriptedClient): Promise<readonly string[]> {
  const reply = await ask(client, "get", disco("items"));
  client.ignoreAll();
  return reply.firstElement?.elements().map((each) => each.attr("node") ?? "") ?? [];
}

function waiting(world: World): number {
  return world.disk.archives.get(offlineMessages.name)?.get(juliet)?.size ?? 0;
}

for (const archive of [true, false]) {
  const kind = archive ? "with an archive" : "without an archive";

  test(`number and heads are told, to the account's own resources, ${kind} [xep0013-2.1-01] [xep0013-2.2-01] [xep0013-2.3-01] [xep0013-2.3-02] [xep0013-2.3-06]`, async () => {
    const { world, client } = await stage({ archive });
    await using _ = world;
    const host = await ask(
      client,
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#info'/>",
      " to='capulet.example'",
    );
    assert.match(serialize(host), new RegExp(`var='${NS_OFFLINE}'`, "u"));
    const info = (await ask(client, "get", disco("info"))).firstElement;
    assert.equal(info?.elements()[0]?.attr("type"), "message-list");
    const field = info?.child("jabber:x:data", "x")?.elements().at(-1);
    assert.equal(`${field?.attr("var")} ${field?.firstElement?.text}`, "number_of_messages 3");
    const items = (await ask(client, "get", disco("items"))).firstElement?.elements() ?? [];
    assert.deepEqual(
      items.map((each) => `${each.attr("jid")} ${each.attr("name")}`),
      Array.from({ length: 3 }, () => `${juliet} ${romeo}/orchard`),
    );
    const nodes = items.map((each) => each.attr("node") ?? "");
    assert.deepEqual(nodes, nodes.toSorted());
  });

  test(`messages are read one by one and stay until they are removed, ${kind} [xep0013-2.4-04] [xep0013-2.4-05] [xep0013-2.4-06] [xep0013-2.5-01] [xep0013-2.5-07]`, async () => {
    const { world, client } = await stage({ archive });
    await using _ = world;
    const [first = "", , third = ""] = await names(client);
    assert.equal((await ask(client, "get", offline(item("view", third) + item("view", first)))).attr("type"), "result");
    assert.deepEqual(bodies(client).toSorted(), ["1", "3"]);
    for (const message of client.pending.slice(0, 2)) {
      assert.ok([first, third].includes(message.child(NS_OFFLINE, "offline")?.firstElement?.attr("node") ?? ""));
      assert.ok(message.child("urn:xmpp:delay", "delay") !== undefined);
      assert.equal(message.attr("from"), `${romeo}/orchard`);
    }
    assert.equal(waiting(world), 3);
    client.ignoreAll();
    assert.equal((await ask(client, "set", offline(item("remove", first)))).attr("type"), "result");
    assert.equal(waiting(world), 2);
    client.ignoreAll();
    await ask(client, "get", offline("<fetch/>"));
    assert.deepEqual(bodies(client), ["2", "3"]);
    await ask(client, "set", offline("<purge/>"));
    assert.equal(waiting(world), 0);
  });
}

for (const { what, request } of [
  { what: "asks for the number", request: disco("info") },
  { what: "asks for heads", request: disco("items") },
  { what: "fetches all", request: offline("<fetch/>") },
])
  test(`who ${what} is sent nothing unasked, and no other session is while that one lives [xep0013-2.2-02] [xep0013-2.2-03] [xep0013-2.2-04] [xep0013-2.5-02] [xep0013-2.6-05]`, async () => {
    const { world, sender, client } = await stage();
    await using _ = world;
    await ask(client, "get", request);
    client.ignoreAll();
    await client.sendText("<presence/>");
    const other = await world.login(`${juliet}/chamber`);
    await other.sendText("<presence/>");
    await sender.sendText(chat("4"));
    assert.deepEqual([bodies(client), bodies(other)], [["4"], ["4"]], "what comes meanwhile comes as ever");
    await client.close();
    await other.close();
    assert.equal(waiting(world), 3);
    const next = await world.login(`${juliet}/balcony`);
    await next.sendText("<presence/>");
    assert.deepEqual(bodies(next), ["1", "2", "3"]);
  });

test("what is shown and not taken waits once, as before [xep0013-2.5-01]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await client.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  await client.sendText(`<iq type='get' id='q'>${offline("<fetch/>")}</iq>`);
  await world.advance(5_000);
  await client.cut();
  await world.advance(700_000);
  assert.equal(waiting(world), 3);
  const next = await world.login(`${juliet}/balcony`);
  await next.sendText("<presence/>");
  assert.deepEqual(bodies(next), ["1", "2", "3"]);
});

test("where nothing waits the list is empty, and there is nothing to fetch or to purge [xep0013-2.3-05]", async () => {
  await using world = await startWorld({ accounts: [juliet] });
  const client = await world.login(`${juliet}/balcony`);
  assert.deepEqual(await names(client), []);
  for (const [type, request] of [
    ["get", "<fetch/>"],
    ["set", "<purge/>"],
  ] as const)
    assert.equal((await ask(client, type, offline(request))).attr("type"), "result");
});

for (const { what, type, request, refused } of [
  {
    what: "a message that is not there, viewed [xep0013-2.4-03]",
    type: "get",
    request: item("view", "x"),
    refused: "item-not-found",
  },
  {
    what: "a message that is not there, removed [xep0013-2.5-06]",
    type: "set",
    request: item("remove", "x"),
    refused: "item-not-found",
  },
  { what: "an action of the other kind", type: "get", request: item("remove", "x"), refused: "bad-request" },
  { what: "an action that nobody knows", type: "set", request: item("burn", "x"), refused: "bad-request" },
  { what: "no action", type: "set", request: "<item node='x'/>", refused: "bad-request" },
  { what: "no name", type: "get", request: "<item action='view'/>", refused: "bad-request" },
  { what: "nothing", type: "get", request: "", refused: "bad-request" },
  { what: "all and some", type: "set", request: `<purge/>${item("remove", "x")}`, refused: "bad-request" },
  { what: "to purge, by a get", type: "get", request: "<purge/>", refused: "bad-request" },
  {
    what: "too many at once",
    type: "get",
    request: Array.from({ length: namedMax + 1 }, (_, number) => item("view", String(number))).join(""),
    refused: "not-acceptable",
  },
] as const)
  test(`${what}: it gets ${refused} and nothing happens`, async () => {
    const { world, client } = await stage();
    await using _ = world;
    assert.equal(condition(await ask(client, type, offline(request))), refused);
    assert.deepEqual([bodies(client), waiting(world)], [[], 3]);
  });

test("nobody else may ask, read or remove [xep0013-2.3-03] [xep0013-2.4-02] [xep0013-2.5-05] [xep0013-2.6-01] [xep0013-2.7-01]", async () => {
  const { world, sender, client } = await stage();
  await using _ = world;
  await ask(client, "get", disco("info"));
  await befriend(sender, client);
  for (const [type, request] of [
    ["get", disco("info")],
    ["get", disco("items")],
    ["get", offline("<fetch/>")],
    ["get", offline(item("view", "x"))],
    ["set", offline("<purge/>")],
    ["set", offline(item("remove", "x"))],
  ] as const) {
    assert.equal(condition(await ask(sender, type, request, ` to='${juliet}'`)), "forbidden");
    sender.ignoreAll();
  }
  assert.equal(waiting(world), 3);
});

test("several are viewed and removed at once; all are fetched and removed though nobody asked for heads [xep0013-2.4-01] [xep0013-2.5-04] [xep0013-2.6-03] [xep0013-2.6-04] [xep0013-2.7-03]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  assert.equal((await ask(client, "get", offline("<fetch/>"))).attr("type"), "result");
  assert.deepEqual(bodies(client), ["1", "2", "3"]);
  const [first = "", second = ""] = client.pending.flatMap(
    (stanza) => stanza.child(NS_OFFLINE, "offline")?.firstElement?.attr("node") ?? [],
  );
  client.ignoreAll();
  await ask(client, "get", offline(item("view", first) + item("view", second)));
  assert.deepEqual(bodies(client), ["1", "2"]);
  await ask(client, "set", offline(item("remove", first) + item("remove", second)));
  assert.equal(waiting(world), 1);
  assert.equal((await ask(client, "set", offline("<purge/>"))).attr("type"), "result");
  assert.equal(waiting(world), 0);
});

test("A15 more than a client can be sent at once is not fetched at once, and can be read in parts and purged", async () => {
  const { world, sender, client } = await stage();
  await using _ = world;
  const large = "x".repeat(200_000);
  for (let at = 0; at < 8; at += 1)
    await sender.sendText(`<message to='${juliet}' type='chat'><body>${large}</body></message>`);
  assert.equal(condition(await ask(client, "get", offline("<fetch/>"))), "not-acceptable");
  assert.deepEqual(bodies(client), []);
  client.ignoreAll();
  const all = await names(client);
  assert.equal(all.length, 11);
  for (const name of all) {
    assert.equal((await ask(client, "get", offline(item("view", name)))).attr("type"), "result");
    assert.equal(bodies(client).length, 1);
    client.ignoreAll();
  }
  assert.equal((await ask(client, "set", offline("<purge/>"))).attr("type"), "result");
  assert.equal(waiting(world), 0);
});

test("a node of that kind that is not there is not found, and a stranger gets no message [xep0013-2.3-04] [xep0013-4-01]", async () => {
  const { world, sender, client } = await stage();
  await using _ = world;
  assert.equal(
    condition(
      await ask(
        client,
        "get",
        `<query xmlns='http://jabber.org/protocol/disco#items' node='${NS_OFFLINE}#nothing'/>`,
        ` to='${juliet}'`,
      ),
    ),
    "item-not-found",
  );
  sender.ignoreAll();
  await ask(sender, "get", offline("<fetch/>"), ` to='${juliet}'`);
  assert.deepEqual(bodies(sender), []);
});

test("what looks like a message that waits, and is somebody's own words, is kept like any other", async () => {
  const { world, sender, client } = await stage();
  await using _ = world;
  await sender.sendText(
    `<message to='${juliet}' type='chat'><body>4</body><offline xmlns='${NS_OFFLINE}'><item node='x'/></offline></message>`,
  );
  assert.equal(waiting(world), 4);
  await client.sendText("<presence/>");
  const last = client.pending.at(-1);
  assert.equal(last?.child("jabber:client", "body")?.text, "4");
  assert.equal(last?.child(NS_OFFLINE, "offline"), undefined);
});
