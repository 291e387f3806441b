import assert from "node:assert/strict";
import { integer } from "#protocol/xml/codec.ts";
import { type XmlElement, equalElements } from "#protocol/xml/element.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { DataForm, NS_DATA_FORMS, formTypeOf } from "#xep/0004-data-forms/elements.ts";
import { form } from "#xep/0004-data-forms/form.ts";
import {
  fixed,
  hidden,
  jidMulti,
  jidSingle,
  listMulti,
  listSingle,
  textMulti,
  textPrivate,
  textSingle,
  typedText,
  yesNo,
} from "#xep/0004-data-forms/form-fields.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { xmlWords } from "../xml-inputs.ts";

/** A field of every kind. */
const Everything = form("urn:fuzz", {
  line: textSingle("line", { required: true, lengthMax: 20 }),
  secret: textPrivate("secret"),
  token: hidden("token"),
  count: typedText("count", integer({ min: 0, max: 99 })),
  lines: textMulti("lines", { lengthMax: 40 }),
  yes: yesNo("yes"),
  owner: jidSingle("owner"),
  members: jidMulti("members", { valuesMax: 4 }),
  one: listSingle("one", { a: "A", b: "B" }),
  some: listMulti("some", { a: "A", b: "B", c: "C" }),
  head: fixed("Head"),
});

const field = (name: string, ...values: readonly string[]): string =>
  `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join("")}</field>`;
const x = (type: string, inside: string): string => `<x xmlns='${NS_DATA_FORMS}' type='${type}'>${inside}</x>`;
const filled = [
  field("FORM_TYPE", "urn:fuzz"),
  field("line", "x"),
  field("secret", "y"),
  field("token", "z"),
  field("count", "7"),
  field("lines", "a", "b"),
  field("yes", "1"),
  field("owner", "a@b"),
  field("members", "a@b", "c@d/e"),
  field("one", "a"),
  field("some", "a", "c"),
];

export const target = fuzzTarget({
  summary: "a data form is read or refused with ShapeError, and what was read is written and read again as the same",
  bytesMax: 4_096,
  roundExecutions: 700_000,
  words: [
    ...xmlWords.filter((word) => !word.startsWith("<")),
    ...filled,
    "<value>",
    "</value>",
    "<required/>",
    "<option label='a'><value>b</value></option>",
    "<title>t</title>",
    "<instructions>i</instructions>",
    "<desc>d</desc>",
    " type='submit'",
    " type='cancel'",
    " type='list-multi'",
    " var='line'",
    "<reported>",
    "<item>",
    "true",
    "false",
    "0",
  ],
  seeds: [
    x("submit", filled.join("")),
    x("cancel", ""),
    x("submit", field("line", "x")),
    x(
      "form",
      `<title>t</title><instructions>i</instructions>${field("line")}<field type='fixed'><value>f</value></field><field var='one' type='list-single' label='l'><desc>d</desc><required/><option label='A'><value>a</value></option></field>`,
    ),
    x(
      "result",
      `<reported>${field("line")}</reported><item>${field("line", "x")}</item><item>${field("line", "y")}</item>`,
    ),
  ],
  mutations: xmlMutations,
  run: (input) => {
    const element = elementOf(input);
    if (element === undefined) return;
    const parsed = orRefused(() => DataForm.parse(element));
    if (parsed !== undefined) {
      formTypeOf(parsed);
      const built = DataForm.build(parsed);
      assert.deepEqual(DataForm.parse(built), parsed);
      const again = parseElement(serialize(built));
      assert.ok(equalElements(again, built), "written and read again it is another form");
    }
    const values = orRefused(() => Everything.read(element));
    if (values === undefined) return;
    assert.deepEqual(
      Everything.read(Everything.submit(values)),
      Everything.read(parseElement(serialize(Everything.submit(values)))),
    );
    assert.deepEqual(Everything.read(Everything.submit(values)), values);
    for (const shown of [Everything.ask(values), Everything.result(values), Everything.table([values, values])])
      assert.deepEqual(DataForm.parse(parseElement(serialize(shown))), DataForm.parse(shown));
  },
});

function elementOf(input: string): XmlElement | undefined {
  try {
    return parseElement(input, "jabber:client", { decodeUtf8 });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

/** What is read, `undefined` where it is refused as it may be. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}
