import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";

const [alice, bob, carol] = ["alice@ours.test", "bob@ours.test", "carol@ours.test"];
const server = await LabServer.start({ name: "client-state", users: [alice, bob, carol] });
after(async () => await server[Symbol.asyncDispose]());

test("slixmpp that says it is not looked at hears a message at once, with the presence before it, and otherwise waits", async () => {
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  await a.available();
  await b.available();
  await befriend(a, b);
  await turnsAway(a);

  for (const status of ["one", "two", "three"]) await b.available(status);
  await b.order("raw", { xml: typing("composing") });
  await b.order("ping", { jid: "ours.test" });
  // An answer to the client itself is not something that can wait, and does not wait for what can.
  await b.order("message", { to: alice, body: "look up" });
  await a.event("message", (event) => event["body"] === "look up");
  const shown = a.seen("presence").filter((event) => String(event["from"]).startsWith(`${bob}/`));
  assert.equal(shown.at(-1)?.["status"], "three", "what waited came with the message, in its order");
  // Prosody sends all of it, we and ejabberd the latest only.
  if (target.name === "balcony") assert.equal(shown.length, 1, "of each contact the latest presence only");

  await b.available("four");
  await b.order("ping", { jid: "ours.test" });
  await a.order("client_state", { active: true });
  await a.event("presence", (event) => event["status"] === "four");
});

test("what waits is not lost when the client goes away without a word and comes back", async () => {
  await using c = await SlixmppPeer.online({ jid: carol });
  await using b = await SlixmppPeer.online({ jid: bob });
  await c.available();
  await b.available("here");
  await befriend(c, b);
  await turnsAway(c);
  await b.available("still here");
  await b.order("ping", { jid: "ours.test" });
  await c[Symbol.asyncDispose]();
  await using again = await SlixmppPeer.online({ jid: carol });
  await again.available();
  await again.event("presence", (event) => event["status"] === "still here");
});

/** The client says that nobody looks at it, and the server has heard it. */
async function turnsAway(peer: SlixmppPeer): Promise<void> {
  assert.equal(await peer.order("client_state", { active: false }), true, "the server offers to listen");
  await peer.order("ping", { jid: "ours.test" });
}

function typing(state: string): string {
  return `<message to='${alice}' type='chat'><${state} xmlns='http://jabber.org/protocol/chatstates'/></message>`;
}

/** The first sees the presence of the second from now on. */
async function befriend(watcher: SlixmppPeer, watched: SlixmppPeer): Promise<void> {
  const [from, to] = await Promise.all([watcher.order("own_jid"), watched.order("own_jid")]);
  const bare = (jid: unknown) => String(jid).replace(/\/.*$/, "");
  for (const peer of [watcher, watched]) await peer.order("roster");
  await watcher.order("presence", { type: "subscribe", to: bare(to) });
  await watched.event("presence", (event) => event["type"] === "subscribe");
  await watched.order("presence", { type: "subscribed", to: bare(from) });
  await watcher.event("presence", (event) => event["type"] === "available" && event["from"] === to);
}
