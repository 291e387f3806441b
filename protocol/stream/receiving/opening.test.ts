import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  streams,
  open,
  head,
  starttlsOnly,
  tlsFeatures,
  error,
  serve,
  type Exchange,
  runTable,
} from "../testing/transcript.ts";

describe("stream headers", () => {
  const answered = (header: string, condition: string, text?: string, ours = head(1)): Exchange["script"] => [
    [header, ours + error(condition, text)],
  ];
  runTable(
    [
      {
        name: "a header is answered with ours: our name, a new id, our language, our namespaces [rfc6120-4.1-01] [rfc6120-4.7.1-03] [rfc6120-4.7.3-04] [rfc6120-4.7.4-03] [rfc6120-4.8.2-01]",
        script: [[open, head(1) + tlsFeatures]],
      },
      {
        name: "features follow, on the same connection, with STARTTLS gone under TLS [rfc6120-4.3.2-01] [rfc6120-4.5-01] [rfc6120-5.4.1-01] [rfc6120-5.4.1-02] [rfc6120-5.4.3.3-06]",
        script: [[open, head(1) + tlsFeatures]],
      },
      {
        name: "the features offer SASL, and no binding yet [rfc6120-6.4.1-01] [rfc6120-6.4.1-02] [rfc6120-6.4.1-03] [rfc6120-6.4.1-04] [rfc6120-7.4-02]",
        script: [[open, head(1) + tlsFeatures]],
      },
      {
        name: "a header from nobody is as good, and its answer is to nobody [rfc6120-4.7.1-05] [rfc6120-4.7.2-03]",
        script: [[open, head(1) + tlsFeatures]],
      },
      {
        name: "between servers the answer is to the domain that the header is from [rfc6120-4.7.2-04]",
        setting: { server: { contentNamespace: "jabber:server" } },
        script: [
          [
            open.replace("to=", "from='verona.example' to=").replace("jabber:client", "jabber:server"),
            head(1, " to='verona.example'").replace("jabber:client", "jabber:server") + tlsFeatures,
          ],
        ],
      },
      {
        name: "the answer is addressed to the bare JID of who said who they are [rfc6120-4.7.2-02]",
        script: [
          [
            `<stream:stream from='Juliet@im.example/x' to='im.example' version='1.0' ${streams}>`,
            head(1, " to='juliet@im.example'") + tlsFeatures,
          ],
        ],
      },
      {
        name: "the id of an initial header is ignored [rfc6120-4.7.3-03]",
        script: [[`<stream:stream id='mine' to='im.example' version='1.0' ${streams}>`, head(1) + tlsFeatures]],
      },
      {
        name: "the style without prefixes is as good [rfc6120-4.8.2-03]",
        script: [
          [`<stream to='im.example' version='1.0' xmlns='http://etherx.jabber.org/streams'>`, head(1) + tlsFeatures],
        ],
      },
      {
        name: "a language that we speak is answered in it [rfc6120-4.7.4-05]",
        script: [
          [
            `<stream:stream to='im.example' version='1.0' xml:lang='de-CH' ${streams}>`,
            head(1).replace("'en'", "'de'") + tlsFeatures,
          ],
        ],
      },
      {
        name: "a language that we do not speak is answered in ours [rfc6120-4.7.4-06] [rfc3920-4.4-10]",
        script: [[`<stream:stream to='im.example' version='1.0' xml:lang='fr' ${streams}>`, head(1) + tlsFeatures]],
      },
      {
        name: "of two versions the lower is spoken, compared as numbers [rfc6120-4.7.5-02] [rfc6120-4.7.5-03] [rfc6120-4.7.5-05] [rfc6120-4.7.5-06]",
        script: [[`<stream:stream to='im.example' version='01.13' ${streams}>`, head(1) + tlsFeatures]],
      },
      {
        name: "a peer without version gets neither version nor features [rfc6120-4.7.5-08]",
        setting: { host: { acceptsLegacyPeers: true } },
        script: [[`<stream:stream to='im.example' ${streams}>`, head(1).replace(" version='1.0' xml", " xml")]],
        phase: "choosing",
      },
      {
        name: "a peer without version is sent away where nothing could authenticate it",
        script: answered(
          `<stream:stream to='im.example' ${streams}>`,
          "unsupported-version",
          undefined,
          head(1).replace(" version='1.0' xml", " xml"),
        ),
      },
      {
        name: "a version that is none is not supported",
        script: answered(`<stream:stream to='im.example' version='one' ${streams}>`, "unsupported-version"),
      },
      {
        name: "an unknown host is told so inside a stream [rfc6120-4.9.1.2-01] [rfc6120-4.9.1.3-01]",
        script: answered(`<stream:stream to='verona.example' version='1.0' ${streams}>`, "host-unknown"),
        phase: "closing",
      },
      {
        name: "a host that is no longer served is gone",
        script: answered(`<stream:stream to='gone.example' version='1.0' ${streams}>`, "host-gone"),
      },
      {
        name: "a header to nobody is improper",
        script: answered(
          `<stream:stream version='1.0' ${streams}>`,
          "improper-addressing",
          "a stream is opened to a domain",
        ),
      },
      {
        name: "a header to nobody means the default domain where that is configured [rfc6120-4.7.2-06]",
        setting: { server: { acceptsMissingTo: true } },
        script: [[`<stream:stream version='1.0' ${streams}>`, head(1) + tlsFeatures]],
      },
      {
        name: "a header to what is no address is improper",
        script: answered(
          `<stream:stream to='@' version='1.0' ${streams}>`,
          "improper-addressing",
          "a stream is opened to a domain",
        ),
      },
      {
        name: "a header from what is no address is improper",
        script: answered(`<stream:stream from='@' to='im.example' version='1.0' ${streams}>`, "improper-addressing"),
      },
      {
        name: "another content namespace is not for this port [rfc6120-4.8.2-02] [rfc6120-4.8.3-03]",
        script: answered(
          `<stream:stream to='im.example' version='1.0' ${streams.replace("jabber:client", "jabber:server")}>`,
          "invalid-namespace",
          "not the content namespace of this port",
        ),
      },
      {
        name: "another prefix for the stream namespace is refused [rfc6120-4.8.5-01] [rfc6120-4.8.5-02]",
        script: answered(
          `<s:stream to='im.example' version='1.0' ${streams.replace("xmlns:stream", "xmlns:s")}>`,
          "bad-namespace-prefix",
        ),
      },
      {
        name: "a namespace for what is inside of stanzas has no place in the header [rfc6120-4.8.5-07]",
        script: answered(
          `<stream:stream to='im.example' version='1.0' xmlns:x='urn:example' ${streams}>`,
          "invalid-namespace",
          "namespaces of stanzas are declared in stanzas",
        ),
      },
      {
        name: "a header may declare what is spoken outside of stanzas",
        script: [
          [
            `<stream:stream to='im.example' version='1.0' xmlns:db='jabber:server:dialback' xmlns:xml='http://www.w3.org/XML/1998/namespace' xmlns:c='jabber:client' ${streams}>`,
            head(1) + tlsFeatures,
          ],
        ],
      },
      {
        name: "a host that moved tells where, under TLS [rfc6120-4.9.3.19-01] [rfc6120-4.9.3.19-03]",
        setting: { host: { otherHost: "[2001:db8::9]:5222" } },
        script: [
          [
            open,
            `${head(1)}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>[2001:db8::9]:5222</see-other-host></stream:error></stream:stream>`,
          ],
        ],
      },
      {
        name: "a host that moved does not tell it in the clear [rfc6120-4.9.3.19-06]",
        setting: { channel: undefined, host: { otherHost: "other.example", startTls: "required" } },
        script: [[open, head(1) + starttlsOnly]],
      },
    ],
    serve,
  );

  test("a stream in another namespace is refused inside a stream of ours [rfc6120-4.8.1-02] [rfc6120-4.9-01]", () => {
    for (const header of [
      "<stream:stream to='im.example' version='1.0' xmlns='jabber:client' xmlns:stream='urn:wrong'>",
      "<stream to='im.example' version='1.0' xmlns='urn:wrong'>",
    ]) {
      const wire = serve();
      wire.write(header);
      assert.match(wire.take(), /^<\?xml version='1.0'\?><stream:stream [^>]+><stream:error><invalid-namespace/);
    }
  });

  test("what cannot be read before the header is refused inside a stream of ours [rfc6120-4.9.1.2-01] [rfc6120-4.9.1.3-01]", () => {
    const wire = serve();
    wire.input({ type: "fault", fault: { condition: "restricted-xml", text: "a DTD" } });
    assert.equal(wire.take(), head(1) + error("restricted-xml", "a DTD"));
    assert.equal(wire.state.phase, "ended");
  });
});
