import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer } from "../lab.ts";
import { goSendxmpp } from "../peers/go-sendxmpp.ts";
import { profanityOnline } from "../peers/profanity.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { XmppJsPeer } from "../peers/xmpp-js.ts";

const alice = "alice@ours.test";
const delayNs = "urn:xmpp:delay";
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
  await server.restart();
  await using c = await XmppJsPeer.online({ jid: "carol@ours.test" });
  const message = await c.message("waiting for Carol");
  assert.match(message.attrs["from"] ?? "", /^alice@ours\.test\/./);
  assert.match(message.getChild("delay", delayNs)?.attrs["stamp"] ?? "", /^\d{4}-\d\d-\d\dT/);
});

test("profanity finds an offline message", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await a.order("message", { to: "dave@ours.test", body: "waiting for Dave" });
  await a.order("ping", { jid: "ours.test" });
  await using d = await profanityOnline({ jid: "dave@ours.test" });
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
