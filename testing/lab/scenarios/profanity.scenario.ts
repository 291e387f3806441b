import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer } from "../lab.ts";
import { ProfanityPeer } from "../peers/profanity.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const server = await LabServer.start({ name: "profanity", users: [alice, bob] });
after(async () => await server[Symbol.asyncDispose]());

test("two people at their profanity add each other, see each other's presence, and chat", async () => {
  await using a = await ProfanityPeer.online({ jid: alice });
  await using b = await ProfanityPeer.online({ jid: bob });

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
  await using p = await ProfanityPeer.online({ jid: alice });
  await using s = await SlixmppPeer.online({ jid: bob });
  await s.available();
  await p.type(`/msg ${bob} from the console`);
  const message = await s.event("message", (event) => event["body"] === "from the console");
  assert.equal(message["from"], `${alice}/profanity`);
  await s.order("message", { to: alice, body: "from the script" });
  await p.shows(/from the script/);
});
