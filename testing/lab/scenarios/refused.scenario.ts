import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { LabServer, target, type ServerCertificate } from "../lab.ts";
import { goSendxmpp } from "../peers/go-sendxmpp.ts";
import { startProfanity } from "../peers/profanity.ts";
import { directTls, SlixmppPeer, startTls } from "../peers/slixmpp.ts";
import { directTlsService, startTlsService, XmppJsPeer } from "../peers/xmpp-js.ts";

const alice = "alice@ours.test";
const password = "not her password";

describe("a wrong password is refused", () => {
  let server: LabServer;
  before(async () => {
    server = await LabServer.start({ name: "wrong-password", users: [alice] });
  });
  after(async () => await server[Symbol.asyncDispose]());

  const own = ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"];
  for (const mechanism of own.filter((name) => target.abilities.mechanisms.includes(name))) {
    for (const [who, jid] of [
      ["alice", alice],
      ["a user who does not exist", "nobody@ours.test"],
    ] as const) {
      test(`slixmpp, ${mechanism}, ${who}`, async () => {
        await using peer = new SlixmppPeer({ jid, password, mechanism, channelBinding: false });
        await peer.connect();
        const failure = await peer.event("auth-failed");
        assert.equal(failure["condition"], "not-authorized");
        await peer.event("auth-given-up");
        assert.deepEqual(peer.seen("online"), []);
      });
    }
  }

  for (const mechanism of ["PLAIN", "SCRAM-SHA-1"]) {
    test(`xmpp.js, ${mechanism}`, async () => {
      await using peer = new XmppJsPeer({ jid: alice, password, mechanism });
      await assert.rejects(peer.start(), { name: "SASLError", condition: "not-authorized" });
    });
  }

  test("go-sendxmpp", async () => {
    const { code, output } = await goSendxmpp({ jid: alice, password }, alice, "never sent");
    assert.notEqual(code, 0);
    assert.match(output, /not-authorized|auth failure/i);
  });

  test("profanity", async () => {
    await using peer = await startProfanity({ jid: alice, password });
    await peer.shows(/Login failed/);
  });
});

const bad: readonly { certificate: ServerCertificate; slixmpp: RegExp; node: RegExp; go: RegExp; profanity: RegExp }[] =
  [
    {
      certificate: "unknown-authority",
      slixmpp: /self.signed certificate in certificate chain|unable to get local issuer/,
      node: /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
      go: /certificate signed by unknown authority/,
      profanity: /self.signed certificate in certificate chain|unable to get local issuer/,
    },
    {
      certificate: "wrong-name",
      slixmpp: /Hostname mismatch/,
      node: /ERR_TLS_CERT_ALTNAME_INVALID/,
      go: /certificate is valid for somebody-else\.test/,
      profanity: /hostname mismatch/i,
    },
    {
      certificate: "expired",
      slixmpp: /certificate has expired/,
      node: /CERT_HAS_EXPIRED/,
      go: /certificate has expired/,
      profanity: /certificate has expired/,
    },
  ];

for (const expected of bad) {
  describe(`the client refuses a server certificate: ${expected.certificate}`, () => {
    let server: LabServer;
    before(async () => {
      const { certificate } = expected;
      server = await LabServer.start({ name: certificate, certificate, users: [alice] });
    });
    after(async () => await server[Symbol.asyncDispose]());

    for (const [transport, where] of [
      ["STARTTLS", startTls],
      ["direct TLS", directTls],
    ] as const) {
      test(`slixmpp, ${transport}`, async () => {
        await using peer = new SlixmppPeer({ jid: alice });
        await peer.connect(where);
        const refusal = await peer.event("certificate-refused");
        assert.match(String(refusal["text"]), expected.slixmpp);
        assert.deepEqual(peer.seen("online"), []);
      });
    }

    for (const [transport, service] of [
      ["STARTTLS", startTlsService],
      ["direct TLS", directTlsService],
    ] as const) {
      test(`xmpp.js, ${transport}`, async () => {
        await using peer = new XmppJsPeer({ jid: alice, service });
        await assert.rejects(peer.start(), (error) => {
          assert.ok(error instanceof Error && "code" in error);
          assert.match(String(error.code), expected.node);
          return true;
        });
      });
    }

    for (const direct of [false, true]) {
      test(`go-sendxmpp, ${direct ? "direct TLS" : "STARTTLS"}`, async () => {
        const { code, output } = await goSendxmpp({ jid: alice, directTls: direct }, alice, "never sent");
        assert.notEqual(code, 0);
        assert.match(output, expected.go);
      });
    }

    test("profanity", async () => {
      await using peer = await startProfanity({ jid: alice });
      await peer.shows(expected.profanity);
      assert.doesNotMatch(await peer.screen(), /logged in successfully/);
    });
  });
}
