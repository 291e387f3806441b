import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer } from "../lab.ts";
import { profanityOnline } from "../peers/profanity.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const server = await LabServer.start({
  name: "profanity",
  users: ["alice", "bob", "carol", "dave"].map((name) => `${name}@ours.test`),
});
after(async () => await server[Symbol.asyncDispose]());

test("two people at their profanity add each other, see each other's presence, and chat", async () => {
  await using a = await profanityOnline({ jid: alice });
  await using b = await profanityOnline({ jid: bob });

  await a.type(`/roster add ${bob} Bobby`);
  await a.shows(/Roster item added: bob@ours\.test \(Bobby\)/);
  await a.type(`/sub request ${bob}`);
  await b.shows(/Received authorization request from alice@ours\.test/);
  await b.type(`/sub allow ${alice}`);
  await b.type(`/roster add ${alice}`);
  await b.type(`/sub request ${alice}`);
  await a.shows(/Received authorization request from bob@ours\.test/);
  await a.type(`/sub allow ${bob}`);
  await a.shows(/Bobby.*online/i);

  await b.type('/status set away "climbing the ivy"');
  await a.shows(/Bobby[^\n]*is away[^\n]*climbing the ivy/);

  await a.type(`/msg ${bob} wherefore art thou?`);
  await b.shows(/<< chat message: alice@ours\.test\/profanity \(win 2\)/);
  await b.type("/win 2");
  await b.shows(/alice@ours\.test.*wherefore art thou\?/);
  await b.type("call me but love ♥");
  await a.shows(/call me but love ♥/);
});

test("profanity and slixmpp chat", async () => {
  await using p = await profanityOnline({ jid: alice });
  await using s = await SlixmppPeer.online({ jid: bob });
  await s.available();
  await p.type(`/msg ${bob} from the console`);
  const message = await s.event("message", (event) => event["body"] === "from the console");
  assert.equal(message["from"], `${alice}/profanity`);
  await s.order("message", { to: alice, body: "from the script" });
  await p.shows(/from the script/);
});

// Not the history: profanity 0.13 looks for an archive at the server instead of at the account, and reads none.
test("profanity is in step with another device of its user, and shows nothing twice", async () => {
  const [carol, dave] = ["carol@ours.test", "dave@ours.test"];
  await using phone = await SlixmppPeer.online({ jid: `${carol}/phone` });
  await phone.order("carbons");
  await phone.available();
  await using d = await SlixmppPeer.online({ jid: dave });
  await d.available();
  await using p = await profanityOnline({ jid: carol });
  await p.type("/carbons on");
  await p.type(`/msg ${dave} from profanity`);
  await d.event("message", (event) => event["body"] === "from profanity");
  await phone.event("carbon", (event) => event["body"] === "from profanity" && event["direction"] === "sent");
  const bodies = ["to all devices", "to the phone", "from the phone"];
  await d.order("message", { to: carol, body: "to all devices" });
  await p.shows(/dave@ours\.test\S*: to all devices/);
  await d.order("message", { to: `${carol}/phone`, body: "to the phone" });
  await p.shows(/dave@ours\.test\S*: to the phone/);
  await phone.order("message", { to: dave, body: "from the phone" });
  await p.shows(/me: from the phone/);
  const screen = await p.screen();
  for (const body of [...bodies, "from profanity"])
    assert.equal(screen.split(`: ${body}`).length - 1, 1, `${body}\n${screen}`);
});

// It has no stream management: 0.13 was built before its library had it.
test("profanity comes back by itself when the server was started anew, and shows what was kept meanwhile, once", async () => {
  await using p = await profanityOnline({ jid: alice });
  await p.type("/reconnect 2");
  await p.shows(/Reconnect interval set to 2 seconds/);
  await server.restart();
  await using s = await SlixmppPeer.online({ jid: bob });
  await s.order("message", { to: alice, body: "since the restart" });
  await p.shows(/<< chat message: Bobby/);
  await p.type("/win 2");
  await p.shows(/: since the restart/);
  await s.order("message", { to: alice, body: "and later" });
  await p.shows(/: and later/);
  const screen = await p.screen();
  assert.equal(screen.split(": since the restart").length - 1, 1, screen);
});
