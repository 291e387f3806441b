import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { DataForm, Field, formTypeOf } from "./elements.ts";
import examples from "./vectors/examples.json" with { type: "json" };

describe("forms of the specifications are read and written without loss", () => {
  for (const { source, xml } of examples) test(source, () => void assertRoundTrip(DataForm, xml));
});

test("a type of field that nobody knows is a line of text", () => {
  const field = Field.parse(parseElement("<field xmlns='jabber:x:data' type='colour' var='hat'/>"));
  assert.equal(field.type, "text-single");
});

test("a field without a type has none: what it is follows from the form it belongs to", () => {
  assert.equal(Field.parse(parseElement("<field xmlns='jabber:x:data' var='hat'/>")).type, undefined);
});

test("rows are found although they stand before the head of their table", () => {
  const form = DataForm.parse(
    parseElement(
      "<x xmlns='jabber:x:data' type='result'><item><field var='name'><value>Verona</value></field></item>" +
        "<reported><field var='name'/></reported></x>",
    ),
  );
  assert.equal(form.reported?.fields.length, 1);
  assert.equal(form.items.length, 1);
});

test("what a form means is said by its FORM_TYPE", () => {
  const form = DataForm.parse(
    parseElement("<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>jabber:bot</value></field></x>"),
  );
  assert.equal(formTypeOf(form), "jabber:bot");
});

describe("refused", () => {
  const broken = {
    "a form of an unknown type": "<x xmlns='jabber:x:data' type='wish'/>",
    "a form without a type": "<x xmlns='jabber:x:data'/>",
    "an option without a value":
      "<x xmlns='jabber:x:data' type='form'><field var='a' type='list-single'><option label='x'/></field></x>",
  };
  for (const [name, xml] of Object.entries(broken))
    test(name, () => {
      assert.throws(() => DataForm.parse(parseElement(xml)), ShapeError);
    });
});
