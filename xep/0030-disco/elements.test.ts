import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { form } from "../0004-data-forms/form.ts";
import { textSingle } from "../0004-data-forms/form-fields.ts";
import { describe, Info, Items } from "./elements.ts";
import infoExamples from "./vectors/info-examples.json" with { type: "json" };
import itemsExamples from "./vectors/items-examples.json" with { type: "json" };

suite("disco#info of the specifications", () => {
  for (const { source, xml } of infoExamples) test(source, () => void assertRoundTrip(Info, xml));
});

suite("disco#items of the specifications", () => {
  for (const { source, xml } of itemsExamples) test(source, () => void assertRoundTrip(Items, xml));
});

test("the node that was asked for comes back", () => {
  assert.equal(describe({ identities: [], features: [] }, "books").node, "books");
});

test("forms of two features about one thing become one form, for two would be ill-formed", () => {
  const one = form("urn:example:about", { os: textSingle("os"), shared: textSingle("shared") });
  const other = form("urn:example:about", { software: textSingle("software"), shared: textSingle("shared") });
  const forms = [one.result({ os: "Mac", shared: "first" }), other.result({ software: "Psi", shared: "second" })];
  const [merged, ...more] = describe({ identities: [], features: [], forms }).forms;
  assert.deepEqual(more, []);
  assert.deepEqual(
    merged?.fields.map((field) => [field.var, ...field.values]),
    [
      ["FORM_TYPE", "urn:example:about"],
      ["os", "Mac"],
      ["shared", "first"],
      ["software", "Psi"],
    ],
  );
});

test("a form that does not say what it means is left out", () => {
  const nameless = parseElement(
    "<x xmlns='jabber:x:data' type='result'><field var='os'><value>Mac</value></field></x>",
  );
  assert.deepEqual(describe({ identities: [], features: [], forms: [nameless] }).forms, []);
});

test("the language of an identity is its own", () => {
  const { identities } = Info.parse(
    xml(
      "http://jabber.org/protocol/disco#info",
      "query",
      {},
      xml("http://jabber.org/protocol/disco#info", "identity", {
        category: "client",
        type: "pc",
        "xml:lang": "el",
        name: "Ψ 0.11",
      }),
    ),
  );
  assert.deepEqual(identities, [{ category: "client", type: "pc", lang: "el", name: "Ψ 0.11" }]);
});
