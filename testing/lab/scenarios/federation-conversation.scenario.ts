import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SlixmppPeer, type PeerEvent } from "../peers/slixmpp.ts";
import { floodOf, RawClient } from "../peers/raw-client.ts";
import { meet } from "../remotes/meeting.ts";
import { remoteSoftwares } from "../remotes/all.ts";

const alice = "alice@ours.test";
const messagesEachWay = 10_000;
const floodMsMax = 300_000;

for (const software of remoteSoftwares)
  suite(software.name, () => {
    test("10,000 messages each way at the same time: each comes once, in order", async () => {
      await using place = await meet(software, { our: "dialback", remote: { verbose: false } });
      // Prosody 0.12 sends what waited for a new stream behind what came when the stream was just there.
      await place.here.order("ping", { jid: place.remote.domain });
      await place.there.order("ping", { jid: "ours.test" });
      using here = await RawClient.online(alice);
      using there = await RawClient.online(place.remote.user("alice"));
      await Promise.all([here.flood(there.jid, messagesEachWay, "out"), there.flood(here.jid, messagesEachWay, "in")]);
      const [out, incoming] = await Promise.all([
        there.heard(messagesEachWay, floodMsMax),
        here.heard(messagesEachWay, floodMsMax),
      ]);
      assert.deepEqual(out, floodOf(messagesEachWay, "out"));
      assert.deepEqual(incoming, floodOf(messagesEachWay, "in"));
    });

    test("contacts: asked for, approved, seen coming, changing and going, from both sides", async () => {
      await using place = await meet(software, { our: "dialback", remote: {} });
      const { here, there, remote } = place;
      const bob = remote.user("bob");
      for (const [one, other, its] of [
        [here, there, { own: alice, contact: bob }],
        [there, here, { own: bob, contact: alice }],
      ] as const) {
        await one.order("presence", { to: its.contact, type: "subscribe" });
        await other.event("presence", (event) => event["type"] === "subscribe" && bareFrom(event) === its.own);
        await other.order("presence", { to: its.own, type: "subscribed" });
        await one.event("presence", (event) => event["type"] === "subscribed" && bareFrom(event) === its.contact);
        // Whoever is let in learns at once that the other is there.
        await one.event("presence", (event) => event["type"] === "available" && bareFrom(event) === its.contact);
      }
      await there.order("presence", { status: "changed" });
      await here.event("presence", (event) => event["status"] === "changed" && bareFrom(event) === bob);
      await there.order("presence", { type: "unavailable" });
      await here.event("presence", (event) => event["type"] === "unavailable" && bareFrom(event) === bob);
      await there.order("presence", { status: "back" });
      await here.event("presence", (event) => event["status"] === "back" && bareFrom(event) === bob);
      {
        // A device of ours that comes later asks for the presence of contacts elsewhere (RFC 6121 §4.3).
        await using later = await SlixmppPeer.online({ jid: `${alice}/later` });
        await later.order("presence");
        await later.event("presence", (event) => event["status"] === "back" && bareFrom(event) === bob);
        await there.event("presence", (event) => event["from"] === `${alice}/later` && event["type"] === "available");
      }
      // Cut off without a goodbye, it is gone for its contacts too.
      await there.event("presence", (event) => event["from"] === `${alice}/later` && event["type"] === "unavailable");
    });

    test("what is asked of the other side: ping, version, features, vCard; and errors come back", async () => {
      await using place = await meet(software, { our: "dialback", remote: {} });
      const { here, there, remote } = place;
      const bob = remote.user("bob");
      assert.equal(await here.order("ping", { jid: remote.domain }), true);
      assert.equal(await there.order("ping", { jid: "ours.test" }), true);
      const ours = await there.order("version", { jid: "ours.test" });
      const theirs = await here.order("version", { jid: remote.domain });
      for (const version of [ours, theirs]) assert.match(JSON.stringify(version), /"name": ?"[^"]+"/u);
      await here.order("vcard_set", { name: "Alice of Ours" });
      assert.equal(await there.order("vcard_get", { jid: alice }), "Alice of Ours");
      await there.order("vcard_set", { name: "Bob of Theirs" });
      assert.equal(await here.order("vcard_get", { jid: bob }), "Bob of Theirs");
      await there.order("message", { to: "nobody@ours.test", body: "anybody there?", id: "m1" });
      const bounce = await there.event("message", (event) => event["type"] === "error" && event["id"] === "m1");
      assert.equal(bounce["error"], "service-unavailable");
    });

    test("messages for who is away wait for them, on both sides", async () => {
      await using place = await meet(software, { our: "dialback", remote: {} });
      const { here, there, remote } = place;
      const bob = remote.user("bob");
      await there.logOut();
      await here.order("message", { to: bob, body: "for later" });
      await here.order("ping", { jid: remote.domain });
      await using bobAgain = await SlixmppPeer.online({ jid: bob });
      await bobAgain.order("presence");
      const kept = await bobAgain.event("message", (event) => event["body"] === "for later");
      assert.notEqual(kept["delayed"], null);
      await here.logOut();
      await bobAgain.order("message", { to: alice, body: "for later too" });
      await bobAgain.order("ping", { jid: "ours.test" });
      await using aliceAgain = await SlixmppPeer.online({ jid: alice });
      await aliceAgain.order("presence");
      const waited = await aliceAgain.event("message", (event) => event["body"] === "for later too");
      assert.notEqual(waited["delayed"], null);
    });
  });

function bareFrom(event: PeerEvent): string {
  return String(event["from"]).replace(/\/.*$/u, "");
}
