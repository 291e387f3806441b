import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { LabServer, target } from "../lab.ts";
import { GoListener, goSendxmpp } from "../peers/go-sendxmpp.ts";
import { profanityOnline } from "../peers/profanity.ts";
import { directTls, lookedUp, SlixmppPeer, startTls, type SlixmppOptions, type Where } from "../peers/slixmpp.ts";
import { directTlsService, startTlsService, XmppJsPeer } from "../peers/xmpp-js.ts";

const { mechanisms, anonymous } = target.abilities;
const alice = "alice@ours.test";
const zoe = "zoe@ours.test";
const transports = [
  { transport: "STARTTLS", where: startTls, service: startTlsService, direct: false },
  { transport: "direct TLS", where: directTls, service: directTlsService, direct: true },
];

const server = await LabServer.start({
  name: "log-in",
  users: [alice, zoe, "bob@ours.test"],
  digestMd5: true,
  anonymous: true,
});
after(async () => await server[Symbol.asyncDispose]());

describe("slixmpp", () => {
  const own = ["PLAIN", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"];
  for (const mechanism of own.filter((name) => mechanisms.includes(name))) {
    for (const { transport, where } of transports) {
      test(`logs in by ${mechanism} over ${transport}`, async () => {
        await logsIn({ jid: alice, mechanism, channelBinding: false }, where, mechanism);
      });
    }
  }

  // slixmpp binds to tls-unique only, which TLS 1.3 does not have. RFC 9266 §3.
  const binding = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"];
  for (const mechanism of binding.filter((name) => mechanisms.includes(name))) {
    for (const { transport, where } of transports) {
      test(`logs in by ${mechanism} over ${transport}, TLS 1.2`, async () => {
        await logsIn({ jid: alice, mechanism, tlsMax: "TLSv1_2" }, where, mechanism);
      });
    }
  }

  for (const mechanism of own.filter((name) => mechanisms.includes(name))) {
    test(`logs in by ${mechanism} with a password beyond ASCII`, async () => {
      await logsIn({ jid: zoe, mechanism, channelBinding: false }, startTls, mechanism);
    });
  }

  for (const tlsMax of ["TLSv1_2", "TLSv1_3"] as const) {
    test(`logs in, left to itself, over ${tlsMax}`, async () => await logsIn({ jid: alice, tlsMax }, startTls));
  }

  test("finds the server by its SRV record", async () => await logsIn({ jid: alice }, lookedUp));

  if (anonymous) {
    test("logs in by ANONYMOUS and gets a name from the server", async () => {
      await using peer = await SlixmppPeer.online({ jid: "anonymous.ours.test", password: "" });
      assert.match(String(await peer.order("own_jid")), /^[^@/]+@anonymous\.ours\.test\/./);
    });
  }
});

describe("xmpp.js", () => {
  for (const mechanism of ["SCRAM-SHA-1", "PLAIN"].filter((name) => mechanisms.includes(name))) {
    for (const { transport, service } of transports) {
      test(`logs in by ${mechanism} over ${transport}`, async () => {
        await using peer = new XmppJsPeer({ jid: alice, service, mechanism });
        await peer.start();
        assert.match(peer.jid, /^alice@ours\.test\/./);
      });
    }
  }

  test("finds the server by its SRV record", async () => {
    await using peer = new XmppJsPeer({ jid: alice, service: "ours.test" });
    await peer.start();
    assert.match(peer.jid, /^alice@ours\.test\/./);
  });
});

describe("go-sendxmpp", () => {
  for (const { transport, direct } of transports) {
    test(`logs in over ${transport} and sends`, async () => {
      await using bob = await SlixmppPeer.online({ jid: "bob@ours.test" });
      await bob.available();
      const { code, output } = await goSendxmpp({ jid: alice, directTls: direct }, "bob@ours.test", `by ${transport}`);
      assert.equal(code, 0, output);
      const message = await bob.event("message", (event) => event["body"] === `by ${transport}`);
      assert.match(String(message["from"]), /^alice@ours\.test\/./);
    });

    test(`listens over ${transport}`, async () => {
      await using listener = new GoListener({ jid: alice, directTls: direct });
      await using bob = await SlixmppPeer.online({ jid: "bob@ours.test" });
      await bob.order("roster_set", { jid: alice });
      // It is online when a message reaches it; one sent too early is kept for it by the server.
      await bob.order("message", { to: alice, body: `to go by ${transport}` });
      await listener.prints(new RegExp(`bob@ours\\.test.*to go by ${transport}`));
    });
  }

  test("finds the server by its SRV record", async () => {
    const { code, output } = await goSendxmpp({ jid: alice, lookUp: true }, "bob@ours.test", "looked up");
    assert.equal(code, 0, output);
  });
});

describe("profanity", () => {
  for (const { transport, direct } of transports) {
    test(`logs in over ${transport}`, async () => {
      await using peer = await profanityOnline({ jid: alice, directTls: direct });
      await peer.shows(/\[TLS\].*\[online\]/);
    });
  }
});

async function logsIn(options: SlixmppOptions, where: Where, mechanism?: string): Promise<void> {
  await using peer = new SlixmppPeer(options);
  await peer.connect(where);
  const online = await peer.event("online");
  assert.ok(String(online["jid"]).startsWith(`${options.jid}/`));
  if (mechanism !== undefined) assert.equal(online["mechanism"], mechanism);
  if (mechanism !== undefined) assert.deepEqual(peer.seen("auth-failed"), []);
  await peer.logOut();
}
