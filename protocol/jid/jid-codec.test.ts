import { equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { element } from "#protocol/xml/element-schema.ts";
import { xml } from "#protocol/xml/element.ts";
import { attr } from "#protocol/xml/schema-fields.ts";
import { bareJidCodec, domainJidCodec, fullJidCodec, jidCodec } from "./jid-codec.ts";

const codecs = { jidCodec, bareJidCodec, fullJidCodec, domainJidCodec } as const;
const accepted: readonly (readonly [text: string, by: readonly string[]])[] = [
  ["Example.com", ["jidCodec", "bareJidCodec", "domainJidCodec"]],
  ["Juliet@example.com", ["jidCodec", "bareJidCodec"]],
  ["juliet@example.com/balcony", ["jidCodec", "fullJidCodec"]],
  ["example.com/balcony", ["jidCodec", "fullJidCodec"]],
  ["juliet@", []],
];
for (const [text, by] of accepted) {
  for (const [name, codec] of Object.entries(codecs)) {
    test(`${name} ${by.includes(name) ? "reads" : "refuses"} ${text}`, () => {
      const jid = codec.decode(text);
      equal(jid, by.includes(name) ? text.toLowerCase() : undefined);
      equal(codec.refusal, "jid-malformed");
    });
  }
}

test("an element with an address of the wrong kind says jid-malformed [rfc7622-4-02]", () => {
  const item = element("jabber:iq:roster", "item", { jid: attr("jid", bareJidCodec) });
  const read = (jid: string): string => item.parse(xml("jabber:iq:roster", "item", { jid })).jid;
  equal(read("Juliet@Example.com"), "juliet@example.com");
  throws(() => read("juliet@example.com/balcony"), { condition: "jid-malformed" });
});
