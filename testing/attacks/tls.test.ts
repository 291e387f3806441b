import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { renegotiationError, SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa("\0romeo\0romeo")}</auth>`;
const message = "<message to='romeo@montague.example'><body>injected</body></message>";
const compress = "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>";

let started: StartedServer;
before(async () => {
  started = await startedServer();
});
after(() => started[Symbol.asyncDispose]());

async function opened(): Promise<SocketClient> {
  const client = await SocketClient.tcp(started.port);
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  return client;
}

/** What somebody in the middle adds to the clear part of a stream that the client will protect. */
const injections: readonly {
  readonly name: string;
  readonly before?: string;
  readonly behind?: readonly string[];
  /** What the clear stream says to it. */
  readonly answer?: RegExp;
}[] = [
  { name: "a log-in ahead of the request for TLS", before: auth, answer: /<failure[^>]*><encryption-required\/>/ },
  { name: "a log-in in the packet of the request", behind: [startTls + auth + message] },
  { name: "a log-in in a packet of its own", behind: [startTls, auth + message] },
  { name: "the beginning of an element", behind: [`${startTls}<message to='romeo@montague.example'><body>`] },
  { name: "a whole stream", behind: [`${startTls}<stream:stream to='montague.example' version='1.0'>${auth}`] },
  { name: "a second request", behind: [startTls + startTls] },
];

describe("A21 STARTTLS injection", () => {
  for (const { name, before: ahead, behind = [startTls], answer } of injections)
    test(`A21 ${name} has no effect on what is protected`, async () => {
      using client = await opened();
      if (ahead !== undefined) client.send(ahead);
      if (answer !== undefined) await client.until(answer);
      const [first = "", ...others] = behind;
      client.send(first);
      // Injected ahead of the client's own hello, while the server has said <proceed/> and reads no more.
      for (const packet of others) client.send(packet);
      const [before_] = await client.until(/^.*?<proceed[^>]*>/s);
      assert.doesNotMatch(before_, /<success/);
      let protectedNow = true;
      try {
        await client.startTls("montague.example");
      } catch {
        // What came behind <proceed/> is no TLS: there is no protected stream at all, which is an effect that is none.
        protectedNow = false;
      }
      if (protectedNow) {
        client.open("montague.example");
        const [features] = await client.until(/^.*<\/stream:features>/s);
        assert.match(features, /<mechanisms/);
        // Of binding only what SASL2 announces to everybody.
        assert.doesNotMatch(features, /<success|<bind xmlns='urn:ietf|<failure|<error/);
        client.send("</stream:stream>");
        assert.equal(await client.end(), "</stream:stream>");
      } else assert.equal(others.length, 1, "only what comes after <proceed/> can break the handshake");
      using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
      await romeo.logIn("romeo", "montague.example", "romeo", "here");
      romeo.send("<presence/>");
      await romeo.until(/<presence/);
      assert.doesNotMatch(romeo.pending, /injected/);
    });
});

/** All that would be of use to somebody on a stream that is not protected yet. */
const early: readonly (readonly [what: string, sent: string])[] = [
  ["a log-in", auth],
  [
    "a log-in by SASL2",
    `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${btoa("\0romeo\0romeo")}</initial-response></authenticate>`,
  ],
  [
    "a log-in of old",
    "<iq type='set' id='e'><query xmlns='jabber:iq:auth'><username>romeo</username><password>romeo</password><resource>r</resource></query></iq>",
  ],
  [
    "a registration",
    "<iq type='set' id='e'><query xmlns='jabber:iq:register'><username>tybalt</username><password>a long one</password></query></iq>",
  ],
  ["compression", compress],
  ["a resource", "<iq type='set' id='e'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"],
  ["stream management", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"],
  ["a resumption", "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>"],
  ["a message", message],
];

for (const [what, sent] of early)
  test(`A22 ${what} ahead of the TLS that is required gets nowhere, offered or not`, async () => {
    using client = await opened();
    client.send(`${sent}</stream:stream>`);
    const said = await client.end();
    assert.doesNotMatch(said, /<success|type='result'|<compressed|<enabled|<resumed|<jid>/);
    assert.match(said, /<(?:encryption-required|policy-violation|not-authorized|unsupported|failure|failed|error)/);
  });

test("A14 who asks to negotiate TLS anew is refused, time after time, before and after log-in", async () => {
  for (const loggedIn of [false, true])
    for (let turn = 0; turn < 3; turn += 1) {
      using client = await SocketClient.tls(started.tlsPort, "montague.example", { maxVersion: "TLSv1.2" });
      if (loggedIn) await client.logIn("romeo", "montague.example", "romeo", "here");
      assert.match((await renegotiationError(client.tls)).message, /renegotiation/i);
    }
});

test("A31 no cipher without forward secrecy or with padding to be attacked is spoken, unless it is asked for", async () => {
  const weak = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256";
  const asFar = { maxVersion: "TLSv1.2", ciphers: weak } as const;
  await assert.rejects(SocketClient.tls(started.tlsPort, "montague.example", asFar));
  await using permissive = await startedServer('[tls]\nciphers = "DEFAULT"\n');
  using client = await SocketClient.tls(permissive.tlsPort, "montague.example", asFar);
  assert.match(client.tls.getCipher().name, /SHA/);
});

describe("A9 compression", () => {
  test("A9 no compression of streams is offered, and none is done for who asks nevertheless", async () => {
    for (const loggedIn of [false, true]) {
      using client = await SocketClient.tls(started.tlsPort, "montague.example");
      client.open("montague.example");
      const [features] = await client.until(/<stream:features>.*<\/stream:features>/s);
      assert.doesNotMatch(features, /compress/);
      if (loggedIn) {
        await client.authenticate("romeo", "romeo");
        client.open("montague.example");
        const [more] = await client.until(/<stream:features>.*<\/stream:features>/s);
        assert.doesNotMatch(more, /compress/);
      }
      client.send(compress);
      const [answer] = await client.until(/^.*<\/stream:stream>/s);
      assert.match(answer, /<(?:not-authorized|unsupported-stanza-type|setup-failed|unsupported-method)/);
      assert.doesNotMatch(answer, /<compressed/);
    }
  });
});
