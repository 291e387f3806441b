import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { aliceCertificate, LabServer, target } from "../lab.ts";
import { directTls, SlixmppPeer, startTls } from "../peers/slixmpp.ts";

const alice = "alice@ours.test";

describe("EXTERNAL", () => {
  if (!target.abilities.mechanisms.includes("EXTERNAL")) return;
  let server: LabServer;
  before(async () => {
    server = await LabServer.start({ name: "external", users: [alice, "bob@ours.test"], external: true });
  });
  after(async () => await server[Symbol.asyncDispose]());

  for (const [transport, where] of [
    ["STARTTLS", startTls],
    ["direct TLS", directTls],
  ] as const) {
    test(`slixmpp logs in by its certificate over ${transport}`, async () => {
      const { certificate, key } = aliceCertificate;
      await using peer = await SlixmppPeer.online({ jid: alice, mechanism: "EXTERNAL", certificate, key }, where);
      assert.match(String(await peer.order("own_jid")), /^alice@ours\.test\/./);
    });
  }

  test("without a name of its own choice, the client becomes who the certificate names", async () => {
    await using peer = await SlixmppPeer.online({ jid: "ours.test", mechanism: "EXTERNAL", ...aliceCertificate });
    assert.match(String(await peer.order("own_jid")), /^alice@ours\.test\/./);
  });

  test("alice's certificate does not log bob in", async () => {
    const { certificate, key } = aliceCertificate;
    const bob = "bob@ours.test";
    await using peer = new SlixmppPeer({ jid: bob, authzid: bob, mechanism: "EXTERNAL", certificate, key });
    await peer.connect();
    await peer.event("auth-failed");
    await peer.event("disconnected");
    assert.deepEqual(peer.seen("online"), []);
  });
});
