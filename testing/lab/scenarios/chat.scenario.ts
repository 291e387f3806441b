import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer } from "../lab.ts";
import { GoListener, goSendxmpp } from "../peers/go-sendxmpp.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
// What an XML stream may not carry through changed: markup, entities, white space, four-byte characters, right to left.
const awkward = `<b>&amp;</b> "quoted" 'too' ]]> \ttab\nline  two  spaces 🌿 שלום e\u0301`;

const server = await LabServer.start({ name: "chat", users: [alice, bob] });
after(async () => await server[Symbol.asyncDispose]());

test("slixmpp and xmpp.js chat, both ways, and the text arrives unchanged", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await XmppJsPeer.online({ jid: bob });
  await a.available();
  await a.order("message", { to: bob, body: awkward });
  const heard = await b.message(awkward);
  assert.match(heard.attrs["from"] ?? "", /^alice@ours\.test\/./);
  assert.equal(heard.attrs["type"], "chat");
  await b.client.send(xml("message", { to: heard.attrs["from"], type: "chat", id: "reply" }, xml("body", {}, awkward)));
  const reply = await a.event("message", (event) => event["body"] === awkward);
  assert.equal(reply["from"], b.jid);
  assert.equal(reply["id"], "reply");
});

test("go-sendxmpp sends to xmpp.js and hears slixmpp", async () => {
  await using b = await XmppJsPeer.online({ jid: bob });
  const { code, output } = await goSendxmpp({ jid: alice }, bob, "a line from a script 🌿");
  assert.equal(code, 0, output);
  await b.message("a line from a script 🌿");
  await using listener = new GoListener({ jid: alice });
  await using s = await SlixmppPeer.online({ jid: bob });
  await s.order("message", { to: alice, body: "a line to a script 🌿" });
  await listener.prints(/bob@ours\.test.*a line to a script 🌿/);
});

test("messages of one sender keep their order", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  await b.available();
  const bodies = Array.from({ length: 200 }, (_, index) => `number ${index}`);
  for (const body of bodies) await a.order("message", { to: bob, body });
  await b.event("message", (event) => event["body"] === bodies.at(-1));
  const before = b.seen("message").map((event) => event["body"]);
  assert.deepEqual(before, bodies.slice(0, -1));
  await b.order("ping", { jid: "ours.test" }); // what it was sent before, the server knows that it has taken
});

test("a message to a resource of several reaches that one only", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using first = await SlixmppPeer.online({ jid: `${bob}/first` });
  await using second = await SlixmppPeer.online({ jid: `${bob}/second` });
  for (const peer of [first, second]) await peer.available();
  await a.order("message", { to: `${bob}/second`, body: "for the second" });
  await second.event("message", (event) => event["body"] === "for the second");
  // What went to the second's own address later has passed the first by, too, once it is seen.
  await a.order("message", { to: `${bob}/first`, body: "for the first" });
  await first.event("message", (event) => event["body"] === "for the first");
  assert.deepEqual(first.seen("message"), []);
});

test("a message to a user who does not exist comes back with the body left out or not, as an error", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await a.order("message", { to: "nobody@ours.test", body: "anybody there?", id: "m1" });
  const bounce = await a.event("message", (event) => event["type"] === "error");
  assert.deepEqual([bounce["from"], bounce["id"], bounce["error"]], ["nobody@ours.test", "m1", "service-unavailable"]);
});
