import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { PrivateXml } from "./elements.ts";
import { privateXml } from "./server.ts";
import examples from "./vectors/examples.json" with { type: "json" };

const hamletJid = "hamlet@shakespeare.example";
const macbethJid = "macbeth@shakespeare.example";
const NS_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas";

async function elsinore(
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly world: World; readonly hamlet: ScriptedClient }> {
  const world = await startWorld({
    domains: ["shakespeare.example"],
    accounts: [hamletJid, macbethJid],
    modules: [...instantMessaging, privateXml],
    options,
  });
  return { world, hamlet: await world.login(`${hamletJid}/denmark`) };
}

const query = (type: "get" | "set", content: string, to?: string): string =>
  `<iq type='${type}' id='p1'${to === undefined ? "" : ` to='${to}'`}><query xmlns='jabber:iq:private'>${content}</query></iq>`;
const prefs = "<exodus xmlns='exodus:prefs'><defaultnick>Hamlet</defaultnick></exodus>";

async function stores(client: ScriptedClient, content: string): Promise<void> {
  await client.sendText(query("set", content));
  client.receives(`<iq type='result' id='p1' to='${client.jid}'/>`);
}

async function finds(client: ScriptedClient, asked: string, found: string): Promise<void> {
  await client.sendText(query("get", asked));
  client.receives(
    `<iq type='result' id='p1' to='${client.jid}'><query xmlns='jabber:iq:private'>${found}</query></iq>`,
  );
}

async function stored(world: World, key: string): Promise<string | undefined> {
  const found = world.store.get("private-xml", hamletJid, key);
  await world.settle();
  return found;
}

async function isRefused(client: ScriptedClient, request: string, condition: string): Promise<void> {
  await client.sendText(request);
  const answer = client.next();
  assert.equal(answer.attr("type"), "error");
  assert.ok(answer.child("jabber:client", "error")?.child(NS_STANZAS, condition) !== undefined, condition);
}

describe("requests of the specification are read and written without loss", () => {
  for (const { source, xml } of examples) test(source, () => void assertRoundTrip(PrivateXml, xml));
});

test("Hamlet stores his preferences and finds them from another place", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  await finds(hamlet, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
  await stores(hamlet, prefs);
  await hamlet.close();
  const england = await world.login(`${hamletJid}/england`);
  await finds(england, "<exodus xmlns='exodus:prefs'/>", prefs);
});

test("elements are kept by namespace and name, and each replaces what was there", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  await stores(hamlet, "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>2</b><a xmlns='urn:y' lang='da'/>");
  await stores(hamlet, "<a xmlns='urn:x'>3</a>");
  await finds(hamlet, "<a xmlns='urn:x'/>", "<a xmlns='urn:x'>3</a>");
  await finds(hamlet, "<b xmlns='urn:x'/>", "<b xmlns='urn:x'>2</b>");
  await finds(hamlet, "<a xmlns='urn:y'/>", "<a xmlns='urn:y' lang='da'/>");
});

test("what was in the request for an element does not come back", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  await finds(hamlet, "<a xmlns='urn:x' b='c'>d<e/></a>", "<a xmlns='urn:x'/>");
});

test("nested namespaces, languages and odd characters survive", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  const odd =
    "<storage xmlns='storage:bookmarks' xml:lang='da'><p:room xmlns:p='urn:p' p:nick='&lt;&amp;&quot;'>Helsingør 👑</p:room>" +
    "<message xmlns='jabber:client'><body> x </body></message></storage>";
  await stores(hamlet, odd);
  await finds(hamlet, "<storage xmlns='storage:bookmarks'/>", odd);
});

describe("refused", () => {
  const cases: Readonly<Record<string, readonly [request: string, condition: string]>> = {
    "a get that names nothing": [query("get", ""), "bad-request"],
    "a get of two elements": [query("get", "<a xmlns='urn:x'/><b xmlns='urn:x'/>"), "bad-request"],
    "a set of nothing": [query("set", ""), "not-acceptable"],
    "a set of an element without a namespace of its own": [query("set", "<a>1</a>"), "not-acceptable"],
    "a get of an element without a namespace of its own": [query("get", "<a/>"), "not-acceptable"],
    "a set of an element without any namespace": [query("set", "<a xmlns=''>1</a>"), "not-acceptable"],
    "a set of the same element twice": [query("set", "<a xmlns='urn:x'>1</a><a xmlns='urn:x'>2</a>"), "bad-request"],
  };
  for (const [name, [request, condition]] of Object.entries(cases))
    test(name, async () => {
      const { world, hamlet } = await elsinore();
      await using _ = world;
      await isRefused(hamlet, request, condition);
    });
});

test("an element beyond the bound is refused, and none of its companions is stored", async () => {
  const { world, hamlet } = await elsinore({ "private-xml.element_bytes_max": 1_024 });
  await using _ = world;
  const fits = `<a xmlns='urn:x'>x${"é".repeat(501)}</a>`;
  assert.equal(Buffer.byteLength(fits.replaceAll("'", '"')), 1_024);
  await stores(hamlet, fits);
  await isRefused(
    hamlet,
    query("set", `<b xmlns='urn:x'>1</b><a xmlns='urn:x'>${"é".repeat(502)}</a>`),
    "policy-violation",
  );
  await finds(hamlet, "<a xmlns='urn:x'/>", fits);
  await finds(hamlet, "<b xmlns='urn:x'/>", "<b xmlns='urn:x'/>");
});

test("more elements than the bound are refused; those that are there can be changed and taken away", async () => {
  const { world, hamlet } = await elsinore({ "private-xml.elements_max": 2 });
  await using _ = world;
  await stores(hamlet, "<a xmlns='urn:x'>1</a><b xmlns='urn:x'>2</b>");
  await isRefused(hamlet, query("set", "<c xmlns='urn:x'>3</c>"), "resource-constraint");
  await stores(hamlet, "<b xmlns='urn:x'>4</b><c xmlns='urn:x'/>");
  await stores(hamlet, "<a xmlns='urn:x'/>");
  assert.equal(await stored(world, "{urn:x}a"), undefined);
  assert.notEqual(await stored(world, "{urn:x}b"), undefined);
  await stores(hamlet, "<c xmlns='urn:x'>3</c>");
  await finds(hamlet, "<c xmlns='urn:x'/>", "<c xmlns='urn:x'>3</c>");
});

test("nobody else reads or writes what Hamlet stored", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  await stores(hamlet, prefs);
  const macbeth = await world.login(`${macbethJid}/cawdor`);
  await isRefused(macbeth, query("get", "<exodus xmlns='exodus:prefs'/>", hamletJid), "service-unavailable");
  await isRefused(macbeth, query("set", "<exodus xmlns='exodus:prefs'>x</exodus>", hamletJid), "service-unavailable");
  await finds(macbeth, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
  await finds(hamlet, "<exodus xmlns='exodus:prefs'/>", prefs);
});

test("what could not be written is not confirmed, and not there", async () => {
  const { world, hamlet } = await elsinore();
  await using _ = world;
  world.faults.failCommits("full");
  await isRefused(hamlet, query("set", prefs), "resource-constraint");
  world.faults.failCommits(undefined);
  await finds(hamlet, "<exodus xmlns='exodus:prefs'/>", "<exodus xmlns='exodus:prefs'/>");
});
