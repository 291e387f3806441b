import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientAnswers, julietSasl, julietsClient, tls } from "../testing/client.ts";
import { Wire } from "../testing/wire.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { InitiatingConfig } from "./config.ts";
import { startInitiating } from "./receive.ts";

const streams = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const open = `<stream:stream from='im.example' id='1' version='1.0' xml:lang='de' ${streams}>`;
const saslNs = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const tlsNs = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const bindNs = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";
const features = (...children: string[]) => `<stream:features>${children.join("")}</stream:features>`;
const plainOnly = `<mechanisms ${saslNs}><mechanism>PLAIN</mechanism></mechanisms>`;
const starttls = `<starttls ${tlsNs}/>`;

function start(changes: Partial<InitiatingConfig> = {}, channel?: SecureChannel): Wire {
  const config = julietsClient({ sasl: julietSasl({ only: "PLAIN" }), ...changes });
  return new Wire(() => startInitiating(config, channel), clientAnswers);
}

/** A client over TLS, authenticated, with the second header answered. */
function authenticated(changes: Partial<InitiatingConfig> = {}): Wire {
  const wire = start(changes, tls);
  wire.write(`${open}${features(plainOnly)}<success ${saslNs}/>${open}`);
  wire.take();
  return wire;
}

describe("the header of a client", () => {
  const header = `<?xml version='1.0'?><stream:stream from='juliet@im.example' to='im.example' version='1.0' xml:lang='en' ${streams}>`;

  test("says to whom, in which version and language [rfc6120-4.7.2-01] [rfc6120-4.7.4-02] [rfc6120-4.7.5-04] [rfc6120-4.8.1-01] [rfc6120-12-02]", () => {
    assert.equal(start({}, tls).take(), header);
  });

  test("has no id, and declares the content namespace and no others [rfc6120-4.7.3-03] [rfc6120-4.8.2-01] [rfc6120-4.8.3-05] [rfc6120-4.8.5-06]", () => {
    assert.equal(start({}, tls).take(), header);
  });

  test("comes behind a plain XML declaration [rfc6120-11.5-01] [rfc6120-11.5-02] [rfc6120-11.5-03] [rfc6120-11.6-04]", () => {
    assert.equal(start({}, tls).take(), header);
  });

  test("says nobody's name in the clear [rfc6120-4.7.1-01]", () => {
    assert.equal(start().take(), header.replace(" from='juliet@im.example'", ""));
  });
});

describe("the header of a server", () => {
  for (const [name, header, condition] of [
    ["of XMPP 0.9 [rfc6120-4.7.5-07]", open.replace(" version='1.0'", ""), "unsupported-version"],
    ["of XMPP 0.10 [rfc6120-4.7.5-07]", open.replace("1.0", "0.10"), "unsupported-version"],
    [
      "of another content namespace [rfc6120-4.8.2-02]",
      open.replace("jabber:client", "jabber:server"),
      "invalid-namespace",
    ],
    [
      "in another namespace [rfc6120-4.8.1-02] [rfc6120-4.9-02] [rfc6120-4.9.1.1-01]",
      open.replace("http://etherx.jabber.org/streams", "urn:x"),
      "invalid-namespace",
    ],
    [
      "with another prefix [rfc6120-4.8.5-02]",
      open.replace("<stream:", "<s:").replace("xmlns:stream", "xmlns:s"),
      "bad-namespace-prefix",
    ],
    [
      "with namespaces of stanzas [rfc6120-4.8.5-07]",
      open.replace("xmlns=", "xmlns:x='urn:example' xmlns="),
      "invalid-namespace",
    ],
  ] as const)
    test(`${name} is told so, and the stream closed`, () => {
      const wire = start({}, tls);
      wire.take();
      wire.write(header);
      assert.match(wire.take(), new RegExp(`^<stream:error><${condition} .*</stream:error></stream:stream>$`));
      assert.equal(wire.state.phase, "closing");
    });

  for (const [name, header] of [
    ["of a later minor version [rfc6120-4.7.5-03]", open.replace("1.0", "1.13")],
    ["with zeros before its version [rfc6120-4.7.5-02]", open.replace("1.0", "01.00")],
    ["from nobody [rfc6120-4.7.1-05]", open.replace(" from='im.example'", "")],
    ["to nobody [rfc6120-4.7.2-06]", open],
    [
      "in the style without prefixes [rfc6120-4.8.2-03]",
      "<stream from='im.example' id='1' version='1.0' xmlns='http://etherx.jabber.org/streams'>",
    ],
  ] as const)
    test(`${name} is as good`, () => {
      const wire = start({}, tls);
      wire.write(header);
      assert.equal(wire.state.phase, "awaitingFeatures");
    });

  for (const [tag, language] of [
    ["de-CH", "de-CH"],
    ["not a tag", undefined],
  ] as const)
    test(`its language ${JSON.stringify(tag)} is that of its stanzas: ${language} [rfc6120-4.7.4-01] [rfc6120-8.1.5-04]`, () => {
      const wire = start({}, tls);
      wire.write(
        `${open}${features(plainOnly)}<success ${saslNs}/>${open.replace("'de'", `'${tag}'`)}${features(`<bind ${bindNs}/>`)}`,
      );
      wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
      assert.equal(wire.find("established")?.language, language);
    });
});

describe("TLS for a client", () => {
  test("is taken where it is offered, before authentication [rfc6120-4.3.2-05] [rfc6120-5.2-03] [rfc6120-5.3.4-01] [rfc6120-13.3-01] [rfc6120-13.8.1-02]", () => {
    const wire = start({ startTls: "optional" });
    wire.take();
    wire.write(open + features(plainOnly, starttls));
    assert.equal(wire.take(), starttls);
  });

  for (const [name, offer] of [
    ["said to be required", features(plainOnly, `<starttls ${tlsNs}><required/></starttls>`)],
    ["the only feature", features(starttls)],
  ])
    test(`where it is ${name} there is no way without it [rfc6120-5.3.1-01]`, () => {
      const wire = start({ startTls: "none" });
      wire.take();
      wire.write(open + offer);
      assert.equal(wire.take(), "</stream:stream>");
      wire.write("</stream:stream>");
      assert.deepEqual(wire.find("ended")?.end, { type: "failed", failure: { type: "tlsUnavailable" } });
    });

  test("where it is one feature among others there is a way without it [rfc6120-5.3.1-01]", () => {
    const sasl = julietSasl({ only: "PLAIN", policy: { passwordInClear: true } });
    const wire = start({ startTls: "none", sasl });
    wire.take();
    wire.write(open + features(plainOnly, starttls));
    assert.match(wire.take(), /^<auth /);
  });

  test("begins a new stream, without a closing tag and without what was said before [rfc6120-5.2-01] [rfc6120-5.3.2-01] [rfc6120-5.4.2.3-03] [rfc6120-5.4.3.3-01] [rfc6120-5.4.3.3-04]", () => {
    const wire = start();
    wire.write(`${open}${features(starttls)}`);
    wire.take();
    wire.write(`<proceed ${tlsNs}/>`);
    assert.equal(wire.find("startTls")?.type, "startTls");
    assert.equal(wire.take(), "");
    wire.input({ type: "secured", channel: tls });
    assert.match(wire.take(), /^<\?xml version='1.0'\?><stream:stream from='juliet@im.example' [^<]*$/);
  });

  test("is silent while it is negotiated [rfc6120-5.4.3.1-02]", () => {
    for (const input of [
      { type: "close" },
      { type: "closed" },
      { type: "timeout", timer: "negotiation" },
      { type: "fault", fault: { condition: "not-well-formed", text: "" } },
    ] as const) {
      const wire = start();
      wire.write(`${open}${features(starttls)}<proceed ${tlsNs}/>`);
      wire.take();
      wire.input(input);
      assert.equal(wire.take(), "");
      assert.equal(wire.state.phase, "ended");
    }
  });
});

describe("SASL for a client", () => {
  test("begins a new stream, without a closing tag [rfc6120-4.3.3-01] [rfc6120-6.3.2-01] [rfc6120-6.4.6-04]", () => {
    const wire = start({}, tls);
    wire.write(open + features(plainOnly));
    wire.take();
    wire.write(`<success ${saslNs}/>`);
    assert.match(wire.take(), /^<\?xml version='1.0'\?><stream:stream from='juliet@im.example' [^<]*$/);
    assert.equal(wire.state.phase, "awaitingHeader");
  });

  test("carries the first response, and the others, and an abort where it comes to that [rfc6120-6.3.10-01] [rfc6120-6.4.2-01] [rfc6120-6.4.3-02]", () => {
    const wire = start({ sasl: julietSasl({ only: "SCRAM-SHA-1" }) }, tls);
    wire.take();
    wire.write(`${open}${features(plainOnly.replace("PLAIN", "SCRAM-SHA-1"))}`);
    const [, first = ""] = /^<auth [^>]*mechanism='SCRAM-SHA-1'>(.+)<\/auth>$/.exec(wire.take()) ?? [];
    const nonce = /r=(.*)$/.exec(atob(first))?.[1] ?? "";
    assert.notEqual(nonce, "");
    const challenge = btoa(`r=${nonce}abc,s=${btoa("salt")},i=4096`);
    wire.write(`<challenge ${saslNs}>${challenge}</challenge>`);
    assert.match(wire.take(), /^<response [^>]*>[A-Za-z0-9+/]+=*<\/response>$/);
  });
});

test("a client that is told of an error closes its stream [rfc6120-4.9.1.1-02]", () => {
  const wire = start({}, tls);
  wire.take();
  wire.write(`${open}<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`);
  assert.equal(wire.take(), "</stream:stream>");
  const end = wire.find("ended")?.end;
  assert.equal(end?.type === "errorReceived" && end.error.condition, "conflict");
});

describe("an address for a client", () => {
  test("comes from binding, and the server's word counts [rfc6120-4.3.2-03] [rfc6120-4.3.5-02] [rfc6120-4.3.6-05] [rfc6120-7.4-03] [rfc6120-7.7-01]", () => {
    const wire = authenticated({ resource: "x" });
    wire.write(features(`<bind ${bindNs}/>`));
    assert.equal(wire.take(), `<iq type='set' id='bind'><bind ${bindNs}><resource>x</resource></bind></iq>`);
    assert.equal(wire.find("established"), undefined);
    wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
    assert.equal(wire.find("established")?.jid, "juliet@im.example/y");
  });

  test("is asked for in jabber:client [rfc6120-4.8.3-06]", () => {
    const wire = authenticated();
    wire.write(features(`<bind ${bindNs}/>`));
    assert.equal(wire.take(), `<iq type='set' id='bind'><bind ${bindNs}/></iq>`);
  });

  for (const [name, jid] of [
    ["none", ""],
    ["a bare one", "juliet@im.example"],
    ["what is none", "@"],
  ])
    test(`is a full JID: ${name} will not do [rfc6120-7.1-02]`, () => {
      const wire = authenticated();
      wire.write(features(`<bind ${bindNs}/>`));
      wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>${jid}</jid></bind></iq></stream:stream>`);
      assert.equal(wire.find("established"), undefined);
      assert.equal(wire.find("ended")?.end.type, "failed");
    });

  test("is needed: a server that offers none is left [rfc6120-7.1-01] [rfc6120-7.3.1-01]", () => {
    const wire = authenticated();
    wire.write(features());
    assert.equal(wire.take(), "</stream:stream>");
    wire.write("</stream:stream>");
    assert.equal(wire.find("ended")?.end.type, "failed");
  });

  test("does not begin another stream [rfc6120-7.3.2-01]", () => {
    const wire = authenticated();
    wire.write(features(`<bind ${bindNs}/>`));
    wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
    assert.doesNotMatch(wire.take(), /<stream:stream/);
    const header = wire.effects.find((effect) => effect.type === "sendHeader");
    assert.ok(header !== undefined);
    wire.input({ type: "closed" });
    assert.equal(wire.state.phase, "closingConnected");
  });
});
