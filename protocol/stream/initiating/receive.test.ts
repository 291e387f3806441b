import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clientAnswers, julietSasl, julietsClient, tls } from "../testing/client.ts";
import { Wire } from "../testing/wire.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamEnd } from "../stream-end.ts";
import type { InitiatingConfig } from "./config.ts";
import { startInitiating } from "./receive.ts";

const streams = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
const open = `<stream:stream from='im.example' id='1' version='1.0' xml:lang='de' ${streams}>`;
const saslNs = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const tlsNs = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const smNs = "xmlns='urn:xmpp:sm:3'";
const bindNs = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";
const stanzasNs = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const features = (...children: string[]) => `<stream:features>${children.join("")}</stream:features>`;
const mechanisms = (...names: string[]) =>
  `<mechanisms ${saslNs}>${names.map((name) => `<mechanism>${name}</mechanism>`).join("")}</mechanisms>`;
const starttls = `<starttls ${tlsNs}><required/></starttls>`;
const sessionNs = "xmlns='urn:ietf:params:xml:ns:xmpp-session'";
const plain = julietSasl({ only: "PLAIN" });
const secret = btoa("\0juliet\0r0m30");

function connect(changes: Partial<InitiatingConfig> = {}, channel: SecureChannel | undefined = tls): Wire {
  const wire = new Wire(() => startInitiating(julietsClient({ sasl: plain, ...changes }), channel), clientAnswers);
  wire.take();
  return wire;
}

function clear(changes: Partial<InitiatingConfig> = {}): Wire {
  const wire = new Wire(() => startInitiating(julietsClient({ sasl: plain, ...changes })), clientAnswers);
  wire.take();
  return wire;
}

/** Authenticated, and the second header answered. */
function authenticated(changes: Partial<InitiatingConfig> = {}): Wire {
  const wire = connect(changes);
  wire.write(open + features(mechanisms("PLAIN")));
  wire.write(`<success ${saslNs}/>${open}`);
  wire.take();
  return wire;
}

function connected(changes: Partial<InitiatingConfig> = {}): Wire {
  const wire = authenticated(changes);
  wire.write(features(`<bind ${bindNs}/>`, `<sm ${smNs}/>`));
  wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/x</jid></bind></iq>`);
  wire.take();
  return wire;
}

function endOf(wire: Wire): StreamEnd | undefined {
  wire.input({ type: "timeout", timer: "closing" });
  return wire.find("ended")?.end;
}

function failureOf(wire: Wire): string {
  const end = endOf(wire);
  return end?.type === "failed"
    ? end.failure.type
    : end?.type === "errorSent"
      ? end.error.condition
      : String(end?.type);
}

describe("a client's negotiation", () => {
  test("goes step by step, with the first response in the choice of a mechanism [rfc6120-6.4.2-01] [rfc6120-4.3.3-02]", () => {
    const wire = connect({ resource: "x" });
    wire.write(open);
    assert.equal(wire.take(), "");
    wire.write(features(mechanisms("PLAIN")));
    assert.equal(wire.take(), `<auth ${saslNs} mechanism='PLAIN'>${secret}</auth>`);
    wire.write(`<success ${saslNs}/>`);
    assert.match(
      wire.take(),
      /^<\?xml version='1.0'\?><stream:stream from='juliet@im.example' to='im.example' version/,
    );
    wire.write(open + features(`<bind ${bindNs}/>`));
    assert.match(wire.take(), /^<iq type='set' id='bind'><bind [^>]*><resource>x<\/resource><\/bind><\/iq>$/);
    wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
    assert.equal(wire.find("established")?.jid, "juliet@im.example/y");
    assert.equal(wire.find("established")?.language, "de");
    assert.equal(wire.find("stopTimer")?.timer, "negotiation");
  });

  test("skips features that it does not know [rfc3920-4.6-02]", () => {
    const wire = connect();
    const unknown = "<telepathy xmlns='urn:example'><required/></telepathy>";
    wire.write(open + features(unknown, mechanisms("PLAIN"), "<bind xmlns='urn:example'/>"));
    assert.equal(wire.take(), `<auth ${saslNs} mechanism='PLAIN'>${secret}</auth>`);
    wire.write(`<success ${saslNs}/>${open}${features(unknown, `<bind ${bindNs}/>`)}`);
    assert.match(wire.take(), /<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'\/><\/iq>$/);
  });

  test("asks for a session where a server of RFC 3921 wants one [rfc3921-3-05]", () => {
    const wire = authenticated();
    wire.write(features(`<bind ${bindNs}/>`, `<session ${sessionNs}/>`));
    wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
    assert.match(wire.take(), /<session xmlns='urn:ietf:params:xml:ns:xmpp-session'\/><\/iq>$/);
    assert.equal(wire.find("established"), undefined);
    wire.write("<iq type='result' id='session'/>");
    assert.equal(wire.state.phase, "connected");
  });

  test("asks for none where it is optional [rfc3921-3-05]", () => {
    const wire = authenticated();
    wire.write(features(`<bind ${bindNs}/>`, `<session ${sessionNs}><optional/></session>`));
    wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/y</jid></bind></iq>`);
    assert.equal(wire.state.phase, "connected");
  });

  test("A21 what comes in the packet of <proceed/> is thrown away [rfc6120-5.4.3.3-02]", () => {
    const wire = clear();
    wire.write(open + features(starttls));
    assert.equal(wire.take(), `<starttls ${tlsNs}/>`);
    wire.write(`<proceed ${tlsNs}/>${open}${features(mechanisms("PLAIN"))}`);
    assert.equal(wire.take(), "");
    assert.equal(wire.state.phase, "startingTls");
    wire.input({ type: "secured", channel: tls });
    assert.match(wire.take(), /^<\?xml/);
    assert.equal(wire.state.phase, "awaitingHeader");
  });
});

test("A31 a client asks for TLS though the offer was taken away [rfc7590-3.1-01] [rfc7590-3.1-02]", () => {
  const wire = clear();
  wire.write(open + features(mechanisms("PLAIN")));
  assert.equal(wire.take(), `<starttls ${tlsNs}/>`);
  wire.write(`<proceed ${tlsNs}/>`);
  assert.equal(wire.state.phase, "startingTls");
});

describe("a client gives up", () => {
  const table: readonly (readonly [name: string, script: (wire: Wire) => void, failure: string, start?: () => Wire])[] =
    [
      [
        "on a peer that speaks no XMPP 1.0",
        (wire) => wire.write(open.replace(" version='1.0'", "")),
        "unsupported-version",
      ],
      [
        "on another content namespace",
        (wire) => wire.write(open.replace("jabber:client", "jabber:server")),
        "invalid-namespace",
      ],
      ["when something else than features comes", (wire) => wire.write(`${open}<message/>`), "protocol"],
      ["when no mechanism suits", (wire) => wire.write(open + features(mechanisms("X-OTHER"))), "noMechanism"],
      ["when there are no mechanisms at all", (wire) => wire.write(open + features()), "noMechanism"],
      [
        "when TLS is not offered, and refused when asked for [rfc7590-3.1-01]",
        (wire) => wire.write(`${open}${features(mechanisms("PLAIN"))}<failure ${tlsNs}/>`),
        "tlsUnavailable",
        clear,
      ],
      [
        "when TLS is refused",
        (wire) => wire.write(`${open}${features(starttls)}<failure ${tlsNs}/>`),
        "tlsUnavailable",
        clear,
      ],
      [
        "when TLS is wanted and it has none",
        (wire) => wire.write(open + features(starttls)),
        "tlsUnavailable",
        () => clear({ startTls: "none" }),
      ],
      [
        "when SASL is interrupted",
        (wire) => wire.write(`${open}${features(mechanisms("PLAIN"))}<message/>`),
        "protocol",
      ],
      [
        "when the password is wrong",
        (wire) => wire.write(`${open}${features(mechanisms("PLAIN"))}<failure ${saslNs}><not-authorized/></failure>`),
        "authenticationFailed",
      ],
      [
        "on an answer to SASL that is none",
        (wire) => wire.write(`${open}${features(mechanisms("PLAIN"))}<auth ${saslNs}/>`),
        "protocol",
      ],
      [
        "on a challenge that is not base64",
        (wire) => wire.write(`${open}${features(mechanisms("PLAIN"))}<challenge ${saslNs}>?</challenge>`),
        "protocol",
      ],
      ["when binding is not offered", (wire) => wire.write(features()), "protocol", authenticated],
      [
        "when it is bound to no address",
        (wire) => wire.write(`${features(`<bind ${bindNs}/>`)}<iq type='result' id='bind'/>`),
        "protocol",
        authenticated,
      ],
      [
        "when binding is refused",
        (wire) =>
          wire.write(
            `${features(`<bind ${bindNs}/>`)}<iq type='error' id='bind'><error type='cancel'><not-allowed ${stanzasNs}/></error></iq>`,
          ),
        "bindFailed",
        authenticated,
      ],
      [
        "when the server is silent [rfc6120-4.9.3.4-01]",
        (wire) => wire.input({ type: "timeout", timer: "negotiation" }),
        "connection-timeout",
      ],
      ["when the server closes the stream", (wire) => wire.write(`${open}</stream:stream>`), "closed"],
    ];
  for (const [name, script, failure, start = connect] of table) {
    test(name, () => {
      const wire = start();
      script(wire);
      assert.equal(failureOf(wire), failure);
      assert.equal(wire.state.phase, "ended");
    });
  }

  test("A31 when the server cannot prove that it knows the password", () => {
    const wire = connect({ sasl: julietSasl({ only: "SCRAM-SHA-1" }) });
    wire.write(open + features(mechanisms("SCRAM-SHA-1")));
    wire.take();
    wire.write(`<success ${saslNs}>${btoa("v=AAAA")}</success>${open}${features(`<bind ${bindNs}/>`)}`);
    const end = endOf(wire);
    assert(end?.type === "failed");
    assert.equal(end.failure.type, "serverNotAuthentic");
    assert.equal(wire.take().includes("<stream:stream"), false);
  });

  test("an unknown condition of failure is passed on as it is [rfc6120-6.5-04]", () => {
    const wire = connect();
    wire.write(`${open}${features(mechanisms("PLAIN"))}<failure ${saslNs}><tired/><text>later</text></failure>`);
    const end = endOf(wire);
    assert(end?.type === "failed" && end.failure.type === "authenticationFailed");
    assert.deepEqual([end.failure.condition, end.failure.text], ["tired", "later"]);
  });

  test("the server's error tells why [rfc6120-4.9.1.1-02]", () => {
    const wire = connect();
    wire.write(
      `${open}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.example</see-other-host></stream:error></stream:stream>`,
    );
    const end = wire.find("ended")?.end;
    assert(end?.type === "errorReceived");
    assert.equal(end.error.otherHost, "b.example");
  });
});

describe("an established stream of a client", () => {
  test("<r/> and <a/> mean something only after <enabled/>", () => {
    const wire = connected({ sm: { resumable: true } });
    wire.write(`<r ${smNs}/><a ${smNs} h='0'/>`);
    assert.equal(wire.find("ackRequested") ?? wire.find("ackReceived"), undefined);
    wire.write(`<enabled ${smNs} id='s' resume='1' location='[::1]:5222'/><r ${smNs}/><a ${smNs} h='2'/>`);
    assert.equal(wire.find("smEnabled")?.location, "[::1]:5222");
    assert.ok(wire.find("ackRequested"));
    assert.equal(wire.find("ackReceived")?.h, 2);
  });

  for (const [wish, asked] of [
    [{ resumable: true }, `<enable ${smNs} resume='true'/>`],
    [{ resumable: false }, `<enable ${smNs}/>`],
    [{ resumable: true, secondsMax: 60 }, `<enable ${smNs} resume='true' max='60'/>`],
  ] as const)
    test(`asks once, when it is bound and not before: ${asked} [xep0198-3-08] [xep0198-3-09] [xep0198-5-01]`, () => {
      const wire = authenticated({ sm: wish });
      wire.write(features(`<bind ${bindNs}/>`, `<sm ${smNs}/>`));
      assert.ok(!wire.take().includes("<enable"));
      wire.write(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/x</jid></bind></iq>`);
      assert.equal(wire.take(), asked);
    });

  test("both ways to say that it can be resumed are understood [xep0198-3-05] [xep0198-5-02]", () => {
    for (const word of ["true", "1"]) {
      const wire = connected({ sm: { resumable: true } });
      wire.write(`<enabled ${smNs} id='s' resume='${word}'/>`);
      assert.equal(wire.find("smEnabled")?.id, "s");
    }
  });

  test("stream management that fails leaves the stream as it is", () => {
    const wire = connected({ sm: { resumable: true } });
    wire.write(`<failed ${smNs}><unexpected-request ${stanzasNs}/></failed><message/>`);
    assert.equal(wire.find("smFailed")?.condition, "unexpected-request");
    assert.equal(wire.find("stanza")?.element.name, "message");
  });

  test("S7 has the last word before the closing tag", () => {
    const wire = connected();
    wire.write("</stream:stream>");
    assert.ok(wire.find("peerClosed"));
    assert.equal(wire.take(), "");
    wire.input({ type: "close" });
    assert.equal(wire.take(), "</stream:stream>");
    assert.deepEqual(wire.find("ended")?.end, { type: "closed" });
  });

  test("is left to be resumed when the transport goes away", () => {
    const wire = connected();
    wire.input({ type: "disconnected" });
    assert.deepEqual(wire.find("ended")?.end, { type: "disconnected" });
  });
});
