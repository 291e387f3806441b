import assert from "node:assert/strict";
import { describe, test } from "node:test";
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
        name: "a second resource is refused",
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
        name: "an unknown element ends the stream [rfc6120-4.8.4-03]",
        script: [["<x xmlns='y'/>", error("unsupported-stanza-type")]],
      },
      { name: "an unknown content element ends the stream", script: [["<pubsub/>", error("unsupported-stanza-type")]] },
      {
        name: "stanzas of another content namespace end the stream [rfc6120-4.8.3-04]",
        script: [["<message xmlns='jabber:server'/>", error("invalid-namespace")]],
      },
      {
        name: "STARTTLS comes too late",
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

  test("an element that the host knows is passed up", () => {
    const wire = bindStream();
    wire.write("<active xmlns='urn:xmpp:csi:0'/>");
    assert.equal(wire.find("nonza")?.element.name, "active");
  });

  test("a stanza that was not taken past the machine is passed up", () => {
    const wire = bindStream();
    wire.write("<message/>");
    assert.equal(wire.find("stanza")?.element.name, "message");
  });

  test("the language of the header is what stanzas are written in [rfc6120-4.7.4-07]", () => {
    const wire = serve();
    wire.write(open + plain + open.replace("to=", "xml:lang='fr' to=") + bind());
    assert.equal(wire.find("established")?.language, "fr");
  });
});
