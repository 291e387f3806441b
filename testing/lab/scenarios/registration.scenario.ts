import assert from "node:assert/strict";
import { after, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";

const server = await LabServer.start({ name: "registration", users: ["alice@ours.test"] });
after(async () => await server[Symbol.asyncDispose]());

test("where registration is closed, nobody makes an account", async () => {
  await using peer = new SlixmppPeer({ jid: "mallory@ours.test", register: true });
  await peer.connect();
  await peer.event("disconnected");
  assert.deepEqual(peer.seen("registered"), []);
  assert.deepEqual(peer.seen("online"), []);
});

if (target.abilities.openRegistration) {
  test("where registration is open, an account is made, used, given another password, and cancelled", async () => {
    const jid = "erin@open.ours.test";
    await using first = new SlixmppPeer({ jid, register: true });
    await first.connect();
    await first.event("registered");
    await first.event("online");
    await first.order("change_password", { password: "another one" });
    await first[Symbol.asyncDispose]();

    await using old = new SlixmppPeer({ jid });
    await old.connect();
    await old.event("auth-failed");

    await using second = await SlixmppPeer.online({ jid, password: "another one" });
    await second.order("send_iq", { type: "set", xml: '<query xmlns="jabber:iq:register"><remove/></query>' });
    await second.event("disconnected");
    await using third = new SlixmppPeer({ jid, password: "another one" });
    await third.connect();
    await third.event("auth-failed");
  });

  test("a name that is taken is refused with conflict", async () => {
    const jid = "frank@open.ours.test";
    await using first = new SlixmppPeer({ jid, register: true });
    await first.connect();
    await first.event("online");
    await using second = new SlixmppPeer({ jid, register: true, password: "mine now" });
    await second.connect();
    const failed = await second.event("register-failed");
    assert.equal(failed["condition"], "conflict");
  });
}
