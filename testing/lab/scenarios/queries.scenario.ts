import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const host = "ours.test";
const server = await LabServer.start({ name: "queries", users: [alice, bob] });
after(async () => await server[Symbol.asyncDispose]());

test("XEP-0199: the server and one's own account answer a ping", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  assert.equal(await a.order("ping", { jid: host }), true);
  assert.equal(await a.order("ping", { jid: alice }), true);
});

test("XEP-0092: the server tells its name and version", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  const version = fields(await a.order("version", { jid: host }));
  assert.match(String(version["name"]), new RegExp(target.name, "i"));
  assert.notEqual(version["version"], "");
});

test("XEP-0030: the server says what it is and can do", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  const info = fields(await a.order("disco_info", { jid: host }));
  const identities = list(info["identities"]).map((identity) => fields(identity));
  assert.ok(identities.some((identity) => identity["category"] === "server" && identity["type"] === "im"));
  const features = list(info["features"]);
  for (const feature of [
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "urn:xmpp:ping",
    "urn:xmpp:blocking",
    "urn:xmpp:time",
    "jabber:iq:version",
    "jabber:iq:private",
    "vcard-temp",
    "msgoffline",
  ].filter((name) => !target.abilities.unannounced.includes(name))) {
    assert.ok(features.includes(feature), `${feature} is announced`);
  }
  assert.ok(Array.isArray(await a.order("disco_items", { jid: host })));
});

test("XEP-0030: one's own account is a registered account", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  const info = fields(await a.order("disco_info", { jid: alice }));
  const identities = list(info["identities"]).map((identity) => fields(identity));
  assert.ok(identities.some((identity) => identity["category"] === "account" && identity["type"] === "registered"));
});

test("XEP-0054: a vCard is published, read by its owner and by somebody else", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  await a.order("vcard_set", { name: "Alice of the balcony" });
  assert.equal(await a.order("vcard_get"), "Alice of the balcony");
  assert.equal(await b.order("vcard_get", { jid: alice }), "Alice of the balcony");
});

test("XEP-0049: private XML is kept, for its owner only", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  const notes = (text: string) => `<query xmlns="jabber:iq:private"><notes xmlns="lab:notes">${text}</notes></query>`;
  await a.order("iq", { type: "set", xml: notes("<p>milk</p>") });
  assert.match(String(await a.order("iq", { xml: notes("") })), /<notes xmlns="lab:notes"><p>milk<\/p><\/notes>/);
  assert.doesNotMatch(String(await b.order("iq", { xml: notes("") })), /milk/);
  await assert.rejects(b.order("iq", { xml: notes(""), to: alice }), (error) => {
    assert.ok(error instanceof Error);
    assert.match(error.message, /forbidden|service-unavailable|not-allowed/);
    return true;
  });
});

test("XEP-0012: last activity of the server, and of a contact by those who may see it", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  if (target.abilities.lastActivityOfServer) {
    const { seconds } = fields(await a.order("last_activity", { jid: host }));
    assert.ok(Number(seconds) >= 0 && Number(seconds) < 600, `up for ${String(seconds)} s`);
  }
  await assert.rejects(a.order("last_activity", { jid: bob }), /forbidden|service-unavailable|subscription-required/);
});

test("XEP-0202: the server tells the time", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  const { utc, tzo } = fields(await a.order("time", { jid: host }));
  assert.match(String(utc), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  assert.match(String(tzo), /^(Z|[+-]\d\d:\d\d)$/);
  assert.ok(Math.abs(Date.parse(String(utc)) - Date.now()) < 60_000, String(utc));
});

test("XEP-0191: who is blocked is not heard, and cannot be written to", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  await a.available();
  await b.available();
  assert.deepEqual(await a.order("blocked"), []);
  await a.order("block", { jid: bob });
  assert.deepEqual(await a.order("blocked"), [bob]);
  await b.order("message", { to: alice, body: "can you hear me?", id: "blocked" });
  const bounce = await b.event("message", (event) => event["type"] === "error");
  assert.deepEqual([bounce["id"], bounce["error"]], ["blocked", "service-unavailable"]);
  await a.order("message", { to: bob, body: "nor I you" });
  const own = await a.event("message", (event) => event["type"] === "error");
  assert.equal(own["error"], "not-acceptable");
  await a.order("unblock", { jid: bob });
  await b.order("message", { to: alice, body: "and now?" });
  await a.event("message", (event) => event["body"] === "and now?");
  assert.deepEqual(a.seen("message"), []);
});

test("what the server does not know is answered with service-unavailable, slixmpp and xmpp.js", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  const unknown = '<query xmlns="lab:unheard-of"/>';
  await assert.rejects(a.order("iq", { xml: unknown, to: host }), /service-unavailable/);
  await using b = await XmppJsPeer.online({ jid: bob });
  // Not by its iqCaller, whose promise nobody handles yet when the reply comes fast.
  await b.client.send(xml("iq", { type: "get", to: host, id: "u1" }, xml("query", { xmlns: "lab:unheard-of" })));
  const reply = await b.stanza((stanza) => stanza.attrs["id"] === "u1");
  assert.equal(reply.attrs["type"], "error");
  assert.ok(reply.getChild("error")?.getChild("service-unavailable", "urn:ietf:params:xml:ns:xmpp-stanzas"));
});

test("a query to another client is carried there and back", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  // Only who is shown presence may ask. RFC 6121 §8.5.3.1 [rfc6121-8.5.3.1-01]
  await b.order("presence", { to: await a.order("own_jid") });
  const { from } = await a.event("presence");
  assert.equal(await a.order("ping", { jid: from }), true);
});

function fields(value: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === "object" && value !== null);
  return { ...value };
}

function list(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value));
  return value;
}
