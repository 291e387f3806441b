import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer } from "../lab.ts";
import { SlixmppPeer, type PeerEvent } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const rosterNs = "jabber:iq:roster";
const users = ["alice", "bob", "carol", "dave"].map((name) => `${name}@ours.test`);
const server = await LabServer.start({ name: "contacts", users });
after(async () => await server[Symbol.asyncDispose]());

test("slixmpp: a contact is added, subscribes both ways, is seen coming and going, and is removed", async () => {
  const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
  await using a = await SlixmppPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  await a.available("at the balcony");
  await b.available("in the garden");
  // Only who has asked for the roster is told of its changes. RFC 6121 §2.1.6.
  for (const peer of [a, b]) assert.deepEqual(await peer.order("roster"), {});

  await a.order("roster_set", { jid: bob, name: "Bob", groups: ["Friends", "Neighbours"] });
  const added = await a.event("roster", (event) => event["push"] === true && event["jid"] === bob);
  assert.deepEqual([added["name"], added["subscription"]], ["Bob", "none"]);

  await a.order("presence", { type: "subscribe", to: bob });
  const pending = await a.event("roster", (event) => event["ask"] === "subscribe");
  assert.equal(pending["jid"], bob);
  const request = await b.event("presence", (event) => event["type"] === "subscribe");
  assert.equal(request["from"], alice, "a subscription request comes from the bare address");

  await b.order("presence", { type: "subscribed", to: alice });
  await a.event("roster", (event) => event["jid"] === bob && event["subscription"] === "to");
  await b.event("roster", (event) => event["jid"] === alice && event["subscription"] === "from");
  await a.event("presence", (event) => comes(event, bob) && event["status"] === "in the garden");

  await b.order("presence", { type: "subscribe", to: alice });
  await a.event("presence", (event) => event["type"] === "subscribe" && event["from"] === bob);
  await a.order("presence", { type: "subscribed", to: bob });
  await a.event("roster", (event) => event["jid"] === bob && event["subscription"] === "both");
  await b.event("roster", (event) => event["jid"] === alice && event["subscription"] === "both");
  await b.event("presence", (event) => comes(event, alice) && event["status"] === "at the balcony");

  await b.available("back in a minute");
  await a.event("presence", (event) => comes(event, bob) && event["status"] === "back in a minute");
  const expected = { name: "Bob", subscription: "both", ask: "", groups: ["Friends", "Neighbours"] };
  assert.deepEqual(await a.order("roster"), { [bob]: expected });

  await b.logOut();
  await a.event("presence", (event) => event["type"] === "unavailable" && from(event, bob));
  await using again = await SlixmppPeer.online({ jid: bob });
  await again.order("roster");
  await again.available("again");
  await a.event("presence", (event) => comes(event, bob) && event["status"] === "again");
  await again.event("presence", (event) => comes(event, alice)); // the server probed for him

  await a.order("roster_set", { jid: bob, subscription: "remove" });
  await a.event("roster", (event) => event["jid"] === bob && event["subscription"] === "remove");
  await again.event("roster", (event) => event["jid"] === alice && event["subscription"] === "none");
  await again.event("presence", (event) => event["type"] === "unavailable" && from(event, alice));
  assert.deepEqual(await a.order("roster"), {});
});

test("slixmpp and xmpp.js: a refused request leaves nobody subscribed", async () => {
  await using a = await SlixmppPeer.online({ jid: "alice@ours.test" });
  await using c = await XmppJsPeer.online({ jid: "carol@ours.test" });
  await a.order("roster");
  await a.available();
  await a.order("presence", { type: "subscribe", to: "carol@ours.test" });
  const request = await c.stanza((stanza) => stanza.is("presence") && stanza.attrs["type"] === "subscribe");
  assert.equal(request.attrs["from"], "alice@ours.test");
  await c.client.send(xml("presence", { to: "alice@ours.test", type: "unsubscribed" }));
  await a.event("presence", (event) => event["type"] === "unsubscribed" && event["from"] === "carol@ours.test");
  const roster = await a.order("roster");
  assert.deepEqual(roster, { "carol@ours.test": { name: "", subscription: "none", ask: "", groups: [] } });
});

test("xmpp.js: a request that came while nobody was there is found at log-in", async () => {
  await using c = await XmppJsPeer.online({ jid: "carol@ours.test" });
  await c.client.send(xml("presence", { to: "dave@ours.test", type: "subscribe" }, xml("status", {}, "It is Carol.")));
  await using d = await XmppJsPeer.online({ jid: "dave@ours.test" });
  const request = await d.stanza((stanza) => stanza.is("presence") && stanza.attrs["type"] === "subscribe");
  assert.equal(request.attrs["from"], "carol@ours.test");
  assert.equal(request.getChildText("status"), "It is Carol.", "the request was kept whole");
  await d.client.send(xml("presence", { to: "carol@ours.test", type: "subscribed" }));
  await c.stanza(
    (stanza) => stanza.is("presence") && stanza.attrs["type"] === undefined && fromDave(stanza.attrs["from"]),
  );
  const reply = await c.client.iqCaller.request(xml("iq", { type: "get" }, xml("query", { xmlns: rosterNs })));
  const items = reply.getChild("query", rosterNs)?.getChildren("item") ?? [];
  assert.deepEqual(
    items.map((item) => [item.attrs["jid"], item.attrs["subscription"]]),
    [["dave@ours.test", "to"]],
  );
});

function fromDave(jid: string | undefined): boolean {
  return jid?.startsWith("dave@ours.test/") === true;
}

function comes(event: PeerEvent, bareJid: string): boolean {
  return event["type"] === "available" && from(event, bareJid);
}

function from(event: PeerEvent, bareJid: string): boolean {
  return String(event["from"]).startsWith(`${bareJid}/`);
}
