import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withAttributes } from "#protocol/xml/element.ts";
import { recordedStream } from "#protocol/xml/recorded-stream.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { header, keyVerified, serve } from "./testing/script.ts";

const stream = (ns: string): string => `<stream:stream xmlns='${ns}' xmlns:stream='http://etherx.jabber.org/streams'>`;
const addresses = "from='romeo@capulet.example' to='juliet@montague.example'";
const forwarded =
  "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>a</body></message></forwarded>";

/** What comes in on a stream of one kind, and goes out on another, or the same: nothing is said of either. */
const passed = [
  ["a body", `<message ${addresses}><body>Wherefore art thou?</body></message>`],
  ["a payload", `<iq id='1' type='get' ${addresses}><ping xmlns='urn:xmpp:ping'/></iq>`],
  ["a stanza in a stanza", `<message ${addresses}>${forwarded}</message>`],
  ["an error", `<iq id='1' type='error' ${addresses}><error type='cancel'/></iq>`],
] as const;

const rewritten = [
  ["a stanza that says jabber:server", `<message xmlns='jabber:server' ${addresses}><body>a</body></message>`],
  ["a child that says jabber:server", `<message ${addresses}><body xmlns='jabber:server'>a</body></message>`],
  ["a child that says jabber:client", `<message ${addresses}><body xmlns='jabber:client'>a</body></message>`],
] as const;

describe("stanzas between streams of clients and of servers", () => {
  for (const [what, text] of passed)
    for (const [from, contentNamespace] of [
      ["a client", "jabber:client"],
      ["a server", "jabber:server"],
    ] as const)
      test(`${what} from ${from} passes with its payload as it came [rfc6120-4.8.3-07]`, () => {
        const { elements, reader } = recordedStream({ contentNamespace });
        reader.write(stream(contentNamespace) + text);
        const [element] = elements;
        assert.ok(element?.canonical, "nothing has to be written anew");
        assert.equal(serializeBytes(element), text);
        const stamped = serializeBytes(withAttributes(element, { from: "romeo@capulet.example/orchard" }));
        assert.equal(stamped.slice(stamped.indexOf(">")), text.slice(text.indexOf(">")));
      });
  for (const [what, text] of rewritten)
    test(`${what} from a server loses what the stream says [rfc6120-4.8.3-07]`, () => {
      const { elements, reader } = recordedStream({ contentNamespace: "jabber:server" });
      reader.write(stream("jabber:server") + text);
      assert.deepEqual(
        elements.map((element) => serializeBytes(element)),
        [`<message ${addresses}><body>a</body></message>`],
      );
    });
});

describe("the prefix of dialback", () => {
  const pair = "from='capulet.example' to='montague.example'";
  for (const [what, declared, key] of [
    ["another that the header declares", "x", `<x:result ${pair}>k</x:result>`],
    ["none", "db", `<result xmlns='jabber:server:dialback' ${pair}>k</result>`],
    ["one that the element declares", "db", `<y:result xmlns:y='jabber:server:dialback' ${pair}>k</y:result>`],
  ] as const)
    test(`may be ${what}; ours is db [rfc3920-11.2.3-04]`, () => {
      const wire = serve();
      wire.write(header(`${pair} version='1.0'`).replace("xmlns:db", `xmlns:${declared}`));
      wire.take();
      wire.write(key);
      assert.equal(wire.all("verifyKey")[0]?.key, "k");
      wire.input(keyVerified({ type: "valid" }));
      assert.match(wire.take(), /^<db:result /);
    });
});
