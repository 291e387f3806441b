import assert from "node:assert/strict";
import { test } from "node:test";
import type { XmlElement } from "#protocol/xml/element.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { disco } from "../0030-disco/server.ts";
import { archive } from "../0313-archive/server.ts";
import { NS_COMMANDS } from "./elements.ts";
import { adHoc } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const node = "purge-archive";
const NS_DISCO = "http://jabber.org/protocol/disco";

const stage = (): Promise<World> =>
  startWorld({
    accounts: [romeo, juliet],
    modules: [...instantMessaging, disco, adHoc, archive],
    options: { archive: true },
  });

async function ask(client: ScriptedClient, inside: string, type = "set", to = ""): Promise<XmlElement> {
  client.ignoreAll();
  await client.sendText(`<iq type='${type}' id='q'${to}>${inside}</iq>`);
  return client.pending.find(({ name }) => name === "iq") ?? assert.fail("there is no answer");
}

const command = (attributes: string, inside = ""): string =>
  `<command xmlns='${NS_COMMANDS}' ${attributes}>${inside}</command>`;
const form = (fields: Readonly<Record<string, string>>, type = "submit"): string =>
  `<x xmlns='jabber:x:data' type='${type}'>${Object.entries(fields)
    .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
    .join("")}</x>`;
const answerOf = (reply: XmlElement): XmlElement => reply.child(NS_COMMANDS, "command") ?? assert.fail();

async function bodies(client: ScriptedClient): Promise<string> {
  client.ignoreAll();
  await client.sendText("<iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'/></iq>");
  const results = client.pending.flatMap((stanza) => stanza.child("urn:xmpp:mam:2", "result") ?? []);
  client.ignoreAll();
  return results.map((result) => result.firstElement?.child("jabber:client", "message")?.firstElement?.text).join("");
}

/** Three messages, a day apart: to Juliet, to the nurse, to Juliet. */
async function spoken(world: World): Promise<ScriptedClient> {
  const client = await world.login(`${romeo}/garden`);
  for (const [place, to] of [juliet, "nurse@capulet.example", juliet].entries()) {
    await client.sendText(`<message to='${to}' type='chat'><body>${place + 1}</body></message>`);
    // Only the clock: a day of a server takes its time.
    world.env.setClock(24 * 3_600_000);
  }
  client.ignoreAll();
  return client;
}

test("A45 who asks his own account learns which commands there are, and nobody else does [xep0050-2.2-01] [xep0050-5-02]", async () => {
  await using world = await stage();
  const client = await world.login(`${romeo}/garden`);
  const other = await world.login(`${juliet}/balcony`);
  const info = (of: string): string => `<query xmlns='${NS_DISCO}#info'${of === "" ? "" : ` node='${of}'`}/>`;
  const told = async (asker: ScriptedClient, query: string, to = ""): Promise<readonly string[]> =>
    (await ask(asker, query, "get", to)).firstElement
      ?.elements()
      .map((part) => ["var", "node", "type"].map((name) => part.attr(name) ?? "").join("")) ?? [];
  const toRomeo = ` to='${romeo}'`;
  assert.ok((await told(client, info(""), toRomeo)).includes(NS_COMMANDS));
  assert.deepEqual(await told(client, `<query xmlns='${NS_DISCO}#items' node='${NS_COMMANDS}'/>`, toRomeo), [node]);
  assert.deepEqual(await told(client, info(node), toRomeo), ["command-node", NS_COMMANDS, "jabber:x:data"]);
  for (const query of [info(""), info(node), command(`node='${node}'`)]) {
    const reply = await ask(other, query, query.startsWith("<command") ? "set" : "get", toRomeo);
    assert.equal(reply.attr("type"), "error");
  }
});

test("messages are removed by a form that has been filled in, once it is said for sure [xep0050-2.4.2-01] [xep0050-3.4-01] [xep0050-3.4-03] [xep0050-4.1-03]", async () => {
  await using world = await stage();
  const client = await spoken(world);
  const first = answerOf(await ask(client, command(`node='${node}' action='execute'`)));
  assert.equal(first.attr("status"), "executing");
  assert.equal(first.child(NS_COMMANDS, "actions")?.attr("execute"), "complete");
  const session = first.attr("sessionid") ?? assert.fail();
  assert.deepEqual(
    first
      .child("jabber:x:data", "x")
      ?.elements()
      .flatMap((field) => field.attr("var") ?? []),
    ["FORM_TYPE", "before", "with", "sure"],
  );
  const filled = form({ with: juliet, sure: "1" });
  const last = answerOf(await ask(client, command(`node='${node}' sessionid='${session}' action='complete'`, filled)));
  assert.deepEqual(
    [last.attr("status"), last.attr("sessionid"), last.child(NS_COMMANDS, "note")?.text],
    ["completed", session, "2 messages were removed."],
  );
  assert.equal(await bodies(client), "2");
  const other = await world.login(`${juliet}/balcony`);
  assert.equal(await bodies(other), "13");
});

for (const { what, fields, left } of [
  { what: "all", fields: { sure: "true" }, left: "" },
  { what: "what is old", fields: { sure: "1", before: "BEFORE" }, left: "3" },
  { what: "an empty date and nobody, which is all", fields: { sure: "1", before: "", with: "" }, left: "" },
])
  test(`what is removed is what was filled in: ${what}`, async () => {
    await using world = await stage();
    const client = await spoken(world);
    const before = new Date(world.env.now() - 36 * 3_600_000).toISOString();
    const filled = form(fields).replace("BEFORE", before);
    await ask(client, command(`node='${node}' sessionid='s'`, filled));
    assert.equal(await bodies(client), left);
  });

for (const { what, sent, condition, specific } of [
  { what: "an unknown command", sent: command("node='dance'"), condition: "item-not-found" },
  { what: "no command", sent: command(""), condition: "bad-request" },
  {
    what: "a step back",
    sent: command(`node='${node}' action='prev'`),
    condition: "bad-request",
    specific: "bad-action",
  },
  {
    what: "an action that nobody knows [xep0050-4.1-11]",
    sent: command(`node='${node}' action='explode'`),
    condition: "bad-request",
    specific: "malformed-action",
  },
  {
    what: "a session without its form",
    sent: command(`node='${node}' sessionid='s' action='complete'`),
    condition: "bad-request",
    specific: "bad-payload",
  },
  { what: "who is not sure", sent: command(`node='${node}'`, form({ sure: "0" })), condition: "not-acceptable" },
  {
    what: "a form that is called off",
    sent: command(`node='${node}'`, form({ sure: "1" }, "cancel")),
    condition: "not-acceptable",
  },
  {
    what: "a date that is none",
    sent: command(`node='${node}'`, form({ sure: "1", before: "yesterday" })),
    condition: "not-acceptable",
  },
  {
    what: "an address that is none",
    sent: command(`node='${node}'`, form({ sure: "1", with: "@" })),
    condition: "not-acceptable",
  },
] as readonly { what: string; sent: string; condition: string; specific?: string }[])
  test(`${what}: gets ${condition}, and nothing is removed`, async () => {
    await using world = await stage();
    const client = await spoken(world);
    const error = (await ask(client, sent)).child("jabber:client", "error");
    assert.equal(error?.firstElement?.name, condition);
    if (specific !== undefined) assert.ok(error?.child(NS_COMMANDS, specific));
    assert.equal(await bodies(client), "123");
  });

test("a command that is cancelled is over, and has done nothing", async () => {
  await using world = await stage();
  const client = await spoken(world);
  const reply = answerOf(await ask(client, command(`node='${node}' sessionid='s' action='cancel'`)));
  assert.deepEqual([reply.attr("status"), reply.attr("sessionid")], ["canceled", "s"]);
  assert.equal(await bodies(client), "123");
});
