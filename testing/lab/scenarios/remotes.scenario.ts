import assert from "node:assert/strict";
import { test } from "node:test";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { ejabberd } from "../remotes/ejabberd.ts";
import { jabberd2 } from "../remotes/jabberd2.ts";
import { prosody } from "../remotes/prosody.ts";
import { RemoteServer, type RemoteSoftware } from "../remotes/remote-server.ts";

// The remote servers themselves: what they do among each other is what they can be expected to do with us.
const pairs: readonly (readonly [RemoteSoftware, RemoteSoftware])[] = [
  [prosody, ejabberd],
  [prosody, jabberd2],
  [ejabberd, jabberd2],
];
for (const [one, other] of pairs)
  test(`${one.name} and ${other.name} chat, both ways`, async () => {
    await using first = await RemoteServer.start(one);
    await using second = await RemoteServer.start(other);
    await using alice = await SlixmppPeer.online({ jid: first.user("alice") });
    await using bob = await SlixmppPeer.online({ jid: second.user("bob") });
    // Not every server tells a client of its own presence; what it is asked afterwards it answers afterwards.
    for (const peer of [alice, bob]) {
      await peer.order("presence");
      await peer.order("roster");
    }
    await alice.order("message", { to: second.user("bob"), body: "across" });
    const heard = await bob.event("message", (event) => event["body"] === "across");
    assert.match(String(heard["from"]), /^alice@/u);
    await bob.order("message", { to: first.user("alice"), body: "and back" });
    await alice.event("message", (event) => event["body"] === "and back");
  });
