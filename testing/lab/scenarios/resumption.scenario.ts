import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CutProxy } from "../cut-proxy.ts";
import { LabServer } from "../lab.ts";
import { cutPort } from "../network.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const server = await LabServer.start({ name: "resumption", users: [alice, bob] });
const proxy = await CutProxy.atServer();
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const breaks = [
  { how: "after a reset", begin: () => proxy.cut(), end: () => {} },
  { how: "after a silence that swallowed what was sent", begin: () => proxy.freeze(), end: () => proxy.cut() },
  { how: "which the server believes alive", begin: () => proxy.freeze(), end: () => proxy.cutClients() },
];

for (const { how, begin, end } of breaks) {
  test(`slixmpp resumes a cut stream ${how}: nothing is lost, nothing comes twice`, async () => {
    await using a = await SlixmppPeer.online({ jid: alice, streamManagement: true }, { port: cutPort });
    await a.event("sm-enabled");
    await a.available();
    await using b = await SlixmppPeer.online({ jid: bob });
    const own = await a.order("own_jid");
    await b.order("message", { to: alice, body: "before the cut" });
    await a.event("message", (event) => event["body"] === "before the cut");

    proxy.refuse(true);
    begin();
    for (const body of ["during 1", "during 2"]) await b.order("message", { to: String(own), body });
    await b.order("ping", { jid: "ours.test" });
    end();
    await a.event("disconnected");
    proxy.refuse(false);
    await a.connect({ port: cutPort });
    await a.event("resumed");
    await a.event("message", (event) => event["body"] === "during 1");
    await a.event("message", (event) => event["body"] === "during 2");
    assert.equal(await a.order("own_jid"), own);

    await b.order("message", { to: String(own), body: "after the cut" });
    await a.event("message", (event) => event["body"] === "after the cut");
    await b.available();
    await a.order("message", { to: bob, body: "I am back" });
    await b.event("message", (event) => event["body"] === "I am back");
    await b.order("ping", { jid: "ours.test" }); // so that the server knows that he has taken it
    assert.deepEqual(a.seen("message"), [], "nothing came twice");
  });

  test(`xmpp.js resumes a cut stream ${how}, by itself`, async () => {
    await using a = new XmppJsPeer({ jid: alice, service: `xmpp://ours.test:${cutPort}` });
    await a.start();
    await a.client.send(xml("presence"));
    const own = a.jid;
    await using b = await SlixmppPeer.online({ jid: bob });
    await b.order("message", { to: own, body: "before the cut" });
    await a.message("before the cut");
    assert.ok(a.client.streamManagement.enabled, "the stream is managed");

    const resumed = a.happens(a.client.streamManagement, "resumed");
    proxy.refuse(true);
    begin();
    for (const body of ["during 1", "during 2"]) await b.order("message", { to: own, body });
    await b.order("ping", { jid: "ours.test" });
    end();
    proxy.refuse(false);
    await resumed;
    await a.message("during 1");
    await a.message("during 2");
    assert.equal(a.jid, own);
    await b.order("message", { to: own, body: "after the cut" });
    await a.message("after the cut");
    assert.deepEqual(a.seen.filter((stanza) => stanza.is("message")).map(String), [], "nothing came twice");
  });
}

for (const killed of [false, true])
  test(`slixmpp resumes its session though the server was ${killed ? "killed" : "stopped"} and started anew meanwhile: nothing is lost, nothing comes twice`, async () => {
    await using a = await SlixmppPeer.online({ jid: alice, streamManagement: true }, { port: cutPort });
    await a.event("sm-enabled");
    await a.available();
    const own = String(await a.order("own_jid"));
    await using b = await SlixmppPeer.online({ jid: bob, streamManagement: true });
    await b.event("sm-enabled");
    await b.order("message", { to: alice, body: "before the cut", id: "before" });
    await a.event("message", (event) => event["body"] === "before the cut");
    proxy.refuse(true);
    proxy.cut();
    await a.event("disconnected");
    // What the server has acknowledged is on its disc, and what it wrote before.
    for (const body of ["during 1", "during 2"]) {
      await b.order("message", { to: own, body, id: body });
      await b.order("request_ack");
      await b.event("acked", (event) => event["id"] === body);
    }
    await server.restart({ killed });
    await using again = await SlixmppPeer.online({ jid: bob });
    await again.order("message", { to: own, body: "during 3" });
    await again.order("ping", { jid: "ours.test" });
    proxy.refuse(false);
    await a.connect({ port: cutPort });
    await a.event("resumed");
    for (const body of ["during 1", "during 2", "during 3"])
      await a.event("message", (event) => event["body"] === body);
    assert.equal(await a.order("own_jid"), own);
    await again.order("message", { to: own, body: "after the restart" });
    await a.event("message", (event) => event["body"] === "after the restart");
    assert.deepEqual(a.seen("message"), [], "nothing came twice");
    await a.logOut();
  });

// Not with slixmpp: 1.8 forgets what was not acknowledged at the moment when it asks to resume.
test("xmpp.js sends again what the server had not acknowledged", async () => {
  await using a = new XmppJsPeer({ jid: alice, service: `xmpp://ours.test:${cutPort}` });
  await a.start();
  await using b = await SlixmppPeer.online({ jid: bob });
  await b.available();
  const send = async (body: string) =>
    await a.client.send(xml("message", { to: bob, type: "chat" }, xml("body", {}, body)));
  await send("first");
  await b.event("message", (event) => event["body"] === "first");
  const resumed = a.happens(a.client.streamManagement, "resumed");
  proxy.freeze();
  await send("lost on the way");
  proxy.cut();
  await resumed;
  await b.event("message", (event) => event["body"] === "lost on the way");
  await b.order("ping", { jid: "ours.test" });
  assert.deepEqual(b.seen("message"), [], "nothing came twice");
});

test("a stream that nobody knows is not resumed, and the client goes on with a new one", async () => {
  await using a = await SlixmppPeer.online({ jid: alice, streamManagement: true }, { port: cutPort });
  await a.event("sm-enabled");
  await a.order("forget_stream", { id: "no-such-stream" });
  proxy.cut();
  await a.event("disconnected");
  await a.connect({ port: cutPort });
  const failed = await a.event("sm-failed");
  assert.match(String(failed["xml"]), /item-not-found/);
  await a.event("online");
  await a.event("sm-enabled");
});

test("the server acknowledges what it has handled", async () => {
  await using a = await SlixmppPeer.online({ jid: alice, streamManagement: true });
  await a.event("sm-enabled");
  for (let index = 0; index < 7; index++)
    await a.order("message", { to: bob, body: `counted ${index}`, id: `c${index}` });
  await a.order("request_ack");
  for (let index = 0; index < 7; index++) await a.event("acked", (event) => event["id"] === `c${index}`);
});
