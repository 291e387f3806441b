import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CutProxy } from "../cut-proxy.ts";
import { LabServer } from "../lab.ts";
import { cutPort } from "../network.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { StanzaPeer } from "../peers/stanza.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const server = await LabServer.start({ name: "stanza", users: [alice, bob] });
const proxy = await CutProxy.atServer(5223);
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("stanza chats, pages through its history, and is in step with slixmpp", async () => {
  await using a = await StanzaPeer.online({ jid: `${alice}/web` });
  await using phone = await SlixmppPeer.online({ jid: `${alice}/phone` });
  await phone.order("carbons");
  await phone.available();
  await using b = await SlixmppPeer.online({ jid: bob });
  await b.available();
  a.client.sendMessage({ to: bob, type: "chat", body: "from the web 🌿" });
  await b.event("message", (event) => event["body"] === "from the web 🌿");
  await phone.event("carbon", (event) => event["body"] === "from the web 🌿");
  await phone.order("message", { to: bob, body: "from the phone" });
  await a.event("carbon:sent", "from the phone");
  await b.order("message", { to: `${alice}/phone`, body: "to the phone" });
  await a.event("carbon:received", "to the phone");

  const bodies: (string | undefined)[] = [];
  for (let last: string | undefined, complete = false; !complete;) {
    const page = await a.client.searchHistory({
      with: bob,
      paging: { max: 2, ...(last !== undefined && { after: last }) },
    });
    for (const { item } of page.results ?? []) bodies.push(item.message?.body);
    [last, complete] = [page.paging?.last, page.complete === true];
    assert.ok(bodies.length <= 3, "the pages come to an end");
  }
  assert.deepEqual(bodies, ["from the web 🌿", "from the phone", "to the phone"]);
});

test("stanza resumes its stream after a cut, and what was sent meanwhile arrives once", async () => {
  await using a = await StanzaPeer.online({ jid: `${alice}/web`, port: cutPort });
  const { jid } = a.client;
  await using b = await SlixmppPeer.online({ jid: bob });
  proxy.refuse(true);
  proxy.cut();
  await a.event("disconnected");
  for (const body of ["during 1", "during 2"]) await b.order("message", { to: jid, body });
  await b.order("ping", { jid: "ours.test" });
  proxy.refuse(false);
  a.client.connect();
  await a.event("stream:management:resumed");
  await a.event("message", "during 1");
  await a.event("message", "during 2");
  await b.order("message", { to: jid, body: "after the cut" });
  await a.event("message", "after the cut");
  assert.deepEqual(a.seen("message"), [], "nothing came twice");
  assert.equal(a.client.jid, jid);
});
