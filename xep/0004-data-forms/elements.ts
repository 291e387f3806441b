import { oneOf, text, type Codec } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { attr, child, children, childText, flag, optional, texts } from "#protocol/xml/schema-fields.ts";

export const NS_DATA_FORMS = "jabber:x:data";

const fieldTypes = [
  "boolean",
  "fixed",
  "hidden",
  "jid-multi",
  "jid-single",
  "list-multi",
  "list-single",
  "text-multi",
  "text-private",
  "text-single",
] as const;

export type FieldType = (typeof fieldTypes)[number];

/** A type that nobody knows is text of one line. [xep0004-3.3-07] */
const fieldType: Codec<FieldType> = {
  decode: (word) => fieldTypes.find((type) => type === word) ?? "text-single",
  encode: (type) => type,
};

/** One choice of a list. */
export const Option = element(NS_DATA_FORMS, "option", {
  label: optional(attr("label", text)),
  value: childText(NS_DATA_FORMS, "value", text),
});

/** A field as it travels: a question, an answer, a column or a cell (XEP-0004 §3.2). */
export const Field = element(NS_DATA_FORMS, "field", {
  var: optional(attr("var", text)),
  type: optional(attr("type", fieldType)),
  label: optional(attr("label", text)),
  desc: optional(childText(NS_DATA_FORMS, "desc", text)),
  required: flag(NS_DATA_FORMS, "required"),
  values: texts(NS_DATA_FORMS, "value"),
  options: children(Option),
});

/** The head of a table of results. */
export const Reported = element(NS_DATA_FORMS, "reported", { fields: children(Field) });

/** A row of a table of results. */
export const Row = element(NS_DATA_FORMS, "item", { fields: children(Field) });

/** A form of any kind, as it travels. `form` of form.ts gives its fields names and types. */
export const DataForm = element(NS_DATA_FORMS, "x", {
  type: attr("type", oneOf("form", "submit", "cancel", "result")),
  title: optional(childText(NS_DATA_FORMS, "title", text)),
  instructions: texts(NS_DATA_FORMS, "instructions"),
  fields: children(Field),
  reported: optional(child(Reported)),
  items: children(Row),
});

export type DataForm = Infer<typeof DataForm>;
export type Field = Infer<typeof Field>;

const formTypeVar = "FORM_TYPE";

/** What the fields of a form mean: the value of its hidden FORM_TYPE (XEP-0068 §3.1). */
export function formTypeOf(form: Pick<DataForm, "fields">): string | undefined {
  return form.fields.find((field) => field.var === formTypeVar)?.values[0];
}

/** The hidden field that says what the others mean. */
export function formTypeField(formType: string): Field {
  return { var: formTypeVar, type: "hidden", values: [formType], required: false, options: [] };
}

/** A field that carries an answer and nothing else. */
export function valueField(name: string, values: readonly string[]): Field {
  return { var: name, values, required: false, options: [] };
}
