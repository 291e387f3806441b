import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { SlixmppPeer, type PeerEvent } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const carbonsNs = "urn:xmpp:carbons:2";
const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const server = await LabServer.start({ name: "carbons", users: [alice, bob] });
after(async () => await server[Symbol.asyncDispose]());

test("two devices at slixmpp and one at xmpp.js are in step: each shows what the others get and send, once", async () => {
  await using phone = await device("phone");
  await using laptop = await device("laptop");
  await using web = await XmppJsPeer.online({ jid: alice });
  await web.client.send(xml("iq", { type: "set", id: "on" }, xml("enable", { xmlns: carbonsNs })));
  await web.stanza((stanza) => stanza.attrs["id"] === "on" && stanza.attrs["type"] === "result");
  await using b = await SlixmppPeer.online({ jid: bob });
  await b.available();

  await b.order("message", { to: `${alice}/phone`, body: "to the phone" });
  await phone.event("message", (event) => event["body"] === "to the phone");
  const received = await laptop.event("carbon", (event) => event["body"] === "to the phone");
  assert.deepEqual([received["direction"], received["to"]], ["received", `${alice}/phone`]);
  await webCarbon(web, "received", "to the phone");

  await laptop.order("message", { to: bob, body: "from the laptop" });
  await b.event("message", (event) => event["body"] === "from the laptop");
  const sent = await phone.event("carbon", (event) => event["body"] === "from the laptop");
  assert.deepEqual([sent["direction"], sent["from"], sent["to"]], ["sent", `${alice}/laptop`, bob]);
  await webCarbon(web, "sent", "from the laptop");

  await web.client.send(xml("message", { to: bob, type: "chat" }, xml("body", {}, "from the web")));
  for (const peer of [phone, laptop]) await peer.event("carbon", (event) => event["body"] === "from the web");
  for (const peer of [phone, laptop]) {
    await peer.order("ping", { jid: "ours.test" });
    assert.deepEqual(peer.seen("carbon"), [], "no copy came twice");
  }
});

test("a private message, one that asks not to be copied, and a device that has not asked: no copies", async () => {
  await using phone = await device("phone");
  await using laptop = await SlixmppPeer.online({ jid: `${alice}/laptop` });
  await laptop.available();
  await using b = await SlixmppPeer.online({ jid: bob });
  const secret = (hint: string) =>
    `<message to='${alice}/laptop' type='chat'><body>for the laptop only</body>${hint}</message>`;
  await b.order("raw", { xml: secret(`<private xmlns='${carbonsNs}'/>`) });
  await b.order("raw", { xml: secret("<no-copy xmlns='urn:xmpp:hints'/>") });
  await b.order("message", { to: `${alice}/phone`, body: "for the phone" });
  for (let count = 0; count < 2; count += 1)
    await laptop.event("message", (event) => event["body"] === "for the laptop only");
  await phone.event("message", (event) => event["body"] === "for the phone");
  await laptop.order("ping", { jid: "ours.test" });
  await phone.order("ping", { jid: "ours.test" });
  assert.deepEqual([phone.seen("carbon"), carbonsIn(phone)], [[], []]);
  assert.deepEqual([laptop.seen("carbon"), carbonsIn(laptop)], [[], []]);

  await phone.order("carbons", { enable: false });
  await b.order("message", { to: `${alice}/laptop`, body: "not copied any more" });
  await laptop.event("message", (event) => event["body"] === "not copied any more");
  await phone.order("ping", { jid: "ours.test" });
  assert.deepEqual(carbonsIn(phone), []);
});

test("A38 a carbon that somebody else made is none: neither slixmpp nor xmpp.js is shown it", async () => {
  await using phone = await device("phone");
  await using web = await XmppJsPeer.online({ jid: alice });
  await using b = await SlixmppPeer.online({ jid: bob });
  const forged = `<sent xmlns='${carbonsNs}'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'
    from='${alice}/laptop' to='${bob}' type='chat'><body>I owe you everything</body></message></forwarded></sent>`;
  for (const to of [alice, `${alice}/phone`, web.jid])
    await b.order("raw", { xml: `<message to='${to}' type='chat'><body>look</body>${forged}</message>` });
  await b.order("message", { to: `${alice}/phone`, body: "the end" });
  await b.order("message", { to: web.jid, body: "the end" });
  await phone.event("message", (event) => event["body"] === "the end");
  await web.message("the end");
  await phone.event("carbon", (event) => event["body"] === "the end"); // of what went to the web: a true one
  const forgery = (what: unknown) => String(what).includes("I owe you");
  assert.deepEqual(
    phone
      .seen("carbon")
      .map((event) => event["body"])
      .filter(forgery),
    [],
  );
  assert.deepEqual(
    web.seen
      .filter((stanza) => stanza.attrs["from"] === alice)
      .map(String)
      .filter(forgery),
    [],
  );
  // Others leave it to the client to look who says so.
  if (target.name === "balcony") {
    assert.deepEqual(
      phone
        .seen("message")
        .map((event) => event["xml"])
        .filter(forgery),
      [],
    );
    assert.deepEqual(web.seen.map(String).filter(forgery), []);
  }
});

async function device(resource: string): Promise<SlixmppPeer> {
  const peer = await SlixmppPeer.online({ jid: `${alice}/${resource}` });
  await peer.order("carbons");
  await peer.available();
  return peer;
}

/** Messages, of any kind, that say they are copies. */
function carbonsIn(peer: SlixmppPeer): readonly PeerEvent[] {
  return peer.seen("message").filter((event) => /<(sent|received) /.test(String(event["xml"])));
}

async function webCarbon(web: XmppJsPeer, direction: "sent" | "received", body: string): Promise<void> {
  await web.stanza((stanza) => {
    const forwarded = stanza.getChild(direction, carbonsNs)?.getChild("forwarded", "urn:xmpp:forward:0");
    return stanza.attrs["from"] === alice && forwarded?.getChild("message")?.getChildText("body") === body;
  });
}
