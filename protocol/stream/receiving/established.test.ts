import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import {
  open,
  tlsNs,
  bindNs,
  stanzasNs,
  plain,
  bind,
  error,
  serve,
  bindStream,
  runTable,
} from "../testing/transcript.ts";

describe("an established stream", () => {
  runTable(
    [
      {
        name: "a second resource is refused [rfc6120-7.6.2.2-01]",
        script: [
          [
            bind("window"),
            `<iq type='error' id='b'><bind ${bindNs}><resource>window</resource></bind><error type='cancel'><not-allowed ${stanzasNs}/><text ${stanzasNs} xml:lang='en'>the stream has a resource</text></error></iq>`,
          ],
        ],
        phase: "bound",
      },
      {
        name: "a legacy session is granted",
        script: [
          [
            "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
            "<iq type='result' id='s'/>",
          ],
        ],
      },
      {
        name: "an unknown element ends the stream: error, closing tag, no more [rfc6120-4.8.4-03] [rfc6120-4.9-02] [rfc6120-4.9.1.1-01]",
        script: [["<x xmlns='y'/><message/>", error("unsupported-stanza-type")]],
        phase: "closing",
      },
      { name: "an unknown content element ends the stream", script: [["<pubsub/>", error("unsupported-stanza-type")]] },
      {
        name: "stanzas of another content namespace end the stream [rfc6120-4.8.3-04] [rfc6120-4.8.3-08]",
        script: [["<message xmlns='jabber:server'/>", error("invalid-namespace")]],
      },
      {
        name: "STARTTLS comes too late [rfc6120-4.9.3.12-01]",
        script: [[`<starttls ${tlsNs}/>`, error("not-authorized", "starttls is not possible now")]],
      },
      {
        name: "features are not for clients",
        script: [["<stream:features/>", error("bad-format", "features is not for you to send")]],
      },
      { name: "the close is left to the session", script: [["</stream:stream>", ""]], phase: "finishing" },
    ],
    bindStream,
  );

  test("an element that the host knows is passed up [rfc6120-4.8.4-01]", () => {
    const wire = bindStream();
    wire.write("<active xmlns='urn:xmpp:csi:0'/>");
    assert.equal(wire.find("nonza")?.element.name, "active");
  });

  test("what is no stanza is never taken for one, whatever address it has [rfc6120-4.8.4-02]", () => {
    for (const [element, known] of [
      ["<x xmlns='y' to='romeo@im.example'/>", undefined],
      ["<active xmlns='urn:xmpp:csi:0' to='a@b'/>", "active"],
    ] as const) {
      const wire = bindStream();
      wire.write(element);
      assert.equal(wire.find("stanza"), undefined);
      assert.equal(wire.find("nonza")?.element.name, known);
    }
  });

  test("it is not restarted, so no more features are announced [rfc6120-4.3.5-01] [rfc6120-7.3.2-01]", () => {
    const wire = bindStream();
    wire.input({ type: "opened", header: parseElement(`${open}</stream:stream>`) });
    assert.equal(wire.take(), error("bad-format", "the stream is open"));
  });

  for (const [name, header, language] of [
    ["a language tag", "xml:lang='de-CH'", "de-CH"],
    ["none", "", undefined],
    ["no language tag", "xml:lang='not a tag'", undefined],
    ["a tag of other characters", "xml:lang='de_CH'", undefined],
  ] as const)
    test(`a header with ${name} is for stanzas in ${language} [rfc6120-4.7.4-01]`, () => {
      const wire = serve();
      wire.write(open + plain + open.replace("to=", `${header} to=`) + bind());
      assert.equal(wire.find("established")?.language, language);
    });

  test("a stanza that was not taken past the machine is passed up", () => {
    const wire = bindStream();
    wire.write("<message/>");
    assert.equal(wire.find("stanza")?.element.name, "message");
  });

  test("the language of the header is what stanzas are written in [rfc6120-4.7.4-07] [rfc3920-4.4-10]", () => {
    const wire = serve();
    wire.write(open + plain + open.replace("to=", "xml:lang='fr' to=") + bind());
    assert.equal(wire.find("established")?.language, "fr");
  });
});
