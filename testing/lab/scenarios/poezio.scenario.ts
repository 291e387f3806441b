import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CutProxy } from "../cut-proxy.ts";
import { LabServer } from "../lab.ts";
import { PoezioPeer } from "../peers/poezio.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";

const [alice, bob] = ["alice@mobile.ours.test", "bob@ours.test"];
const server = await LabServer.start({ name: "poezio", users: [alice, bob] });
const proxy = await CutProxy.atServer();
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test("poezio shows the history of a conversation, is in step with another device, and resumes after a cut", async () => {
  await using phone = await SlixmppPeer.online({ jid: `${alice}/phone` });
  await phone.order("carbons");
  await phone.available();
  await using b = await SlixmppPeer.online({ jid: bob });
  await b.available();
  await b.order("message", { to: alice, body: "from before, by Bob" });
  await phone.event("message", (event) => event["body"] === "from before, by Bob");
  await phone.order("message", { to: bob, body: "from before, by the phone" });
  await b.event("message", (event) => event["body"] === "from before, by the phone");

  await theNextSecond();
  await using poezio = await PoezioPeer.online({ jid: alice });
  await poezio.open(bob, "from poezio");
  await b.event("message", (event) => event["body"] === "from poezio");
  await phone.event("carbon", (event) => event["body"] === "from poezio" && event["direction"] === "sent");
  await poezio.shows(/bob> from before, by Bob[^]*alice> from before, by the phone[^]*alice> from poezio/);

  await b.order("message", { to: alice, body: "to all devices" });
  await poezio.shows(/bob> to all devices/);
  await phone.order("message", { to: bob, body: "from the phone" });
  await poezio.shows(/alice> from the phone/);

  assert.deepEqual(poezio.sessions(), { begun: 1, resumed: 0 });
  proxy.refuse(true);
  proxy.cut();
  await b.order("message", { to: alice, body: "during the cut" });
  await b.order("ping", { jid: "ours.test" });
  proxy.refuse(false);
  await poezio.shows(/bob> during the cut/);
  await poezio.type("after the cut");
  await b.event("message", (event) => event["body"] === "after the cut");
  assert.deepEqual(poezio.sessions(), { begun: 1, resumed: 1 });
  const screen = await poezio.screen();
  for (const body of ["from before, by Bob", "from poezio", "to all devices", "from the phone", "during the cut"])
    assert.equal(screen.split(`> ${body}`).length - 1, 1, `${body} is shown once\n${screen}`);
});

/** poezio asks for what was before the second in which it asks: what came within that second it never shows. */
async function theNextSecond(): Promise<void> {
  await sleep(1_000 - (Date.now() % 1_000));
}
