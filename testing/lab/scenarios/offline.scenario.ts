import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { goSendxmpp } from "../peers/go-sendxmpp.ts";
import { profanityOnline } from "../peers/profanity.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const alice = "alice@ours.test";
const delayNs = "urn:xmpp:delay";
const mamNs = "urn:xmpp:mam:2";
const readers = ["bob", "carol", "dave"].map((name) => `${name}@ours.test`);
const server = await LabServer.start({ name: "offline", users: [alice, ...readers] });
after(async () => await server[Symbol.asyncDispose]());

test("slixmpp finds its offline messages, in order, with the time they were sent, once", async () => {
  const started = Date.now();
  await using a = await SlixmppPeer.online({ jid: alice });
  for (const body of ["one", "two", "three"]) await a.order("message", { to: "bob@ours.test", body });
  await a.order("ping", { jid: "ours.test" }); // the server has dealt with all three before it answers
  await using b = await SlixmppPeer.online({ jid: "bob@ours.test" });
  await b.available();
  for (const body of ["one", "two", "three"]) {
    const message = await b.event("message");
    assert.equal(message["body"], body);
    const sent = Date.parse(String(message["delayed"]));
    assert.ok(sent >= started - 1000 && sent <= Date.now() + 1000, `sent at ${String(message["delayed"])}`);
  }
  await b.logOut();
  await using again = await SlixmppPeer.online({ jid: "bob@ours.test" });
  await again.available();
  await again.order("ping", { jid: "ours.test" });
  assert.deepEqual(again.seen("message"), []);
});

test("xmpp.js finds a message that has waited over a restart of the server", async () => {
  const { code, output } = await goSendxmpp({ jid: alice }, "carol@ours.test", "waiting for Carol");
  assert.equal(code, 0, output);
  {
    await using a = await SlixmppPeer.online({ jid: alice });
    await a.archived("waiting for Carol");
  }
  await server.restart();
  await using c = await XmppJsPeer.online({ jid: "carol@ours.test" });
  // Who binds in one with log-in is to read the archive, and gets nothing twice. XEP-0386 §3.2
  if (target.name === "balcony")
    await c.client.iqCaller.request(xml("iq", { type: "set" }, xml("query", { xmlns: mamNs })));
  const message = await c.stanza((stanza) => stanza.is("message") && stanza.toString().includes("waiting for Carol"));
  const forwarded = message.getChild("result", mamNs)?.getChild("forwarded");
  const original = forwarded?.getChild("message") ?? message;
  assert.match(original.attrs["from"] ?? "", /^alice@ours\.test\/./);
  assert.match((forwarded ?? message).getChild("delay", delayNs)?.attrs["stamp"] ?? "", /^\d{4}-\d\d-\d\dT/);
  const again = c.seen.filter((stanza) => stanza.toString().includes("waiting for Carol"));
  assert.deepEqual(again.map(String), [], "once");
});

test("profanity finds an offline message", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await a.order("message", { to: "dave@ours.test", body: "waiting for Dave" });
  await a.order("ping", { jid: "ours.test" });
  await using d = await profanityOnline({ jid: "dave@ours.test" });
  await d.shows(/<< chat message: alice@ours\.test.* \(win 2\)/);
  await d.type("/win 2");
  await d.shows(/alice@ours\.test.*waiting for Dave/);
});

test("a message of type headline or groupchat is not kept, a presence neither", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await a.order("message", { to: "bob@ours.test", body: "breaking news", type: "headline" });
  await a.order("message", { to: "bob@ours.test", body: "kept", type: "normal" });
  await a.order("ping", { jid: "ours.test" });
  await using b = await SlixmppPeer.online({ jid: "bob@ours.test" });
  await b.available();
  const message = await b.event("message");
  assert.equal(message["body"], "kept");
  await b.order("ping", { jid: "ours.test" });
  assert.deepEqual(b.seen("message"), []);
});
