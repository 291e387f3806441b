import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tls } from "../testing/client.ts";
import { hostOf } from "../testing/server.ts";
import {
  open,
  head,
  saslNs,
  tlsNs,
  mechanisms,
  starttlsOnly,
  tlsFeatures,
  plain,
  failure,
  bind,
  error,
  type Setting,
  serve,
  runTable,
} from "../testing/transcript.ts";

const challenge =
  'realm="im.example",nonce="000102030405060708090a0b0c0d0e0f",qop="auth",charset=utf-8,algorithm=md5-sess';

describe("STARTTLS", () => {
  const clear: Setting = { channel: undefined, host: { startTls: "required" } };
  runTable(
    [
      {
        name: "A22 while TLS is required it is the only feature, and says so [rfc6120-5.2-02] [rfc6120-5.3.1-01] [rfc6120-5.3.1-02] [rfc6120-5.4.1-03] [rfc6120-5.4.1-04]",
        setting: clear,
        script: [[open, head(1) + starttlsOnly]],
      },
      {
        name: "A22 SASL before the required TLS is refused [rfc6120-13.3-01] [rfc3920-4.6-03]",
        setting: clear,
        script: [
          [open, head(1) + starttlsOnly],
          [plain, failure("encryption-required")],
        ],
      },
      {
        name: "A22 compression before the required TLS is refused",
        setting: clear,
        script: [
          [open, head(1) + starttlsOnly],
          [
            "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
            error("unsupported-stanza-type"),
          ],
        ],
      },
      {
        name: "A22 registration before the required TLS is refused",
        setting: clear,
        script: [
          [open, head(1) + starttlsOnly],
          ["<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>", error("not-authorized")],
        ],
      },
      {
        name: "A22 a resource before the required TLS is refused",
        setting: clear,
        script: [
          [open, head(1) + starttlsOnly],
          [bind(), error("not-authorized")],
        ],
      },
      {
        name: "TLS that nobody offered is refused, and the stream closed [rfc6120-5.4.2.1-01] [rfc6120-5.4.2.2-01]",
        script: [
          [open, head(1) + tlsFeatures],
          [`<starttls ${tlsNs}/>`, `<failure ${tlsNs}/></stream:stream>`],
        ],
        phase: "ended",
      },
      {
        name: "TLS comes before SASL or not at all [rfc6120-5.3.4-01]",
        setting: { channel: undefined },
        script: [
          [
            `${open}<auth ${saslNs} mechanism='DIGEST-MD5'/>`,
            `${head(1)}<stream:features><starttls ${tlsNs}/>${mechanisms("DIGEST-MD5", "ANONYMOUS")}</stream:features><challenge ${saslNs}>${btoa(challenge)}</challenge>`,
          ],
          [`<starttls ${tlsNs}/>`, `<failure ${tlsNs}/></stream:stream>`],
        ],
        phase: "ended",
      },
      {
        name: "TLS that is not required is offered all the same, beside SASL [rfc3920-6.1-03] [rfc6120-5.2-02] [rfc6120-5.4.1-03]",
        setting: { channel: undefined },
        script: [
          [
            open,
            `${head(1)}<stream:features><starttls ${tlsNs}/>${mechanisms("DIGEST-MD5", "ANONYMOUS")}</stream:features>`,
          ],
          [`<starttls ${tlsNs}/>`, `<proceed ${tlsNs}/>`],
        ],
        phase: "securing",
      },
      {
        name: "mechanisms that show the password wait for TLS [rfc6120-6.3.4-01] [rfc6120-13.8.3-04]",
        setting: { channel: undefined },
        script: [
          [
            open,
            `${head(1)}<stream:features><starttls ${tlsNs}/>${mechanisms("DIGEST-MD5", "ANONYMOUS")}</stream:features>`,
          ],
          [plain, failure("encryption-required")],
        ],
      },
    ],
    serve,
  );

  for (const [name, injected] of [
    ["an element", plain],
    ["a whole session", `${open}${plain}${open}${bind()}`],
    ["half an element", "<auth xmlns='urn:ietf"],
    ["white space", "\n"],
  ] as const) {
    test(`A21 ${name} in the packet of <starttls/> is thrown away [rfc6120-5.2-01] [rfc6120-5.3.2-01] [rfc6120-5.4.2.3-01] [rfc6120-5.4.2.3-02] [rfc6120-5.4.3.3-05]`, () => {
      const wire = serve(clear);
      wire.write(open);
      wire.take();
      wire.write(`<starttls ${tlsNs}/>${injected}`);
      assert.equal(wire.take(), `<proceed ${tlsNs}/>`);
      assert.deepEqual(
        wire.effects.slice(-3).map((effect) => effect.type),
        ["send", "restartInput", "startTls"],
      );
      wire.input({ type: "secured", channel: tls });
      assert.equal(wire.take(), "");
      wire.write(open);
      assert.equal(wire.take(), head(2) + tlsFeatures);
    });
  }

  test("what the header said in the clear is forgotten under TLS [rfc6120-5.4.3.3-03]", () => {
    const wire = serve(clear);
    wire.write(open.replace("to=", "from='romeo@im.example' xml:lang='fr' to="));
    wire.write(`<starttls ${tlsNs}/>`);
    wire.input({ type: "secured", channel: tls });
    wire.take();
    wire.write(open + plain + open + bind());
    assert.equal(wire.find("established")?.jid, "juliet@im.example/generated");
    assert.equal(wire.find("established")?.language, undefined);
  });

  test("a failed handshake ends without a word [rfc6120-5.4.3.1-02] [rfc6120-5.4.3.2-02]", () => {
    for (const input of [
      { type: "disconnected" },
      { type: "closed" },
      { type: "close" },
      { type: "timeout", timer: "negotiation" },
      { type: "fault", fault: { condition: "not-well-formed", text: "" } },
    ] as const) {
      const wire = serve(clear);
      wire.write(open);
      wire.write(`<starttls ${tlsNs}/>`);
      wire.take();
      wire.input(input);
      assert.equal(wire.take(), "");
      assert.equal(wire.state.phase, "ended");
    }
  });

  test("A25 the host cannot change across STARTTLS", () => {
    const hosts = [hostOf("im.example", clear.host), hostOf("verona.example")];
    const wire = serve({
      channel: undefined,
      server: {
        host: (name) => {
          const host = hosts.find((served) => served.domain === name);
          return host === undefined ? { type: "unknown" } : { type: "served", host };
        },
      },
    });
    wire.write(open);
    wire.write(`<starttls ${tlsNs}/>`);
    wire.input({ type: "secured", channel: tls });
    wire.take();
    wire.write(open.replace("im.example", "verona.example"));
    assert.equal(wire.take(), head(2) + error("not-authorized", "the domain of a stream cannot change"));
  });
});
