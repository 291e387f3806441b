import assert from "node:assert/strict";
import { test } from "node:test";
import { equalElements } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { forwarded, forwardedStanza } from "./elements.ts";

const message = parseElement(
  "<message to='romeo@montague.example' type='chat'><body>Yet I should kill thee</body></message>",
  NS_CLIENT,
);

test("a stanza comes out of its envelope as it went in, with the time when it passed [xep0297-3.2-01] [xep0297-3.2-03] [xep0297-3.2-04] [xep0297-3.2-05]", () => {
  const envelope = forwarded(message, Date.UTC(2010, 6, 10, 23, 8, 25));
  const read = parseElement(serialize(envelope));
  assert.equal(read.child("urn:xmpp:delay", "delay")?.attr("stamp"), "2010-07-10T23:08:25Z");
  const inside = forwardedStanza(read);
  assert.ok(inside !== undefined && equalElements(inside, message));
});

for (const [text, what] of [
  ["<forwarded xmlns='urn:xmpp:forward:0'/>", "nothing"],
  [
    "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/></forwarded>",
    "a stamp alone",
  ],
  ["<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='urn:example:other'/></forwarded>", "a stranger's message"],
  ["<forwarded xmlns='urn:example:other'><message xmlns='jabber:client'/></forwarded>", "no envelope"],
] as const)
  test(`${what} is no forwarded stanza`, () => {
    assert.equal(forwardedStanza(parseElement(text)), undefined);
  });
